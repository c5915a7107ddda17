"""The base class of layers with windows, and the validation of their arguments."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, ClassVar

from ...inputs import as_count
from ...kernels.contract import Array
from ...kernels.specs import WindowSpec
from ..base import Layer
from ..base.arguments import Shape

#: Names of the axes of windows, by their number.
AXES = {1: ("steps",), 2: ("height", "width"), 3: ("depth", "height", "width")}


def as_sizes(value: Any, axes: int, name: str) -> tuple[int, ...]:
    """Return ``value``, a whole number or one for each axis, as a tuple.

    Raises
    ------
    TypeError, ValueError
        For anything else, and for numbers below 1.
    """
    if isinstance(value, (tuple, list)):
        if len(value) != axes:
            raise ValueError(f"{name} must be a whole number, or a tuple of {axes}, got {tuple(value)}.")
        return tuple(as_count(size, f"each entry of {name}") for size in value)
    return (as_count(value, name),) * axes


def lengths_of(x: Array) -> tuple[int, ...]:
    """Return the lengths of the axes of windows of a device array (T, N, C), (H, N, W, C) or (D, N, H, W, C)."""
    return (x.shape[0], *x.shape[2:-1])


class AxesLayer(Layer):
    """Base class of layers that take sequences (N, T, C) only, images (N, H, W, C) only, or volumes (N, D, H, W, C) only."""

    supports_masking = False
    streaming_obstacle = "its windows reach over several steps"

    @property
    def axes(self) -> int:
        """The number of axes between samples and features."""
        return self.ranks[0] - 2


class WindowLayer(AxesLayer):
    """Base class of layers whose output has an element for each window of the input."""

    paddings: ClassVar[tuple[str, ...]] = ("valid", "same")
    size_name: ClassVar[str]  #: the argument with the sizes of a window

    size: tuple[int, ...]
    strides: tuple[int, ...]
    dilation_rate: tuple[int, ...]
    padding: str

    def as_padding(self, padding: Any) -> str:
        """Return the padding in lower case, as Keras does; raise ValueError for another than ``paddings``."""
        name = padding.lower() if isinstance(padding, str) else padding
        if name not in self.paddings:
            allowed = " or ".join(map(repr, self.paddings))
            raise ValueError(f"{type(self).__name__}'s padding must be {allowed}, got {padding!r}.")
        return str(name)

    def check_dilation(self) -> None:
        """Raise ValueError for strides with a dilation."""
        if max(self.strides) > 1 and max(self.dilation_rate) > 1:
            raise ValueError(
                f"{type(self).__name__} takes strides or a dilation_rate above 1, not both, got {self.strides} and "
                f"{self.dilation_rate}."
            )

    def windows(self, lengths: Sequence[int]) -> WindowSpec:
        """Return the windows of a sample whose axes have these lengths."""
        padding = tuple(self._padding(axis, length) for axis, length in enumerate(lengths))
        return WindowSpec(self.size, self.strides, self.dilation_rate, padding)

    def _padding(self, axis: int, length: int) -> tuple[int, int]:
        """Return the zeros before and after an axis. ``same`` gives one window for each stride that begins, as Keras."""
        reach = (self.size[axis] - 1) * self.dilation_rate[axis]
        if self.padding == "valid":
            return 0, 0
        if self.padding == "causal":
            return reach, 0
        total = max(0, (length - 1) // self.strides[axis] * self.strides[axis] + reach + 1 - length)
        return total // 2, total - total // 2

    def output_lengths(self, sample: Shape) -> Shape:
        """Return the number of windows along each axis of a sample, None where it is unknown.

        Raises
        ------
        ValueError
            For a sample that is smaller than a window.
        """
        known = [1 if length is None else length for length in sample[:-1]]
        counts = self.windows(known).counts(known)
        lengths = tuple(None if length is None else count for length, count in zip(sample[:-1], counts, strict=True))
        for axis, (count, length) in enumerate(zip(lengths, sample, strict=False)):
            if count is not None and count < 1:
                reach = (self.size[axis] - 1) * self.dilation_rate[axis] + 1
                raise ValueError(
                    f"{self.name} has windows of {reach} {AXES[self.axes][axis]} ({self.size_name}={self.size}), got samples "
                    f"of shape {sample} with {length}. Give larger samples, a smaller {self.size_name}, or padding='same'."
                )
        return lengths

    def build(self, input_shape: Shape) -> None:
        self.output_lengths(input_shape[1:])  # for its sentence, before there are weights
