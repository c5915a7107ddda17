"""The LSTM cell: its weights, and its forward and backward pass over a sequence."""

from __future__ import annotations

from functools import cached_property
from typing import ClassVar, NamedTuple

import numpy as np

from ... import gates
from ...kernels.contract import Array, LSTMWeights, Ops, Tape
from ...kernels.specs import Key
from ...variables import Variable
from ..base import Backward
from ..base.arguments import Shape
from .cell import Cell, SequenceResult
from .lstm_arguments import LSTMArguments


class LSTMTape(NamedTuple):
    """Tape of :meth:`LSTMCore.forward_sequence` in training."""

    lstm: Tape
    dropout: Tape | None


class LSTMCore(LSTMArguments, Cell):
    """Base class of LSTM and LSTMCell; its arguments are described at :class:`~numba_lstm.layers.LSTM`."""

    state_names: ClassVar[tuple[str, ...]] = ("h", "c")

    # -- weights ------------------------------------------------------------------------------------------------------

    def build(self, input_shape: Shape) -> None:
        D, H, P, dtype = input_shape[-1], self.units, self.output_size, self.dtype
        assert D is not None
        columns = gates.COUNT * H
        self.kernel = self.add_weight(
            "kernel",
            self.kernel_initializer((D, columns), dtype),
            regularizer=self.kernel_regularizer,
            constraint=self.kernel_constraint,
        )
        self.recurrent_kernel = self.add_weight(
            "recurrent_kernel",
            self.recurrent_initializer((P, columns), dtype),
            regularizer=self.recurrent_regularizer,
            constraint=self.recurrent_constraint,
        )
        self.bias: Variable | None = None
        if self.use_bias:
            bias = self.bias_initializer((columns,), dtype)
            if self.unit_forget_bias:
                bias.reshape(gates.COUNT, H)[gates.F] = 1.0
            self.bias = self.add_weight("bias", bias, regularizer=self.bias_regularizer, constraint=self.bias_constraint)
        self._extra: dict[str, Variable] = {}
        if self.peephole:
            self._extra["peephole"] = self.add_weight("peephole", self.peephole_initializer((3, H), dtype))
        if self.projection is not None:
            self._extra["projection"] = self.add_weight("projection", self.projection_initializer((H, P), dtype))
        if self.layer_norm:
            gamma, beta = self.gamma_initializer, self.beta_initializer
            self._extra["kernel_norm"] = self.add_weight("kernel_norm", gamma((columns,), dtype))
            self._extra["recurrent_norm"] = self.add_weight("recurrent_norm", gamma((columns,), dtype))
            cell = np.stack([gamma((H,), dtype), beta((H,), dtype)])
            self._extra["cell_norm"] = self.add_weight("cell_norm", cell)
        if self.quantization is not None:
            self._check_float32_alone()
            self._keep_on_grid()

    @cached_property
    def cell_weights(self) -> LSTMWeights:
        """The weights as ops see them; the layer is built."""
        extra = self._extra
        plain = self.kernel, self.recurrent_kernel, self.bias
        return LSTMWeights(*plain, **extra) if extra else LSTMWeights(*plain)

    # -- over time ----------------------------------------------------------------------------------------------------

    def forward_sequence(
        self,
        ops: Ops,
        x: Array,
        states: tuple[Array | None, ...],
        mask: Array | None,
        training: bool,
        rng: Key | None,
        *,
        sequences: bool,
    ) -> SequenceResult:
        """Compute all steps of x (T, N, D) from the states (h, c); in training the tape is an :class:`LSTMTape`."""
        h0, c0 = states
        if not training:
            y, h, c, _ = ops.lstm_forward(x, self.cell_weights, h0, c0, self.spec, mask=mask, sequences=sequences)
            return SequenceResult(y, (h, c), None)
        self._check_trainable()
        noise = dropped = None
        if self.rates.any():
            key = self.key(rng)
            T, N, D = x.shape
            noise = self.rates.draw(ops, (T, N, D), *self.state_size, self.dtype, key)
            if self.rates.plain:
                x, dropped = ops.dropout_forward(x, self.rates.plain, key, (1, N, D))
        weights = self.cell_weights
        out = ops.lstm_forward(x, weights, h0, c0, self.spec, mask=mask, noise=noise, sequences=sequences, training=True)
        return SequenceResult(out.y, (out.h, out.c), LSTMTape(out.tape, dropped))

    def backward_sequence(
        self, ops: Ops, tape: LSTMTape, dy: Array | None, dstates: tuple[Array | None, ...], *, need_dx: bool
    ) -> Backward:
        """Compute the gradients of :meth:`forward_sequence`, from those of its sequence and of its last states."""
        dx, dh0, dc0, weights = ops.lstm_backward(tape.lstm, dy, *dstates, need_dx=need_dx)
        if dx is not None and tape.dropout is not None:
            dx = ops.dropout_backward(tape.dropout, dx)
        return Backward(dx, (dh0, dc0), tuple(gradient for gradient in weights if gradient is not None))
