"""PyDataset: a dataset of batches by index."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import count
from typing import Any


class PyDataset:
    """A dataset of batches by index, as ``keras.utils.PyDataset``, for the x of fit, evaluate and predict.

    A subclass overrides ``__len__``, the number of batches of the next epoch, and ``__getitem__``, which returns ``(x, y)`` or
    ``(x, y, sample_weight)``. Both are called again in each epoch.

    Parameters
    ----------
    workers : int
        Threads that make batches while the model trains. With 1, the thread that trains makes them. An epoch of given
        ``steps_per_epoch`` or ``steps`` is read by that thread alone.
    use_multiprocessing : bool
        In Keras's place, without effect: workers are threads.
    max_queue_size : int
        Batches that workers make in advance.

    Examples
    --------
    >>> class Windows(PyDataset):
    ...     def __init__(self, series, steps, size):
    ...         super().__init__()
    ...         self.series, self.steps, self.size = series, steps, size
    ...     def __len__(self):
    ...         return (len(self.series) - self.steps) // self.size
    ...     def __getitem__(self, index):
    ...         starts = range(index * self.size, (index + 1) * self.size)
    ...         x = np.stack([self.series[start : start + self.steps] for start in starts])
    ...         y = np.stack([self.series[start + self.steps] for start in starts])
    ...         return x, y
    """

    def __init__(self, workers: int = 1, use_multiprocessing: bool = False, max_queue_size: int = 10) -> None:
        self.workers = workers
        self.use_multiprocessing = use_multiprocessing
        self.max_queue_size = max_queue_size

    def __getitem__(self, index: int) -> Any:
        """Return the batch ``index``, counted from 0."""
        raise NotImplementedError(f"{type(self).__name__} must override __getitem__(index).")

    def __len__(self) -> int:
        """Return the number of batches of an epoch."""
        raise NotImplementedError(f"{type(self).__name__} must override __len__().")

    @property
    def num_batches(self) -> int | None:
        """Number of batches of an epoch. A subclass may return None for endless batches."""
        return len(self)

    def __iter__(self) -> Iterator[Any]:
        """Yield the batches of one epoch."""
        batches = self.num_batches
        return map(self.__getitem__, count() if batches is None else range(batches))

    def on_epoch_begin(self) -> None:
        """Called before the first batch of each epoch."""

    def on_epoch_end(self) -> None:
        """Called after the last batch of each epoch."""
