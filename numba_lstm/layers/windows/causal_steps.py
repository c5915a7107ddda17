"""CausalSteps: a convolution step by step, with the steps before as its state."""

from __future__ import annotations

from typing import Any, NamedTuple

from ...kernels.contract import Array, Ops, Tape
from ...kernels.specs import Activation, Key, WindowSpec
from ...variables import Variable
from ..base import Backward, Forward
from ..base.arguments import Shape
from .window_layer import WindowLayer


class _Window(NamedTuple):
    """The tape of a window of truncated backpropagation, whose x has the steps before it."""

    tape: Tape


class CausalSteps(WindowLayer):
    """Base class of convolutions over steps that a stream computes where no window has later steps."""

    kernel: Variable
    bias: Variable | None
    activation: Activation

    @property
    def _reach(self) -> int:
        """The number of steps before a step that its window has."""
        return (self.size[0] - 1) * self.dilation_rate[0]

    @property
    def zeros_before(self) -> int:
        """Minus the steps of zeros that have to come before the first one, where windows are inside of the sequence only."""
        return -self._reach if self.padding == "valid" else 0

    @property
    def streaming_obstacle(self) -> str:  # type: ignore[override]  # of this instance
        strided = f"it has strides of {self.strides[0]}"
        return strided if self.strides[0] > 1 else "padding='same' needs later steps. Give it padding='causal'"

    def check_causal(self) -> None:
        if self.strides[0] > 1 or (self.padding == "same" and self._reach):
            super().check_causal()

    def stream_states(self, N: int) -> list[tuple[Shape, ...]]:
        assert self.built_shape is not None
        return [((self._reach, N, self.built_shape[-1]),)] if self._reach else []

    def window_states(self, N: int) -> tuple[Shape, ...]:
        return next(iter(self.stream_states(N)), ())

    def forward(
        self,
        ops: Ops,
        x: Array,
        states: tuple[Array, ...] | None = None,
        mask: Array | None = None,
        training: bool = False,
        rng: Key | None = None,
    ) -> Forward:
        """Compute the outputs of a sequence, or of a window of one, whose states are the steps before it."""
        if not states:
            return super().forward(ops, x, states, mask, training, rng)
        x = self._after(ops, states, x)
        y, tape = self._inside(ops, x, training)
        rows = [slice(0, size) for size in x.shape[1:]]
        last = ops.take_slices(x, [slice(len(x) - self._reach, len(x)), *rows])
        state = ops.join([last], [[slice(0, self._reach), *rows]], last.shape)  # a copy: nothing else reads the tape's x
        return Forward(y, (state,), tape=_Window(tape))

    def backward(
        self, ops: Ops, tape: Tape, dy: Array, dstates: tuple[Array, ...] | None = None, *, need_dx: bool = True
    ) -> Backward:
        if not isinstance(tape, _Window):
            return super().backward(ops, tape, dy, dstates, need_dx=need_dx)
        back = super().backward(ops, tape.tape, dy, need_dx=need_dx)
        if back.dx is None:
            return back
        T, *sizes = back.dx.shape
        return back._replace(dx=ops.dense(ops.take_slices(back.dx, [slice(self._reach, T), *(slice(0, n) for n in sizes)])))

    def _after(self, ops: Ops, states: tuple[Array, ...], x: Array) -> Array:
        """Return the steps of the state and x, one after the other."""
        (T, N, C), reach = x.shape, self._reach
        places = [[slice(0, reach), slice(0, N), slice(0, C)], [slice(reach, reach + T), slice(0, N), slice(0, C)]]
        return ops.join([*states, x], places, (reach + T, N, C))

    def _inside(self, ops: Ops, x: Array, training: bool) -> tuple[Array, Tape]:
        """Return the outputs for windows inside of x."""
        windows = WindowSpec(self.size, self.strides, self.dilation_rate, ((0, 0),))
        return ops.conv_forward(x, self.kernel, self.bias, self.activation, windows, training=training)

    def forward_step(self, ops: Ops, x: Any, states: tuple[Array, ...] | None = None, mask: Any = None) -> Forward:
        """Compute a step; the state is the steps before it that its window has."""
        if not states:
            return self.forward(ops, x)
        window = self._after(ops, states, x)
        y, _ = self._inside(ops, window, False)
        return Forward(y, (ops.take_slices(window, [slice(1, None), *(slice(0, n) for n in x.shape[1:])]),))
