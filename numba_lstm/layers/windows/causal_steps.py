"""CausalSteps: a convolution step by step, with the steps before as its state."""

from __future__ import annotations

from typing import Any

from ...kernels.contract import Array, Ops
from ...kernels.specs import Activation, WindowSpec
from ...variables import Variable
from ..base import Forward
from ..base.arguments import Shape
from .window_layer import WindowLayer


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

    def forward_step(self, ops: Ops, x: Any, states: tuple[Array, ...] | None = None, mask: Any = None) -> Forward:
        """Compute a step; the state is the steps before it that its window has."""
        if not states:
            return self.forward(ops, x)
        (_, N, C), reach = x.shape, self._reach
        places = [[slice(0, reach), slice(0, N), slice(0, C)], [slice(reach, reach + 1), slice(0, N), slice(0, C)]]
        window = ops.join([*states, x], places, (reach + 1, N, C))
        windows = WindowSpec(self.size, self.strides, self.dilation_rate, ((0, 0),))
        y, _ = ops.conv_forward(window, self.kernel, self.bias, self.activation, windows)
        return Forward(y, (ops.take_slices(window, [slice(1, None), slice(0, N), slice(0, C)]),))
