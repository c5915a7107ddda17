"""LSTM: the long short-term memory layer, one op forward and one backward."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, ClassVar

import numpy as np
import numpy.typing as npt

from .. import activations, gates, initializers, random
from ..device import get_ops
from ..inputs import as_count, as_real
from ..kernels.contract import Array, DensePart, LSTMPart, LSTMWeights, Ops, Tape
from ..kernels.specs import ROWWISE, Activation, Key, LSTMSpec
from ..variables import Variable
from .arguments import Shape
from .base import Backward, Forward, Layer, to_samples


class LSTM(Layer):
    """Long short-term memory (Hochreiter and Schmidhuber 1997), as ``keras.layers.LSTM``.

    The equations stand in :meth:`numba_lstm.kernels.contract.Ops.lstm_forward`.

    Parameters
    ----------
    units : int
        H, the size of the output and of both states.
    activation : str, function or None
        On the candidate g, and on c before the output gate; None is linear.
    recurrent_activation : str, function or None
        On the gates i, f and o.
    use_bias : bool
        Whether there is a bias.
    kernel_initializer, recurrent_initializer, bias_initializer : str, dict or Initializer
        Initial weights of shapes (D, 4H), (H, 4H) and (4H,), each drawn as one matrix.
    unit_forget_bias : bool
        Start the forget gate's bias at 1 (Jozefowicz et al. 2015).
    return_sequences : bool
        Answer the outputs of all steps, (N, T, H), instead of the last one, (N, H).
    return_state : bool
        Answer ``(y, h, c)`` when called by itself: the output and both last states, (N, H) each.
    seed : int, optional
        Of the layer's dropout masks, as in Keras; initial weights draw from their initializers' seeds.
    **kwargs
        Those of :class:`~numba_lstm.layers.Layer`.

    Raises
    ------
    ValueError
        For units below 1, and for ``softmax``, which needs a whole row where a gate has one number at a time.
    TypeError
        For units that are no whole number, and for arguments that are unknown or not taken yet.
    """

    ranks = (3,)
    later: ClassVar = {
        **dict.fromkeys(("kernel_regularizer", "recurrent_regularizer", "bias_regularizer")),
        **dict.fromkeys(("kernel_constraint", "recurrent_constraint", "bias_constraint")),
        **dict.fromkeys(("dropout", "recurrent_dropout"), 0.0),
        **dict.fromkeys(("go_backwards", "stateful", "unroll", "zero_output_for_mask"), False),
        "use_cudnn": "auto",
    }

    def __init__(
        self,
        units: int,
        activation: Any = "tanh",
        recurrent_activation: Any = "sigmoid",
        use_bias: bool = True,
        kernel_initializer: Any = "glorot_uniform",
        recurrent_initializer: Any = "orthogonal",
        bias_initializer: Any = "zeros",
        unit_forget_bias: bool = True,
        *,
        return_sequences: bool = False,
        return_state: bool = False,
        seed: int | None = None,
        **kwargs: Any,
    ) -> None:
        self.units = as_count(units, f"{type(self).__name__}'s units")
        self.activation = _elementwise("activation", activation)
        self.recurrent_activation = _elementwise("recurrent_activation", recurrent_activation)
        self.use_bias = bool(use_bias)
        self.kernel_initializer = initializers.get(kernel_initializer)
        self.recurrent_initializer = initializers.get(recurrent_initializer)
        self.bias_initializer = initializers.get(bias_initializer)
        self.unit_forget_bias = bool(unit_forget_bias)
        self.return_sequences = bool(return_sequences)
        self.return_state = bool(return_state)
        self.seed = None if seed is None else random.check_seed(seed)
        super().__init__(**kwargs)

    def build(self, input_shape: Shape) -> None:
        D, H = input_shape[-1], self.units
        assert D is not None
        columns = gates.COUNT * H
        self.kernel = self.add_weight("kernel", self.kernel_initializer((D, columns), self.dtype))
        self.recurrent_kernel = self.add_weight("recurrent_kernel", self.recurrent_initializer((H, columns), self.dtype))
        self.bias: Variable | None = None
        if self.use_bias:
            bias = self.bias_initializer((columns,), self.dtype)
            if self.unit_forget_bias:
                bias.reshape(gates.COUNT, H)[gates.F] = 1.0
            self.bias = self.add_weight("bias", bias)

    def compute_output_shape(self, input_shape: Shape) -> Shape:
        N, T, _ = input_shape
        return (N, T, self.units) if self.return_sequences else (N, self.units)

    @property
    def spec(self) -> LSTMSpec:
        """The cell as ops see it."""
        return LSTMSpec(self.activation, self.recurrent_activation, self.activation)

    def forward(
        self,
        ops: Ops,
        x: Array,
        states: tuple[Array, ...] | None = None,
        mask: Array | None = None,
        training: bool = False,
        rng: Key | None = None,
    ) -> Forward:
        """Outputs and last states (h, c) for x (T, N, D), first states (h, c) and a mask (T, N)."""
        weights = LSTMWeights(self.kernel, self.recurrent_kernel, self.bias)
        h0, c0 = states or (None, None)
        y, h, c, tape = ops.lstm_forward(
            x, weights, h0, c0, self.spec, mask=mask, sequences=self.return_sequences, training=training
        )
        if self.return_sequences:
            return Forward(y, (h, c), mask, tape)
        return Forward(h, (h, c), None, tape)

    def backward(
        self, ops: Ops, tape: Tape, dy: Array | None, dstates: tuple[Array, ...] | None = None, *, need_dx: bool = True
    ) -> Backward:
        """Gradients for those of the output, ``dy``, and of the last states, ``dstates``.

        Without ``return_sequences`` the output *is* the last h: give its gradient as one of the two, and None as the other.
        """
        dh, dc = dstates or (None, None)
        if not self.return_sequences:
            if dy is not None and dh is not None:
                raise ValueError(f"{self.name}'s output is its last h: give the sum of their gradients as dy, None for h's.")
            dy, dh = None, dy if dh is None else dh
        dx, dh0, dc0, weights = ops.lstm_backward(tape, dy, dh, dc, need_dx=need_dx)
        return Backward(dx, (dh0, dc0), tuple(weights) if self.use_bias else tuple(weights[:2]))

    def stream_parts(self) -> list[LSTMPart | DensePart]:
        return [LSTMPart(LSTMWeights(self.kernel, self.recurrent_kernel, self.bias), self.spec)]

    def __call__(  # type: ignore[override]  # Keras's order: the states come before the flag
        self,
        x: npt.ArrayLike,
        initial_state: Sequence[npt.ArrayLike] | None = None,
        mask: npt.ArrayLike | None = None,
        training: bool = False,
    ) -> Any:
        """The layer's output for ``x`` (N, T, D) as NumPy arrays, on the default device; builds at the first call.

        Parameters
        ----------
        x : array, (N, T, D)
        initial_state : two arrays, (N, H), optional
            h and c before the first step; default zero.
        mask : array of bool, (N, T), optional
            Where False, a step carries both states and puts out the output before it.
        training : bool

        Returns
        -------
        y, or with ``return_state`` the tuple ``(y, h, c)``
            y (N, T, H) with ``return_sequences``, else (N, H).
        """
        ops, array = self._enter(x)
        T, N, _ = array.shape
        states = None if initial_state is None else tuple(ops.asarray(s, self.dtype) for s in self._states(initial_state, N))
        steps = None if mask is None else ops.asarray(self._mask(mask, N, T), np.bool_)
        result = self.forward(ops, array, states, steps, training, random.next_key() if training else None)
        y = to_samples(ops, result.y)
        return (y, *(to_samples(ops, state) for state in result.states)) if self.return_state else y

    def _states(self, states: Sequence[npt.ArrayLike], N: int) -> list[npt.NDArray[Any]]:
        if len(states) != 2:
            raise ValueError(f"{self.name} expects initial_state to be two arrays, h and c, got {len(states)}.")
        arrays = [as_real(state, f"{self.name}'s initial_state") for state in states]
        for array in arrays:
            if array.shape != (N, self.units):
                raise ValueError(f"{self.name} expects states of shape {(N, self.units)}, got {array.shape}.")
        return arrays

    def _mask(self, mask: npt.ArrayLike, N: int, T: int) -> npt.NDArray[np.bool_]:
        array = as_real(mask, f"{self.name}'s mask")
        if array.shape != (N, T):
            raise ValueError(f"{self.name} expects a mask of shape (batch, time) = {(N, T)}, got {array.shape}.")
        return np.ascontiguousarray(array.T != 0)

    def path(self, N: int, T: int, training: bool = False, device: str | None = None) -> str:
        """The kernels that a call on (N, T, D) takes, ``"cpu:avx2:6x16"``; pure."""
        self._require_built()
        D = self.kernel.shape[0]
        return get_ops(device).lstm_path(N, T, D, self.units, np.dtype(self.dtype), self.spec, training=training)

    def get_config(self) -> dict[str, Any]:
        return {
            **super().get_config(),
            "units": self.units,
            "activation": activations.serialize(self.activation),
            "recurrent_activation": activations.serialize(self.recurrent_activation),
            "use_bias": self.use_bias,
            "kernel_initializer": initializers.serialize(self.kernel_initializer),
            "recurrent_initializer": initializers.serialize(self.recurrent_initializer),
            "bias_initializer": initializers.serialize(self.bias_initializer),
            "unit_forget_bias": self.unit_forget_bias,
            "return_sequences": self.return_sequences,
            "return_state": self.return_state,
            "seed": self.seed,
        }


def _elementwise(argument: str, identifier: Any) -> Activation:
    activation = activations.as_spec(identifier)
    if activation.name in ROWWISE:
        raise ValueError(
            f"LSTM cannot take {activation.name!r} as {argument}: a gate has one number at a time, {activation.name} needs a "
            f"whole row. Take an elementwise one, or add Activation({activation.name!r}) after the layer."
        )
    return activation
