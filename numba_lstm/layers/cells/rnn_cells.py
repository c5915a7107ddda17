"""GRUCell and SimpleRNNCell: called step by step, or by :class:`~numba_lstm.layers.RNN` over time."""

from __future__ import annotations

from typing import Any

from .cell import StepCell
from .rnn_core import RNNCore


class GRUCell(StepCell, RNNCore):
    """One step of a :class:`~numba_lstm.layers.GRU`, as ``keras.layers.GRUCell``.

    Its arguments are those of ``GRU``, in Keras's order, without the ones of a sequence. In training each call draws masks of
    its own.
    """

    kind, gated = "GRU", True

    def __init__(
        self,
        units: int,
        activation: Any = "tanh",
        recurrent_activation: Any = "sigmoid",
        use_bias: bool = True,
        kernel_initializer: Any = "glorot_uniform",
        recurrent_initializer: Any = "orthogonal",
        bias_initializer: Any = "zeros",
        kernel_regularizer: Any = None,
        recurrent_regularizer: Any = None,
        bias_regularizer: Any = None,
        kernel_constraint: Any = None,
        recurrent_constraint: Any = None,
        bias_constraint: Any = None,
        dropout: float = 0.0,
        recurrent_dropout: float = 0.0,
        reset_after: bool = True,
        seed: int | None = None,
        **kwargs: Any,
    ) -> None:
        arguments = locals()
        for name in ("self", "kwargs", "__class__"):
            del arguments[name]
        super().__init__(**arguments, **kwargs)


class SimpleRNNCell(StepCell, RNNCore):
    """One step of a :class:`~numba_lstm.layers.SimpleRNN`, as ``keras.layers.SimpleRNNCell``.

    Its arguments are those of ``SimpleRNN``, in Keras's order, without the ones of a sequence. In training each call draws
    masks of its own.
    """

    kind, gated = "SimpleRNN", False

    def __init__(
        self,
        units: int,
        activation: Any = "tanh",
        use_bias: bool = True,
        kernel_initializer: Any = "glorot_uniform",
        recurrent_initializer: Any = "orthogonal",
        bias_initializer: Any = "zeros",
        kernel_regularizer: Any = None,
        recurrent_regularizer: Any = None,
        bias_regularizer: Any = None,
        kernel_constraint: Any = None,
        recurrent_constraint: Any = None,
        bias_constraint: Any = None,
        dropout: float = 0.0,
        recurrent_dropout: float = 0.0,
        seed: int | None = None,
        **kwargs: Any,
    ) -> None:
        arguments = locals()
        for name in ("self", "kwargs", "__class__"):
            del arguments[name]
        super().__init__(**arguments, **kwargs)
