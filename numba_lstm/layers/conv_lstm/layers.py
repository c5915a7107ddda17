"""ConvLSTM1D and ConvLSTM2D: LSTMs whose steps are sequences or images."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from ..base.arguments import Shape
from ..recurrent.recurrent import Recurrent
from .core import ConvLSTMCore


class ConvLSTM(Recurrent, ConvLSTMCore):
    """Base class of convolutional LSTM layers."""

    def __init__(
        self,
        filters: int,
        kernel_size: Any,
        strides: Any = 1,
        padding: str = "valid",
        data_format: str | None = None,
        dilation_rate: Any = 1,
        activation: Any = "tanh",
        recurrent_activation: Any = "sigmoid",
        use_bias: bool = True,
        kernel_initializer: Any = "glorot_uniform",
        recurrent_initializer: Any = "orthogonal",
        bias_initializer: Any = "zeros",
        unit_forget_bias: bool = True,
        kernel_regularizer: Any = None,
        recurrent_regularizer: Any = None,
        bias_regularizer: Any = None,
        activity_regularizer: Any = None,
        kernel_constraint: Any = None,
        recurrent_constraint: Any = None,
        bias_constraint: Any = None,
        dropout: float = 0.0,
        recurrent_dropout: float = 0.0,
        seed: int | None = None,
        return_sequences: bool = False,
        return_state: bool = False,
        go_backwards: bool = False,
        stateful: bool = False,
        **kwargs: Any,
    ) -> None:
        arguments = locals()
        for name in ("self", "kwargs", "__class__"):
            del arguments[name]
        super().__init__(**arguments, **kwargs)  # all of them go on by their names

    @property
    def cells(self) -> Sequence[ConvLSTMCore]:
        return (self,)

    def compute_output_shape(self, input_shape: Shape) -> Shape:
        leading = input_shape[:2] if self.return_sequences else input_shape[:1]
        return (*leading, *self.step_shape(input_shape))

    def state_shapes(self, input_shape: Shape) -> list[Shape]:
        return [(input_shape[0], *self.step_shape(input_shape))] * len(self.state_names)

    def check_causal(self) -> None:
        raise NotImplementedError(f"{self.name} cannot be streamed: its steps are no rows. Call predict on sequences.")

    def check_windows(self) -> None:
        """Do nothing: the states go on from window to window."""


class ConvLSTM2D(ConvLSTM):
    """An LSTM of images (N, T, H, W, C) with convolutions in place of products, as ``keras.layers.ConvLSTM2D``.

    For each step, with * a convolution (Shi et al. 2015, without peepholes)::

        z = b + x * W + h * U                           (i, f, g, o) = split(z)
        c = s(f) c + s(i) a(g)
        h = s(o) a(c)

    The convolution of x has the arguments of :class:`Conv2D`. That of h keeps its size. Outputs are (N, H', W', F), or
    (N, T, H', W', F) with ``return_sequences``, and so are h and c.

    Parameters
    ----------
    filters : int
        F, the features of h and c.
    kernel_size, strides, padding, data_format, dilation_rate
        Those of :class:`Conv2D`, for the convolution of x. The convolution of h has the same ``kernel_size``.
    activation : str, function or None
        a, on the candidate g and on c; None is linear.
    recurrent_activation : str, function or None
        s, on the gates i, f and o.
    use_bias : bool
        Whether there is a bias.
    kernel_initializer, recurrent_initializer, bias_initializer : str, dict or Initializer
        Initial weights of shapes (height, width, C, 4F), (height, width, F, 4F) and (4F,).
    unit_forget_bias : bool
        Start the forget gate's bias at 1.
    kernel_regularizer, recurrent_regularizer, bias_regularizer : str, dict or Regularizer, optional
        Penalties that join the loss.
    activity_regularizer : str, dict or Regularizer, optional
        Of the output, divided by the batch size.
    kernel_constraint, recurrent_constraint, bias_constraint : str, dict or Constraint, optional
        What is done to a weight after each update.
    dropout, recurrent_dropout : float
        The share of x, and of h, that is dropped in training, by four masks, one a gate, for all steps.
    seed : int, optional
        Of what is drawn in training, in place of the model's.
    return_sequences, return_state, go_backwards, stateful : bool
        As :class:`LSTM`'s.
    **kwargs
        ``zero_output_for_mask`` and ``unroll`` of :class:`LSTM`, and those of :class:`~numba_lstm.layers.Layer`.

    Raises
    ------
    ValueError
        For sizes below 1, a rate outside [0, 1), strides with a dilation, and samples that are smaller than a window.
    TypeError
        For sizes that are no whole numbers, and for unknown arguments.
    """

    ranks = mask_ranks = (5,)


class ConvLSTM1D(ConvLSTM):
    """An LSTM of sequences (N, T, L, C) with convolutions along L, as ``keras.layers.ConvLSTM1D``.

    Outputs are (N, L', F), or (N, T, L', F) with ``return_sequences``. Parameters and errors are those of
    :class:`ConvLSTM2D`, with one size in place of two.
    """

    ranks = mask_ranks = (4,)
