"""Batches in epochs, from arrays or from an iterable."""

from __future__ import annotations

import warnings
from collections.abc import Callable, Iterable, Iterator
from functools import partial
from itertools import chain, islice
from typing import Any, Protocol, TypeVar

from ... import philox
from ...kernels.specs import Key
from ..batches import HostBatch, Ragged, Rows, Samples, Shape
from .mapped_files import MappedFiles

Item = TypeVar("Item")


class Batches(Protocol):
    """Protocol of batches in epochs."""

    input_shape: Shape  #: of x, or of its first batch
    first_size: int  #: samples of the first batch
    total: int | None  #: samples per epoch, None while unknown
    ended: bool  #: whether the batches ended before the requested steps

    @property
    def steps(self) -> int | None:
        """The number of batches of the next epoch, None while it is unknown."""

    def epoch(self) -> Iterator[HostBatch]:
        """Yield the batches of the next epoch."""


class ArrayBatches:
    """Batches of arrays, or of sequences of unequal lengths.

    Parameters
    ----------
    samples : Samples or Ragged
        The arrays.
    batch_size : int
        Samples a batch; the last one may be smaller.
    steps : int, optional
        Batches an epoch instead of all.
    groups : function, optional
        Returns the samples of each batch of the next pass; by default in their order.
    endless : bool
        An epoch goes on where the last one ended, in a new pass where it must. Else each begins with the first batch.

    Raises
    ------
    ValueError
        For more ``steps`` than there are batches, unless ``endless``.
    """

    def __init__(
        self,
        samples: Samples | Ragged,
        batch_size: int,
        steps: int | None = None,
        groups: Callable[[], Iterable[Rows]] | None = None,
        endless: bool = False,
    ) -> None:
        n = samples.size
        self.samples, self.groups = samples, groups or (lambda: in_order(n, batch_size))
        self.input_shape, self.first_size, self.ended = samples.shape, min(n, batch_size), False
        available = -(-n // batch_size)
        if steps is not None and steps > available and not endless:
            raise ValueError(
                f"{steps} steps asked for, but {n} samples make {available} batches of {batch_size}. Give fewer steps."
            )
        self.steps: int | None = available if steps is None else steps
        self.total: int | None = min(n, self.steps * batch_size)
        self._endless = repeated(self._pass) if endless else None

    def epoch(self) -> Iterator[HostBatch]:
        """Yield the batches of the next epoch."""
        files = MappedFiles(self.samples)
        for batch in islice(self._endless or self._pass(), self.steps):
            yield batch
            files.has_read(batch.size)

    def _pass(self) -> Iterator[HostBatch]:
        return map(self.samples.batch, self.groups())


def repeated(begin: Callable[[], Iterator[Item]]) -> Iterator[Item]:
    """Yield the items of pass after pass of ``begin``, until a pass is empty."""
    return chain.from_iterable(iter(partial(_first_and_others, begin), None))


def _first_and_others(begin: Callable[[], Iterator[Item]]) -> Iterator[Item] | None:
    """Return the items of a pass; None if there are none."""
    items = begin()
    for first in items:
        return chain([first], items)
    return None


def warn_ended(done: int, steps: int, *, endless: bool) -> None:
    """Warn that x had fewer batches than ``steps``: in endless training, or in one pass."""
    advice = "Give epochs * steps batches." if endless else "Give fewer steps, or more batches."
    warnings.warn(f"x ended after {done} of {steps} batches. {advice}", stacklevel=3)


def in_order(n: int, size: int) -> Iterator[slice]:
    """Yield ``n`` samples in batches of ``size``, in their order."""
    return (slice(start, min(start + size, n)) for start in range(0, n, size))


def shuffled(key: Key, n: int, size: int) -> Iterator[Rows]:
    """Yield ``n`` samples in batches of ``size``, in random order."""
    order = philox.permutation(key, n)
    return (order[start : start + size] for start in range(0, n, size))


class IteratedBatches:
    """Batches of an iterable, ``(x, y)`` or ``(x, y, sample_weight)``, each validated before its step.

    Every epoch has all batches of the iterable, which may be more or fewer than in the epoch before.

    Parameters
    ----------
    source : iterable
        An iterator is read once, and training ends with it; anything else is read again in each epoch.
    validate : function
        Makes Samples of an item of the source.
    steps : int, optional
        Batches an epoch; by default all of the source, so that an iterator has one epoch.
    endless : bool
        With ``steps``, an epoch goes on where the last one ended. Else an epoch of an iterable begins with the first batch.

    Raises
    ------
    TypeError, ValueError
        For a source without batches, and a first batch that does not fit the model.
    """

    def __init__(
        self,
        source: Iterable[Any],
        validate: Callable[[Any], Samples | Ragged],
        steps: int | None = None,
        endless: bool = False,
    ) -> None:
        self.source, self.validate, self.steps = source, validate, steps
        self.total: int | None = None
        self.ended = False
        self._once = isinstance(source, Iterator)
        items = iter(source)
        first = next(items, None)
        if first is None:
            raise ValueError("x brings no batches. Give an iterable of (x, y).")
        samples = validate(first)
        self.input_shape, self.first_size = samples.shape, samples.size
        self._begun: Iterator[Any] | None = chain([first], items)  #: what the next epoch reads, None: the source anew
        self._endless = endless and steps is not None
        if self._endless and not self._once:
            self._begun = chain(self._begun, repeated(lambda: iter(source)))

    def epoch(self) -> Iterator[HostBatch]:
        """Yield the batches of the next epoch; fewer, with a warning, if the source ends, none after an iterator."""
        done = 0
        items = iter(self.source) if self._begun is None else self._begun
        self._begun = items if self._once or self._endless else None
        for item in islice(items, self.steps):
            samples, done = self.validate(item), done + 1
            yield samples.batch(slice(0, samples.size))
        if self.steps is not None and done < self.steps:
            self.ended = True
            warn_ended(done, self.steps, endless=self._endless)
        elif self._once and not done:
            self.ended = True
            warnings.warn("x is an iterator, which one epoch has read. Give steps_per_epoch, or a PyDataset.", stacklevel=3)
