"""Batches: what a user hands to fit, evaluate and predict, settled on the host, then loaded onto the device one by one."""

from __future__ import annotations

import warnings
from collections.abc import Callable, Iterable, Iterator
from itertools import chain, count, islice
from typing import TYPE_CHECKING, Any, NamedTuple, Protocol

import numpy as np
import numpy.typing as npt

from .inputs import as_real
from .kernels.contract import Array, Ops
from .targets import as_target, as_weight, class_weights, is_sparse

if TYPE_CHECKING:
    from .models import Sequential

Host = npt.NDArray[Any]
Rows = npt.NDArray[np.intp] | slice
Shape = tuple[int, ...]


class Samples(NamedTuple):
    """Host arrays that fit the model and each other, samples along the first axis."""

    x: Host  #: (n, T, D) or (n, D)
    target: Host | None = None  #: in the output's shape, or labels (n,) or (n, T)
    weight: Host | None = None  #: (n,) or (n, T)
    labels: bool = False  #: whether target holds labels


class Batch(NamedTuple):
    """Device arrays of N samples, sequences time-major."""

    x: Array
    target: Array | None
    weight: Array | None
    size: int  #: N


class Batches(Protocol):
    """Batches in epochs."""

    steps: int | None  #: batches an epoch, None while nobody knows
    input_shape: Shape  #: of x, or of its first batch
    total: int | None  #: samples an epoch, None while nobody knows
    ended: bool  #: whether there are no more batches, although more were asked for

    def epoch(self) -> Iterator[Batch]:
        """The batches of the next epoch."""


def settle_input(model: Sequential, x: Any) -> tuple[Host, Shape]:
    """``x`` as an array that the model takes, and the shape of its output; the model is not built for it.

    Raises
    ------
    TypeError, ValueError
        For anything that the model does not take.
    """
    array = model.check_input(x) if model.built else as_real(x, "x")
    shape: tuple[Any, ...] = model.compute_output_shape(array.shape)
    return array, shape


def settle_all(model: Sequential, x: Any, y: Any, sample_weight: Any = None, class_weight: Any = None) -> Samples:
    """What training and evaluation need, in arrays that fit the model and each other; the model is not built for them.

    Raises
    ------
    TypeError, ValueError
        For arrays that do not fit, and for labels that are no classes.
    """
    assert model.loss is not None
    if y is None:
        raise ValueError("y is missing. Give one target a sample beside x.")
    if class_weight is not None and sample_weight is not None:
        raise ValueError("class_weight and sample_weight cannot both be given. Multiply them into one sample_weight.")
    array, shape = settle_input(model, x)
    target = as_target(y, shape, model.loss.spec)
    weight = None
    if sample_weight is not None:
        weight = as_weight(sample_weight, shape[:-1])
    elif class_weight is not None:
        weight = class_weights(target, class_weight, model.loss.spec)
    return Samples(array, target, weight, is_sparse(model.loss.spec))


def load(ops: Ops, samples: Samples, rows: Rows, size: int, dtype: str) -> Batch:
    """``rows`` of ``samples``, ``size`` of them, on the device."""
    x, target, weight, labels = samples
    if target is not None:
        target = _steps_first(ops, target, rows, target.dtype) if labels else ops.gather(target, rows, dtype)
    if weight is not None:
        weight = _steps_first(ops, weight, rows, dtype)
    return Batch(ops.gather(x, rows, dtype), target, weight, size)


def _steps_first(ops: Ops, array: Host, rows: Rows, dtype: Any) -> Array:
    """One number a sample (n,), or one a step (n, T) as (T, N)."""
    return ops.gather(array, rows, dtype) if array.ndim == 1 else ops.asarray(np.ascontiguousarray(array[rows].T), dtype)


class ArrayBatches:
    """Batches of arrays.

    Parameters
    ----------
    model : Sequential
        Whose device and dtype.
    samples : Samples
        The arrays.
    batch_size : int
        Samples a batch; the last one may be smaller.
    steps : int, optional
        Batches an epoch instead of all.
    order : function, optional
        Answers the order of the samples for the next pass; by default they come as they are.
    endless : bool
        An epoch goes on where the last one ended, in a new pass where it must. Else each begins with the first sample.

    Raises
    ------
    ValueError
        For more ``steps`` than there are batches, unless ``endless``.
    """

    def __init__(
        self,
        model: Sequential,
        samples: Samples,
        batch_size: int,
        steps: int | None = None,
        order: Callable[[], npt.NDArray[np.intp]] | None = None,
        endless: bool = False,
    ) -> None:
        self.model, self.samples, self.batch_size, self.order = model, samples, batch_size, order
        self.input_shape, self.ended = samples.x.shape, False
        available = -(-len(samples.x) // batch_size)
        if steps is not None and steps > available and not endless:
            raise ValueError(
                f"{steps} steps asked for, but {len(samples.x)} samples make {available} batches of {batch_size}. "
                "Give fewer steps."
            )
        self.steps: int | None = available if steps is None else steps
        self.total: int | None = min(len(samples.x), self.steps * batch_size)
        self._endless = chain.from_iterable(self._pass() for _ in count()) if endless else None

    def epoch(self) -> Iterator[Batch]:
        """The batches of the next epoch."""
        return islice(self._endless or self._pass(), self.steps)

    def _pass(self) -> Iterator[Batch]:
        ops, dtype, n = self.model.ops, self.model.dtype, len(self.samples.x)
        order = None if self.order is None else self.order()
        for start in range(0, n, self.batch_size):
            stop = min(start + self.batch_size, n)
            rows = slice(start, stop) if order is None else order[start:stop]
            yield load(ops, self.samples, rows, stop - start, dtype)


class IteratedBatches:
    """Batches that an iterable brings: ``(x, y)`` or ``(x, y, sample_weight)``, each settled before its step.

    Parameters
    ----------
    model : Sequential
        Whose device and dtype.
    source : iterable
        An iterator is read once; anything else is read again in each epoch.
    settle : function
        Makes Samples of what the source brings.
    steps : int, optional
        Batches an epoch; an iterator needs it, for it has no length.

    Raises
    ------
    TypeError, ValueError
        For an iterator without ``steps``, a source without batches, and a first batch that does not fit the model.
    """

    def __init__(
        self, model: Sequential, source: Iterable[Any], settle: Callable[[Any], Samples], steps: int | None = None
    ) -> None:
        self.model, self.source, self.settle, self.steps = model, source, settle, steps
        self.total: int | None = None
        self.ended = False
        self._once = isinstance(source, Iterator)
        if self._once and steps is None:
            raise ValueError("x is an iterator, of unknown length. Give the batches an epoch: steps_per_epoch or steps.")
        items = iter(source)
        first = next(items, None)
        if first is None:
            raise ValueError("x brings no batches. Give an iterable of (x, y).")
        self.input_shape = settle(first).x.shape
        self._begun: Iterator[Any] | None = chain([first], items)  #: what the next epoch reads, None: the source anew

    def epoch(self) -> Iterator[Batch]:
        """The batches of the next epoch; fewer, with a warning, where the source ends."""
        ops, dtype, done = self.model.ops, self.model.dtype, 0
        items = iter(self.source) if self._begun is None else self._begun
        self._begun = items if self._once else None
        for item in islice(items, self.steps):
            samples, done = self.settle(item), done + 1
            yield load(ops, samples, slice(None), len(samples.x), dtype)
        if self.steps is not None and done < self.steps:
            self.ended = True
            warnings.warn(f"x ended after {done} of {self.steps} batches. Give epochs * steps batches.", stacklevel=2)
        self.steps = self.steps or done
