"""Validated samples of a user, and batches of them on the host and on the device."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, NamedTuple

import numpy as np
import numpy.typing as npt

from ..inputs.sequences import length_mask, pad_arrays
from ..kernels.contract import Array, Ops

Host = npt.NDArray[Any]
Rows = npt.NDArray[np.intp] | slice
Shape = tuple[int | None, ...]


class Samples(NamedTuple):
    """Validated host arrays, samples along the first axis."""

    x: Host  #: (n, T, D) or (n, D)
    target: Host | None = None  #: in the output's shape, or labels (n,) or (n, T)
    weight: Host | None = None  #: (n,) or (n, T)
    labels: bool = False  #: whether target holds labels
    mask: Host | None = None  #: (n, T) of bool, False in the steps to leave out

    @property
    def shape(self) -> Shape:
        """The shape of x."""
        shape: Shape = self.x.shape
        return shape

    def batch(self, rows: Rows) -> HostBatch:
        """Return some of the samples as a batch."""
        size = len(range(*rows.indices(len(self.x)))) if isinstance(rows, slice) else len(rows)
        return HostBatch(self, rows, size, rows)

    def subset(self, rows: slice) -> Samples:
        """Return some of the samples, as views."""
        return self._each(rows)

    def window(self, steps: slice) -> Samples:
        """Return some of the steps of all samples, as views; the model must have an output for each step."""
        return self._each((slice(None), steps))

    def _each(self, index: Any) -> Samples:
        x, target, weight, labels, mask = self
        target, weight, mask = (None if array is None else array[index] for array in (target, weight, mask))
        return Samples(x[index], target, weight, labels, mask)


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


class Batch(NamedTuple):
    """Device arrays of N samples, sequences time-major."""

    x: Array
    target: Array | None
    weight: Array | None
    mask: Array | None
    size: int  #: N


def steps_first(ops: Ops, array: Host, dtype: Any) -> Array:
    """Copy one number per sample (N,), or one per step (N, T) as (T, N), to the device."""
    return ops.asarray(np.ascontiguousarray(array.T), dtype)
