"""Validated samples of a user, and batches of them on the host and on the device."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any, NamedTuple

import numpy as np
import numpy.typing as npt

from ..inputs.sequences import length_mask, pad_arrays
from ..kernels.contract import Array, Ops

Host = npt.NDArray[Any]
Rows = npt.NDArray[np.intp] | slice
Shape = tuple[int | None, ...]


def as_tuple(value: Any) -> tuple[Any, ...]:
    """Return the values of all inputs or outputs: those of a tuple, or the only one."""
    return value if isinstance(value, tuple) else (value,)


def each(function: Callable[[Any], Any], value: Any) -> Any:
    """Apply a function to an array, or to each array of a tuple; None stays None."""
    if isinstance(value, tuple):
        return tuple(each(function, entry) for entry in value)
    return None if value is None else function(value)


class Samples(NamedTuple):
    """Validated host arrays, samples along the first axis.

    For several inputs or outputs each field, but for the mask, is a tuple with an entry for each.
    """

    x: Any  #: (n, T, D) or (n, D)
    target: Any = None  #: in the output's shape, or labels (n,) or (n, T); None for an output without a loss
    weight: Any = None  #: (n,) or (n, T)
    labels: Any = False  #: whether target holds labels
    mask: Host | None = None  #: (n, T) of bool, False in the steps to leave out, for one input

    @property
    def shape(self) -> Any:
        """The shape of x, or a tuple of those of several inputs."""
        return tuple(array.shape for array in self.x) if isinstance(self.x, tuple) else self.x.shape

    @property
    def size(self) -> int:
        """The number of samples."""
        return len(as_tuple(self.x)[0])

    def batch(self, rows: Rows) -> HostBatch:
        """Return some of the samples as a batch."""
        size = len(range(*rows.indices(self.size))) if isinstance(rows, slice) else len(rows)
        return HostBatch(self, rows, size, rows)

    def subset(self, rows: slice) -> Samples:
        """Return some of the samples, as views."""
        return self._each(rows)

    def window(self, steps: slice) -> Samples:
        """Return some of the steps of all samples, as views; the model must have an output for each step."""
        return self._each((slice(None), steps))

    def _each(self, index: Any) -> Samples:
        x, target, weight, mask = (
            each(lambda array: array[index], value) for value in (self.x, self.target, self.weight, self.mask)
        )
        return Samples(x, target, weight, self.labels, mask)


class Ragged(NamedTuple):
    """Validated sequences of unequal lengths, with their targets."""

    x: Sequence[Host]  #: (T_i, D) each
    lengths: npt.NDArray[np.intp]  #: T_i
    dtype: str  #: what x becomes
    stepwise: bool = False  #: whether the model has an output for each of these steps
    target: Host | Sequence[Host] | None = None  #: one array a sample where it is stepwise, else one for all
    weight: Host | Sequence[Host] | None = None  #: in the same way
    labels: bool = False  #: whether target holds labels

    @property
    def shape(self) -> Shape:
        """The shape of x, with None for the number of steps."""
        return (len(self.x), None, *self.x[0].shape[1:])

    @property
    def size(self) -> int:
        """The number of sequences."""
        return len(self.x)

    def batch(self, rows: Rows) -> HostBatch:
        """Return some of the sequences as a batch: padded to the longest, and masked unless all have one length."""
        indices = np.arange(len(self.x))[rows]
        lengths = self.lengths[indices]
        steps = max(int(lengths.max()), 1)  # one step, masked, where all sequences are empty
        x = pad_arrays([self.x[place] for place in indices], steps, self.dtype)
        target, weight = (_chosen(values, indices, steps) for values in (self.target, self.weight))
        mask = None if lengths.min() == steps else length_mask(lengths, steps)
        samples = Samples(x, target, weight, self.labels, mask)
        return HostBatch(samples, slice(None), len(indices), indices, lengths if self.stepwise else None)

    def subset(self, rows: slice) -> Ragged:
        """Return some of the sequences."""
        target, weight = (None if values is None else values[rows] for values in (self.target, self.weight))
        return self._replace(x=self.x[rows], lengths=self.lengths[rows], target=target, weight=weight)


def _chosen(values: Host | Sequence[Host] | None, indices: npt.NDArray[np.intp], steps: int) -> Host | None:
    if values is None or isinstance(values, np.ndarray):
        return None if values is None else values[indices]
    return pad_arrays([values[place] for place in indices], steps, values[0].dtype)


class HostBatch(NamedTuple):
    """The samples of one batch, still on the host."""

    samples: Samples
    rows: Rows  #: which of ``samples``
    size: int  #: N
    indices: Rows  #: which of all that the user gave
    lengths: npt.NDArray[np.intp] | None = None  #: the steps of each output, where they are not one
    local: bool = False  #: whether these are the samples of this process alone, among several that train one model
    before: int = 0  #: samples of the whole batch before these
    whole: int | None = None  #: samples of the whole batch that these are a part of; None for a batch that is whole

    def shard(self, place: int, count: int) -> HostBatch | None:
        """Return the ``place``-th of ``count`` parts of the samples, whose sizes differ by at most one; None if it is empty."""
        begin, end = place * self.size // count, (place + 1) * self.size // count
        if begin == end:
            return None
        rows, indices = (_within(chosen, begin, end) for chosen in (self.rows, self.indices))
        lengths = None if self.lengths is None else self.lengths[begin:end]
        whole = self.size if self.whole is None else self.whole
        return HostBatch(self.samples, rows, end - begin, indices, lengths, before=self.before + begin, whole=whole)


def _within(rows: Rows, begin: int, end: int) -> Rows:
    """Return some of chosen rows, by their places among these."""
    if isinstance(rows, slice):
        first = rows.start or 0
        return slice(first + begin, first + end)
    return rows[begin:end]


class Batch(NamedTuple):
    """Device arrays of N samples, sequences time-major; a tuple for several inputs or outputs."""

    x: Any
    target: Any
    weight: Any
    mask: Array | None
    size: int  #: N


def steps_first(ops: Ops, array: Host, dtype: Any) -> Array:
    """Copy one number per sample (N,), per step (N, T) as (T, N), or per place (N, H, W) as (H, N, W), to the device."""
    return ops.asarray(np.ascontiguousarray(array.swapaxes(0, 1) if array.ndim > 1 else array), dtype)
