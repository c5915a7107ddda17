"""Batches in epochs, from a dataset that is read by index."""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import ThreadPoolExecutor
from itertools import count, islice
from typing import Any

import numpy as np

from ..batches import HostBatch, Ragged, Rows, Samples
from .datasets import dataset_length
from .epochs import in_order, repeated, warn_ended


def made_ahead(make: Callable[[Rows], Any], groups: Iterable[Rows], workers: int, ahead: int) -> Iterator[Any]:
    """Yield ``make(rows)`` for each group, in their order, made by ``workers`` threads, up to ``ahead`` results in advance."""
    pool, remaining = ThreadPoolExecutor(workers, "numba_lstm dataset"), iter(groups)
    try:
        pending = deque(pool.submit(make, rows) for rows in islice(remaining, max(ahead, 1)))
        while pending:
            result = pending.popleft().result()
            pending.extend(pool.submit(make, rows) for rows in islice(remaining, 1))
            yield result
    finally:
        pool.shutdown(cancel_futures=True)


class IndexedBatches:
    """Batches of a dataset, whose number of entries may change from epoch to epoch.

    Parameters
    ----------
    source : dataset
        With ``__getitem__``, and ``__len__`` or ``num_batches``; its ``on_epoch_begin`` and ``on_epoch_end`` are called.
        Without ``steps``, as many threads as its ``workers`` read its entries ahead.
    validate : function
        Makes Samples of an entry, or of a list of ``size`` entries.
    steps : int, optional
        Batches an epoch instead of all.
    size : int, optional
        Entries a batch, where they are samples. None: an entry is a batch.
    groups : function, optional
        Returns the entries of each batch of a pass over ``n`` entries in batches of ``size``; by default in order.
    endless : bool
        With ``steps``, an epoch goes on where the last one ended. Else each begins with the first batch.
    first : object
        The first entry, for what the loops must know before they begin.

    Raises
    ------
    TypeError, ValueError
        For a dataset without entries or without end, and for a first entry that does not fit the model.
    """

    def __init__(
        self,
        source: Any,
        validate: Callable[[Any], Samples | Ragged],
        steps: int | None = None,
        size: int | None = None,
        groups: Callable[[int, int], Iterable[Rows]] = in_order,
        endless: bool = False,
        first: Any = None,
    ) -> None:
        self.source, self.validate, self.size, self.groups, self._limit = source, validate, size, groups, steps
        self.total: int | None = None
        self.ended = False
        entries = dataset_length(source)
        if entries is None and steps is None:
            raise ValueError("x has batches without end. Give the batches an epoch: steps_per_epoch or steps.")
        if entries == 0:
            raise ValueError("x brings no batches: its length is 0. Give a dataset with entries.")
        samples = validate(first if size is None else [first])
        self.input_shape = samples.shape
        self.first_size = samples.size if size is None or entries is None else min(size, entries)
        self._endless = repeated(self._pass) if endless and steps is not None else None

    @property
    def steps(self) -> int | None:
        """The number of batches of an epoch of the present dataset; None if they never end."""
        if self._limit is not None:
            return self._limit
        entries = dataset_length(self.source)
        return None if entries is None else -(-entries // (self.size or 1))

    def epoch(self) -> Iterator[HostBatch]:
        """Yield the batches of the next epoch; fewer than the requested steps, with a warning, if the dataset ends."""
        done, limit = 0, self._limit
        self._call("on_epoch_begin")
        for item in islice(self._endless or self._pass(), limit):
            samples, done = self.validate(item), done + 1
            yield samples.batch(slice(0, samples.size))
        self._call("on_epoch_end")
        if limit is not None and done < limit:
            self.ended = True
            warn_ended(done, limit, endless=self._endless is not None)

    def _pass(self) -> Iterator[Any]:
        entries = dataset_length(self.source)
        if entries is None:
            return map(self._batch, (slice(index, index + 1) for index in count()))
        groups = self.groups(entries, self.size or 1)
        workers = getattr(self.source, "workers", 1)
        if self._limit is None and isinstance(workers, int) and workers > 1:
            return made_ahead(self._batch, groups, workers, getattr(self.source, "max_queue_size", workers))
        return map(self._batch, groups)

    def _batch(self, rows: Rows) -> Any:
        """Return one entry, or a list of entries if they are samples."""
        indices = range(rows.start, rows.stop) if isinstance(rows, slice) else np.asarray(rows).tolist()
        entries = [self.source[place] for place in indices]
        return entries[0] if self.size is None else entries

    def _call(self, hook: str) -> None:
        function = getattr(self.source, hook, None)
        if function is not None:
            function()
