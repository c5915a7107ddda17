"""Arrays in device memory: C-contiguous, with views that share the memory."""

from __future__ import annotations

import math
from typing import Any

import numpy as np


class DeviceArray:
    """A device array. Kernels take it as ``words``: the layout of an array of Numba.

    ``lease`` keeps its memory: it is collected with the last view.
    """

    __slots__ = ("_words", "address", "dtype", "lease", "nbytes", "ndim", "shape", "size")

    def __init__(self, address: int, shape: tuple[int, ...], dtype: np.dtype[Any], lease: Any) -> None:
        self.address, self.shape, self.dtype, self.lease = address, shape, dtype, lease
        self.ndim, self.size = len(shape), math.prod(shape)
        self.nbytes = self.size * dtype.itemsize
        self._words: tuple[int, ...] | None = None

    @property
    def words(self) -> tuple[int, ...]:
        """No owner, no parent, number and bytes of elements, address, then the size and the stride in bytes of each axis."""
        if self._words is None:
            strides, stride = [], self.dtype.itemsize
            for n in reversed(self.shape):
                strides.append(stride)
                stride *= n
            self._words = 0, 0, self.size, self.dtype.itemsize, self.address, *self.shape, *strides[::-1]
        return self._words

    def reshape(self, *shape: int) -> DeviceArray:
        """Return a view with another shape. One size may be -1."""
        if len(shape) == 1 and isinstance(shape[0], tuple):
            shape = shape[0]
        if -1 in shape:
            known = -math.prod(shape)
            shape = tuple(self.size // known if n == -1 else n for n in shape)
        view = DeviceArray(self.address, tuple(map(int, shape)), self.dtype, self.lease)
        if view.size != self.size:
            raise ValueError(f"an array of shape {self.shape} cannot have the shape {shape}.")
        return view

    def unowned(self) -> DeviceArray:
        """Return a view that does not keep the memory."""
        return DeviceArray(self.address, self.shape, self.dtype, None)

    def __getitem__(self, rows: slice) -> DeviceArray:
        """Return a view of contiguous rows, ``a[2:5]``."""
        if not isinstance(rows, slice) or rows.step not in (None, 1):
            raise TypeError(f"a device's array gives neighbouring rows, a[2:5], got {rows!r}.")
        first, end, _ = rows.indices(self.shape[0])
        row = self.nbytes // self.shape[0] if self.shape[0] else 0
        return DeviceArray(self.address + first * row, (max(end - first, 0), *self.shape[1:]), self.dtype, self.lease)

    @property
    def __cuda_array_interface__(self) -> dict[str, Any]:
        """The protocol by which other packages read the array."""
        return {"shape": self.shape, "typestr": self.dtype.str, "data": (self.address, False), "strides": None, "version": 3}
