"""The cell of a convolutional LSTM: its weights, and its forward and backward pass over a sequence.

x of all steps is convolved as one batch of T * N samples. Then each step convolves h and computes the cell.
"""

from __future__ import annotations

from typing import Any, ClassVar, NamedTuple

import numpy as np
import numpy.typing as npt

from ... import gates
from ...inputs import as_real
from ...kernels.contract import Array, Ops, Tape
from ...kernels.specs import Activation, Key
from ...variables import Variable
from ..base import Backward
from ..base.arguments import Shape
from ..cells.cell import Cell, SequenceResult
from ..cells.initial_states import as_cell_states
from ..windows.window_layer import lengths_of
from .arguments import ConvLSTMArguments, slices_of_step
from .gate_dropout import GateDropout

LINEAR = Activation()


class _StepTape(NamedTuple):
    """What the backward pass needs of a step."""

    cell: Tape
    convolution: Tape | None  #: of h; None where h is zero
    dropped: Tape | None


class _Tape(NamedTuple):
    convolution: Tape  #: of x
    dropped: Tape | None
    steps: list[_StepTape]
    dropout: tuple[GateDropout, GateDropout]  #: of x and of h


class ConvLSTMCore(ConvLSTMArguments, Cell):
    """Base class of convolutional LSTM layers; its arguments are described at :class:`~numba_lstm.layers.ConvLSTM2D`."""

    state_names: ClassVar[tuple[str, ...]] = ("h", "c")

    @property
    def output_size(self) -> int:
        return self.filters

    @property
    def state_size(self) -> tuple[int, int]:
        """The features of h and of c."""
        return self.filters, self.filters

    def build(self, input_shape: Shape) -> None:
        self.step_shape(input_shape)  # for its sentence
        C, F, dtype = input_shape[-1], self.filters, self.dtype
        assert C is not None
        columns = gates.COUNT * F
        self.kernel = self.add_weight(
            "kernel",
            self.kernel_initializer((*self.kernel_size, C, columns), dtype),
            regularizer=self.kernel_regularizer,
            constraint=self.kernel_constraint,
        )
        self.recurrent_kernel = self.add_weight(
            "recurrent_kernel",
            self.recurrent_initializer((*self.kernel_size, F, columns), dtype),
            regularizer=self.recurrent_regularizer,
            constraint=self.recurrent_constraint,
        )
        self.bias: Variable | None = None
        if self.use_bias:
            bias = self.bias_initializer((columns,), dtype)
            if self.unit_forget_bias:
                bias.reshape(gates.COUNT, F)[gates.F] = 1.0
            self.bias = self.add_weight("bias", bias, regularizer=self.bias_regularizer, constraint=self.bias_constraint)

    def check_states(self, states: Any, N: int) -> list[npt.NDArray[Any]]:
        arrays = [
            as_real(state, f"{self.name}'s initial_state") for state in as_cell_states(self.name, self.state_names, states)
        ]
        assert self.built_shape is not None
        expected = (N, *self.step_shape(self.built_shape))
        for array in arrays:
            pairs = zip(array.shape, expected, strict=False)
            if array.ndim != len(expected) or any(size not in (None, given) for given, size in pairs):
                raise ValueError(f"{self.name} expects states of shape {expected}, got {array.shape}.")
        return arrays

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
        """Compute all steps of x (T, N, ..., C) from the states (h, c), which are sequences or images."""
        (T, N), (h, c) = x.shape[:2], states
        inputs, recurrent = self._dropouts(training, rng)
        images, dropped = inputs.forward(ops, x, (1, *x.shape[1:]))
        images = ops.merge_steps(images)
        windows = self.windows(lengths_of(images))
        z, convolution = ops.conv_forward(images, self.kernel, self.bias, LINEAR, windows, training=training)
        rank, state_shape = len(z.shape), (z.shape[0], N, *z.shape[2:-1], self.filters)
        if h is None and T == 1 and training:
            h = ops.asarray(np.zeros(state_shape, self.dtype), self.dtype)  # so that the recurrent kernel has a gradient
        outputs, steps = [], []
        for t in range(T):
            zx = ops.dense(ops.take_slices(z, slices_of_step(t, N, rank)))
            valid = None if mask is None else ops.reshape_elements(ops.take_slices(mask, (slice(t, t + 1), slice(None))), (N,))
            zh = left_out = of_h = None
            if h is not None:
                factored, left_out = recurrent.forward(ops, h, state_shape)
                zh, of_h = ops.conv_forward(
                    factored, self.recurrent_kernel, None, LINEAR, self.recurrent_windows, training=training
                )
            h, c, cell = ops.lstm_pointwise_forward(zx, zh, h, c, self.spec, mask=valid, training=training)
            outputs.append(h)
            steps.append(_StepTape(cell, of_h, left_out))
        y = None
        if sequences:
            places = [slices_of_step(t, N, rank) for t in range(T)]
            y = ops.split_steps(ops.join(outputs, places, (z.shape[0], T * N, *state_shape[2:])), T)
        tape = _Tape(convolution, dropped, steps, (inputs, recurrent)) if training else None
        assert h is not None
        assert c is not None
        return SequenceResult(y, (h, c), tape)

    def backward_sequence(
        self, ops: Ops, tape: _Tape, dy: Array | None, dstates: tuple[Array | None, ...], *, need_dx: bool
    ) -> Backward:
        """Compute the gradients of :meth:`forward_sequence`, from those of its sequence and of its last states."""
        inputs, recurrent = tape.dropout
        (dh, dc), T = dstates, len(tape.steps)
        dys = None if dy is None else ops.merge_steps(dy)
        dzs: list[Array] = []
        dU: Array | None = None
        for t in reversed(range(T)):
            if dys is not None:
                of_step = ops.dense(ops.take_slices(dys, slices_of_step(t, dys.shape[1] // T, len(dys.shape))))
                dh = of_step if dh is None else ops.add(of_step, dh)
            step = tape.steps[t]
            dz, dh, dc = ops.lstm_pointwise_backward(step.cell, dh, dc)
            dzs.insert(0, dz)
            if step.convolution is not None:
                dfactored, dU_step, _ = ops.conv_backward(step.convolution, dz, need_dx=True)
                through = recurrent.backward(ops, step.dropped, dfactored)
                dh = through if dh is None else ops.add(through, dh)
                dU = dU_step if dU is None else ops.add(dU, dU_step)
        N, rank = dzs[0].shape[1], len(dzs[0].shape)
        places = [slices_of_step(t, N, rank) for t in range(T)]
        dz = ops.join(dzs, places, (dzs[0].shape[0], T * N, *dzs[0].shape[2:]))
        dimages, dW, db = ops.conv_backward(tape.convolution, dz, need_dx=need_dx)
        dx = inputs.backward(ops, tape.dropped, ops.split_steps(dimages, T)) if need_dx else None
        assert dU is not None
        return Backward(dx, (dh, dc), (dW, dU, db) if self.use_bias else (dW, dU))

    def _dropouts(self, training: bool, rng: Key | None) -> tuple[GateDropout, GateDropout]:
        """Return the dropout of x and of h."""
        rates = (self.dropout, self.recurrent_dropout) if training else (0.0, 0.0)
        key = self.key(rng) if any(rates) else None
        return GateDropout(rates[0], key, 0), GateDropout(rates[1], key, gates.COUNT)
