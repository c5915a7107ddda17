"""Plans: what ops do for a function is recorded once, and run for each batch of one shape.

A call of an op takes microseconds in Python: buffers, views, the choice of kernels. A plan has all of that ready.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from typing import Any

import numpy as np
import numpy.typing as npt

from ...specs import Key, PartKey
from ..lstm.tasks import max_row_splits
from ..ops.philox import BEGIN, STEP, TOTAL
from ..runtime import recording, thread_pool
from ..runtime.graph import TaskGraph, task_graphs
from ..runtime.memory import address, empty, empty_like_strided
from ..runtime.recording import Recording, begin_writing, end_writing, fetch_values
from ..runtime.task import HostCall, Team, partition

Array = npt.NDArray[Any]

#: Bytes of the largest input that is copied to the buffer of a plan: to find where it lies takes as long.
MAX_COPIED = 16 * 1024


class Plan:
    """A function of arrays as the tasks of its ops; see :meth:`.contract.Ops.plan`."""

    def __init__(
        self, function: Callable[..., Any], inputs: Sequence[Array | None], key: Key | None, training: bool, work: float
    ) -> None:
        x, *others = inputs
        assert x is not None
        buffers: list[Array | None] = [empty_like_strided(x)]
        buffers += [None if other is None else empty(other.shape, other.dtype) for other in others]
        self.outputs, recorded = _record(function, buffers, key, training, work)
        self._input = buffers[0]
        self._others = [(buffer, place) for place, buffer in enumerate(buffers) if place > 0 and buffer is not None]
        self._keys = [words for words, _ in recorded.keys]
        self._sections = [words for words, key in recorded.keys if isinstance(key, PartKey)]
        self._weights = list(recorded.weights.values()) if training else []  # else they have not changed since
        self._written = recorded.written
        recorded.compile()
        seen = [self.outputs, *(_values(task) for task in recorded.tasks if isinstance(task, HostCall))]
        #: Whether x may be anywhere: it is large, and neither outputs nor calls of the interpreter hold its buffer.
        self._reads_in_place = x.nbytes > MAX_COPIED and not any(
            np.may_share_memory(array, self._input) for array in _arrays(seen)
        )
        self._steps = task_graphs(recorded.tasks, self._input if self._reads_in_place else None)

    def __call__(self, *inputs: Array | None, key: Key | None = None) -> Any:
        if self._weights:
            fetch_values(self._weights)
        x, buffer = inputs[0], self._input
        for other, value in self._others:
            other[...] = inputs[value]
        if not self._reads_in_place:
            buffer[...] = x
        else:
            if x.strides != buffer.strides or not x.flags.aligned:  # type: ignore[union-attr]
                buffer[...] = x
                x = buffer
            first = address(x)
            for step in self._steps:
                if isinstance(step, TaskGraph):
                    step.place_input(first)
        if key is not None:
            for words in self._keys:
                words[STEP] = key.step
            if isinstance(key, PartKey):
                for words in self._sections:
                    words[BEGIN], words[TOTAL] = key.begin, key.total
        if self._written:
            begin_writing(self._written)
        for step in self._steps:
            step()
        if self._written:
            end_writing(self._written)
        return self.outputs


def _record(
    function: Callable[..., Any], inputs: list[Any], key: Key | None, training: bool, work: float
) -> tuple[Any, Recording]:
    """Return the outputs of a function, as buffers, and the tasks that fill them."""
    recorded = Recording(training)
    with recording.recording_to(recorded):
        outputs = function(*inputs, key)
    N = inputs[0].shape[1] if inputs[0].ndim > 2 else 1
    splits = 1 if training else thread_pool.num_splits(work, max_row_splits(N))
    if splits == 1 or any(isinstance(task, Team) for task in recorded.tasks):
        return outputs, recorded
    return _record_shares(function, inputs, splits)


def _record_shares(function: Callable[..., Any], inputs: list[Any], splits: int) -> tuple[Any, Recording]:
    """Return the same for an inference, whose rows do not depend on each other: each thread computes a share to its end."""
    whole, shares, outputs = Recording(False), [], []
    N = inputs[0].shape[1]
    with thread_pool.thread_share(splits):
        for index in range(splits):
            rows = slice(*partition(N, index, splits))
            shares.append(whole.branch())
            with recording.recording_to(shares[-1]):
                outputs.append(function(*(None if x is None else x[:, rows] for x in inputs), None))
    whole.join(shares)
    ys, masks = zip(*outputs, strict=True)
    y = _joined(whole, ys, 1 if ys[0].ndim > 2 else 0)
    return (y, None if masks[0] is None else _joined(whole, masks, 1)), whole


def _joined(whole: Recording, shares: Sequence[Array], axis: int) -> Array:
    """Return the rows of all shares in one array, which a task fills."""
    shape = list(shares[0].shape)
    shape[axis] = sum(share.shape[axis] for share in shares)
    y = empty(tuple(shape), shares[0].dtype)
    whole.tasks.append(HostCall(np.concatenate, shares, axis=axis, out=y))
    return y


def _values(call: HostCall) -> list[Any]:
    """Return the arguments of a call."""
    return [*call.arguments, *call.keywords.values()]


def _arrays(value: Any) -> Iterator[Array]:
    """Yield the arrays in nested tuples and lists."""
    if isinstance(value, np.ndarray):
        yield value
    elif isinstance(value, (tuple, list)):
        for part in value:
            yield from _arrays(part)


def plan(
    function: Callable[..., Any],
    inputs: Sequence[Array | None],
    *,
    key: Key | None = None,
    training: bool = False,
    work: float = 0.0,
) -> Plan:
    """CPU: task graphs, between which NumPy's functions run."""
    return Plan(function, inputs, key, training, work)


def copy_output(output: Any) -> Any:
    """CPU: a number is read."""
    return output.copy() if np.ndim(output) else float(output)
