"""Array ops: transfers to and from a device, order and shape, and arithmetic on whole arrays."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any, Protocol, TypeVar

import numpy as np
import numpy.typing as npt

from ..op_types import Array

Result = TypeVar("Result")


class ArrayOps(Protocol):
    """The ops on arrays."""

    def asarray(self, x: npt.NDArray[Any], dtype: Any) -> Array:
        """Return a host array as a device array of ``dtype``, copied only if necessary."""

    def to_host(self, x: Array) -> npt.NDArray[Any]:
        """Return a device array as a NumPy array of the same shape, which may share its memory."""

    def gather(self, x: npt.NDArray[Any], rows: npt.NDArray[np.intp] | slice, dtype: Any) -> Array:
        """Return the samples ``rows`` of a host array as one batch: ``(n, D) -> (N, D)``, ``(n, T, D) -> (T, N, D)``.

        1-D arrays give ``(N,)``. Arrays of more axes have the first two swapped too: ``(n, H, W, C) -> (H, N, W, C)``. With
        ``dtype`` None the batch has the dtype of the array.
        """

    def flip(self, x: Array) -> Array:
        """Reverse ``x`` (T, N, D), or a mask (T, N), in time."""

    def concat(self, xs: Sequence[Array]) -> Array:
        """Concatenate arrays along the last axis."""

    def split(self, x: Array, sizes: Sequence[int]) -> list[Array]:
        """Split x along the last axis into arrays of ``sizes``, which add up to its size: the inverse of :meth:`concat`."""

    def add(self, a: Array, b: Array) -> Array:
        """Return ``a + b``, of one shape."""

    def multiply(self, a: Array, b: Array) -> Array:
        """Return ``a * b``, of one shape. Masks are combined by a logical and."""

    def scale(self, x: Array, factor: float) -> Array:
        """Return ``x * factor``."""

    def reshape(self, x: Array, shape: Sequence[int]) -> Array:
        """Reshape each sample of x (N, D), (T, N, D), (H, N, W, C) or (T, N, H, W, C) to ``shape``.

        (D',) gives (N, D'), (T', D') gives (T', N, D'), (H', W', C') gives (H', N, W', C'), and likewise for more axes. The
        elements of a sample are in the order of the user's (N, T, D): one step after another.
        """

    def repeat(self, x: Array, steps: int) -> Array:
        """Repeat rows (N, D) at each of ``steps`` steps: (steps, N, D). The gradient is :meth:`sum_steps`."""

    def sum_steps(self, x: Array) -> Array:
        """Sum x (T, N, D) over time, in the order of the steps: (N, D)."""

    def merge_steps(self, x: Array) -> Array:
        """Merge time and batch into one axis of samples: (T, N, D) becomes (T * N, D), and a mask (T, N) becomes (T * N,).

        Steps that are sequences or images become a batch of them: (T, N, S, C) becomes (S, T * N, C), (T, N, H, W, C) becomes
        (H, T * N, W, C).
        """

    def split_steps(self, x: Array, steps: int) -> Array:
        """Split (T * N, D) into (T, N, D) with T = ``steps``, (S, T * N, C) into (T, N, S, C): inverts :meth:`merge_steps`."""

    def not_equal(self, x: Array, value: float) -> Array:
        """Return where x, of any dtype, is not ``value``: a boolean array of the shape of x."""

    def steps_not_equal(self, x: Array, value: float) -> Array:
        """Return the mask (T, N) of the steps of x (T, N, D) with any feature not equal to ``value``. NaN equals nothing."""

    def zero_masked(self, x: Array, mask: Array) -> Array:
        """Return x (T, N, ...) with zeros in the steps where ``mask`` (T, N) is False. Masked NaN becomes zero too."""

    def num_splits(self, multiplications: float, limit: int) -> int:
        """Return into how many calls of :meth:`run_parallel`, at most ``limit``, to split so many multiplications."""

    def run_parallel(self, calls: Sequence[Callable[[], Result]], work: float) -> list[Result]:
        """Run independent ``calls``, concurrently if that is faster, and return their results. The calls may call ops.

        ``work`` is the number of multiplications of all calls, by which a device decides. All calls have ended when this
        returns, or raises the exception of one of them.
        """
