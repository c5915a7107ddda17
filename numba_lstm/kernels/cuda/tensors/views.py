"""Views: arrays of any strides in the memory of a device array."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from ...axes import contiguous_strides

Array = Any


@dataclass(frozen=True)
class View:
    """An array whose first element is element ``offset`` of the flat ``buffer``, with strides in elements."""

    buffer: Array
    shape: tuple[int, ...]
    strides: tuple[int, ...]
    offset: int = 0

    @property
    def dtype(self) -> Any:
        """The dtype of the elements."""
        return self.buffer.dtype

    @property
    def size(self) -> int:
        """The number of elements."""
        return math.prod(self.shape)

    @property
    def ndim(self) -> int:
        """The number of axes."""
        return len(self.shape)

    @property
    def is_whole(self) -> bool:
        """Whether the view has the elements of the buffer in their order."""
        if self.size != self.buffer.size or self.offset:
            return False
        steps = contiguous_strides(self.shape)
        return all(n == 1 or step == other for n, step, other in zip(self.shape, self.strides, steps, strict=True))


def as_view(x: Array) -> View:
    """Return a device array as a view."""
    return x if isinstance(x, View) else View(x.reshape(x.size), tuple(x.shape), contiguous_strides(x.shape))


def whole(buffer: Array, shape: Sequence[int]) -> Array:
    """Return a flat buffer in ``shape``. Without axes it is a view, since a device array has at least one."""
    return buffer.reshape(*shape) if shape else View(buffer, (), ())
