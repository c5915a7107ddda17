"""Plans: what ops do for a function is recorded once, and run for each batch of one shape.

A call of an op takes microseconds in Python: buffers, views, the choice of kernels. A plan has all of that ready.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from typing import Any

import numpy as np
import numpy.typing as npt

from ...specs import Key
from ..lstm.tasks import max_row_splits
from ..ops.philox import STEP
from ..runtime import recording, thread_pool
from ..runtime.graph import TaskGraph, task_graphs
from ..runtime.memory import address, empty, empty_like_strided
from ..runtime.recording import Recording
from ..runtime.task import HostCall, Team, partition

Array = npt.NDArray[Any]


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
        self._weights = list(recorded.weights.values()) if training else []  # else they have not changed since
        self._written = recorded.written
        recorded.compile()
        steps = task_graphs(recorded.tasks, self._input)
        self._steps: list[tuple[Callable[..., None], bool]] = [(step, isinstance(step, TaskGraph)) for step in steps]
        seen = [self.outputs, *(_values(step) for step in steps if isinstance(step, HostCall))]
        #: Whether x may be anywhere: neither outputs nor calls of the interpreter hold its buffer.
        self._reads_in_place = not any(np.may_share_memory(array, self._input) for array in _arrays(seen))

    def __call__(self, *inputs: Array | None, key: Key | None = None) -> Any:
        for weight in self._weights:
            weight.value  # noqa: B018  # what a device holds comes first
        x, buffer = inputs[0], self._input
        for other, value in self._others:
            other[...] = inputs[value]
        if not self._reads_in_place or x.strides != buffer.strides or not x.flags.aligned:  # type: ignore[union-attr]
            buffer[...] = x
            x = buffer
        if key is not None:
            for words in self._keys:
                words[STEP] = key.step
        for weight in self._written:
            weight.writable()
        first = address(x)
        for step, takes_input in self._steps:
            if takes_input:
                step(first)
            else:
                step()
        for weight in self._written:
            weight.written()
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
