"""BatchDataset: batches that are made while they are read, with the methods of datasets that programs call most."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from itertools import islice
from typing import Any

import numpy as np
import numpy.typing as npt

from ...inputs import as_count


class BatchArray(np.ndarray):
    """An array of a batch, with the method of tensors that programs call."""

    def numpy(self) -> npt.NDArray[Any]:
        """Return the array as a plain NumPy array."""
        return np.asarray(self)

    def __array_wrap__(self, array: Any, context: Any = None, return_scalar: bool = False) -> Any:
        """Return results as NumPy does for its own arrays: those without axes as numbers."""
        return array[()] if return_scalar or array.ndim == 0 else array.view(type(self))


def batch_array(array: npt.NDArray[Any]) -> Any:
    """Return a view of an array with the methods of :class:`BatchArray`; a number is returned as it is."""
    return array.view(BatchArray) if isinstance(array, np.ndarray) else array


class BatchDataset:
    """Batches that are made while they are read: x of fit, evaluate and predict, and iterable by itself.

    Every pass starts from the first batch.

    Parameters
    ----------
    begin : function
        Returns an iterator of the batches of a new pass.
    size : int, optional
        Number of batches. None: it is unknown.
    """

    def __init__(self, begin: Callable[[], Iterator[Any]], size: int | None = None) -> None:
        self._begin, self._size = begin, size

    def __iter__(self) -> Iterator[Any]:
        """Yield the batches of a pass."""
        return self._begin()

    def __len__(self) -> int:
        """Return the number of batches; raise TypeError if it is unknown."""
        if self._size is None:
            raise TypeError("the number of batches is unknown. Count them: sum(1 for _ in dataset).")
        return self._size

    def cardinality(self) -> int:
        """Return the number of batches, -2 if it is unknown."""
        return -2 if self._size is None else self._size

    def take(self, count: int) -> BatchDataset:
        """Return the first ``count`` batches, or all for -1."""
        if count == -1:
            return self
        number = as_count(count, "count", at_least=0)
        return self._derived(lambda: islice(self, number), lambda size: min(size, number))

    def skip(self, count: int) -> BatchDataset:
        """Return the batches after the first ``count``."""
        number = as_count(count, "count", at_least=0)
        return self._derived(lambda: islice(self, number, None), lambda size: max(size - number, 0))

    def map(
        self, function: Callable[..., Any], num_parallel_calls: int | None = None, deterministic: bool | None = None
    ) -> BatchDataset:
        """Return the results of ``function`` for each batch; the entries of a tuple are its arguments.

        ``num_parallel_calls`` and ``deterministic`` have no effect: batches are made one after the other.
        """

        def begin() -> Iterator[Any]:
            return (function(*batch) if isinstance(batch, tuple) else function(batch) for batch in self)

        return self._derived(begin)

    def batch(self, batch_size: int, drop_remainder: bool = False) -> BatchDataset:
        """Return batches of ``batch_size`` entries each; the last one may be smaller, or is left out."""
        number = as_count(batch_size, "batch_size")

        def begin() -> Iterator[Any]:
            entries = iter(self)
            while group := list(islice(entries, number)):
                if len(group) == number or not drop_remainder:
                    yield _stacked(group)

        return self._derived(begin, lambda size: size // number if drop_remainder else -(-size // number))

    def unbatch(self) -> BatchDataset:
        """Return the samples of all batches, one by one."""

        def begin() -> Iterator[Any]:
            for batch in self:
                yield from zip(*batch, strict=True) if isinstance(batch, tuple) else batch

        return BatchDataset(begin)

    def cache(self, filename: str = "") -> BatchDataset:
        """Return the dataset as it is; ``filename`` has no effect, and nothing is cached."""
        return self

    def prefetch(self, buffer_size: int | None = None) -> BatchDataset:
        """Return the dataset as it is; ``buffer_size`` has no effect, and nothing is made ahead."""
        return self

    def _derived(self, begin: Callable[[], Iterator[Any]], resize: Callable[[int], int] = int) -> BatchDataset:
        return BatchDataset(begin, None if self._size is None else resize(self._size))


def _stacked(entries: list[Any]) -> Any:
    """Return samples as a batch: an array, or a tuple of arrays."""
    if isinstance(entries[0], tuple):
        return tuple(batch_array(np.stack(column)) for column in zip(*entries, strict=True))
    return batch_array(np.stack(entries))
