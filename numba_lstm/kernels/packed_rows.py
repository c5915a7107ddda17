"""Packed rows: several arrays of each sample side by side in one row, as a stream takes its inputs and returns its outputs."""

from __future__ import annotations

from collections.abc import Sequence
from math import prod
from typing import Any, NamedTuple

import numpy as np
import numpy.typing as npt

Host = npt.NDArray[Any]


class RowEntry(NamedTuple):
    """An array in packed rows: its shape for one sample, and its dtype."""

    shape: tuple[int, ...]
    dtype: Any


class PackedRows:
    """Layout of rows of one dtype that hold several arrays. Entries of int64 are kept bit by bit, and come first.

    Parameters
    ----------
    entries : sequence of RowEntry
        The arrays, each of the dtype of the rows or of int64.
    dtype : dtype
        That of the rows, float32 or float64.
    """

    def __init__(self, entries: Sequence[RowEntry], dtype: Any) -> None:
        self.dtype, self.entries = np.dtype(dtype), tuple(entries)
        sizes = [prod(shape) * np.dtype(kind).itemsize // self.dtype.itemsize for shape, kind in self.entries]
        self._places, self.columns = [slice(0)] * len(sizes), 0
        for k in sorted(range(len(sizes)), key=lambda k: np.dtype(self.entries[k].dtype) == self.dtype):
            self._places[k] = slice(self.columns, self.columns + sizes[k])
            self.columns += sizes[k]
        #: Whether a row is the only array.
        self.is_plain = [(len(shape), np.dtype(kind)) for shape, kind in self.entries] == [(1, self.dtype)]

    def unpack(self, rows: Host) -> list[Host]:
        """Return the arrays (..., *shape) in rows (..., columns), as views; the rows themselves if they are plain."""
        return [rows] if self.is_plain else [self._entry(rows, k) for k in range(len(self.entries))]

    def pack(self, arrays: Sequence[Host], *, leading: int) -> Host:
        """Return new rows of arrays, of which each has as many ``leading`` axes, of equal sizes."""
        rows = np.empty((*arrays[0].shape[:leading], self.columns), self.dtype)
        for k, array in enumerate(arrays):
            self._entry(rows, k)[...] = array
        return rows

    def _entry(self, rows: Host, k: int) -> Host:
        shape, dtype = self.entries[k]
        part = rows[..., self._places[k]]
        return (part if dtype == self.dtype else part.view(dtype)).reshape(*rows.shape[:-1], *shape)
