"""Arrays: onto a device and back, their order and shape, and what is done to whole arrays."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any, Protocol, TypeVar

import numpy as np
import numpy.typing as npt

from ..values import Array

Answer = TypeVar("Answer")


class ArrayOps(Protocol):
    """The ops on arrays."""

    def asarray(self, x: npt.NDArray[Any], dtype: Any) -> Array:
        """A host array as a device array of ``dtype``, copied only where it must be."""

    def to_host(self, x: Array) -> npt.NDArray[Any]:
        """A device array as a NumPy array of the same shape (which may share memory with it)."""

    def gather(self, x: npt.NDArray[Any], rows: npt.NDArray[np.intp] | slice, dtype: Any) -> Array:
        """Samples ``rows`` of a host array as one batch: ``(n, D) -> (N, D)``, ``(n, T, D) -> (T, N, D)``.

        1-D arrays give ``(N,)``. ``dtype`` of None keeps the array's own.
        """

    def flip(self, x: Array) -> Array:
        """``x`` (T, N, D), or a mask (T, N), in reverse order of time."""

    def concat(self, xs: Sequence[Array]) -> Array:
        """Arrays side by side along the last axis."""

    def split(self, x: Array, sizes: Sequence[int]) -> list[Array]:
        """What :meth:`concat` joined, taken apart again: arrays of ``sizes`` along the last axis, which add up to its size."""

    def add(self, a: Array, b: Array) -> Array:
        """``a + b``, of one shape."""

    def multiply(self, a: Array, b: Array) -> Array:
        """``a * b``, of one shape; of masks, where both are True."""

    def scale(self, x: Array, factor: float) -> Array:
        """``x * factor``."""

    def reshape(self, x: Array, shape: Sequence[int]) -> Array:
        """Samples (N, D) or (T, N, D) with the elements of each in ``shape``: (D',) gives (N, D'), (T', D') gives (T', N, D').

        A sample's elements are in its own order, step after step: that of a user's (N, T, D).
        """

    def repeat(self, x: Array, steps: int) -> Array:
        """Rows (N, D) at each of ``steps`` steps, (steps, N, D); its gradient is :meth:`sum_steps`."""

    def sum_steps(self, x: Array) -> Array:
        """The sum over time of x (T, N, D), step after step: (N, D)."""

    def merge_steps(self, x: Array) -> Array:
        """All steps as rows of one batch: (T, N, D) as (T * N, D), and a mask (T, N) as (T * N,)."""

    def split_steps(self, x: Array, steps: int) -> Array:
        """What :meth:`merge_steps` merged: (T * N, D) as (T, N, D) for T = ``steps``."""

    def unlike(self, x: Array, value: float) -> Array:
        """A boolean of x's shape: where x, of any dtype, is not ``value``."""

    def steps_unlike(self, x: Array, value: float) -> Array:
        """The mask (T, N) of the steps of x (T, N, D) with any feature other than ``value``; NaN is other than all."""

    def zero_masked(self, x: Array, mask: Array) -> Array:
        """x (T, N, D) with zeros in the steps where ``mask`` (T, N) is False, NaN or not."""

    def num_splits(self, multiplications: float, most: int) -> int:
        """The number of calls of :meth:`run_parallel`, at most ``most``, that so many multiplications are worth."""

    def run_parallel(self, calls: Sequence[Callable[[], Answer]], work: float) -> list[Answer]:
        """The answers of ``calls``, which do not depend on each other and may call ops themselves; at once where it is faster.

        ``work`` is the number of multiplications of all calls, by which a device judges. All calls have ended when this
        returns or raises what one of them raised.
        """
