"""Recordings: the tasks of ops, kept instead of run, of which a plan (:mod:`..plans.plan`) is made.

While a thread records, :func:`.graph.run_eagerly` appends tasks. The arrays that ops return are buffers, whose elements mean
nothing until the tasks have run. So an op may look at shapes, dtypes and strides of its inputs, and never at elements.
"""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import AbstractContextManager, contextmanager
from itertools import zip_longest
from typing import Any, NamedTuple

import numpy.typing as npt

from ...contract import Weight
from ...specs import Key
from ..compiler.jit import CFunction, Kernel, prepare
from .memory import aligned, stride
from .task import HostCall, ParallelFor, Task, Team, kernel_calls

Array = npt.NDArray[Any]


class StateRing(NamedTuple):
    """The rows of a stream's state: a step reads one entry of the ring and writes the other one."""

    entries: Array  #: (2, N, ...), with zeros after the elements of each row
    step: int  #: the entry that is read

    @property
    def next(self) -> Array:
        """The entry that is written."""
        return self.entries[1 - self.step]  # type: ignore[no-any-return]


class Hoisted(NamedTuple):
    """The product of a stream's input with the weights of its first layer, which can be computed for many steps at a time."""

    rows: Array  #: (N, ...) rows of the product of a step
    steps: Callable[[int], int]  #: of T steps the number of a product; 0: single steps are as fast
    product: Callable[[Array, Array], Callable[[Array], Task]]  #: for x like this one (T, N, D), and rows of all steps


class Recording:
    """The tasks of ops, in their order, and what a plan has to know beside them.

    Parameters
    ----------
    packs : bool
        Whether to record the packing of weights too, for a plan of training, whose weights change from call to call. Without
        it the plan reads the forms that the weights keep, and belongs to the present versions of the weights.
    max_team_size : int
        Of a stream: the most threads that may share a step of a single row.
    """

    def __init__(self, packs: bool, max_team_size: int = 1) -> None:
        self.packs, self.max_team_size = packs, max_team_size
        self.tasks: list[Task] = []
        self.keys: list[tuple[npt.NDArray[Any], Key]] = []  #: arrays of the words of keys, which a kernel reads
        self.packed: dict[tuple[int, str], Any] = {}  #: packed forms that tasks make, by the identity of the weight
        self.weights: dict[int, Weight] = {}  #: weights that are read, by their identity
        self.written: list[Weight] = []  #: weights that tasks write
        self.functions: list[Kernel | CFunction] = []  #: what is called besides, and is no argument of a task
        self.states: dict[int, StateRing] = {}  #: of a stream, by the identity of the array that a step begins with
        self.input: Array | None = None  #: of a stream, (1, N, D); of a decoder, the rows of its first table
        self.tokens: Array | None = None  #: of a decoder, the indices of the next step
        self.lookups: list[tuple[Array, Array]] = []  #: tables, and the rows of theirs for the tokens, which no task copies
        self.hoists = False  #: whether the tasks read the rows of ``hoisted`` in place of the input
        self.hoisted: Hoisted | None = None
        self.scratch: list[Array] = []  #: what a task writes before it reads it, and no other task reads
        self.recurrent_tasks = 0  #: of a stream: the number of tasks up to the last one that writes a ring
        self.late: list[Callable[[], None]] = []  #: what has to be called before the tasks run, when all is compiled

    def branch(self) -> Recording:
        """Return a recording of tasks that run beside others, and read what tasks so far have packed."""
        part = Recording(self.packs)
        part.packed |= self.packed
        return part

    def join(self, branches: Sequence[Recording]) -> None:
        """Append the tasks of branches, stage by stage from their ends: some may have a product more at their beginning.

        The kernel calls of a stage become one :class:`.task.ParallelFor`.
        """
        stages = list(zip_longest(*(reversed(branch.tasks) for branch in branches)))
        for stage in reversed(stages):
            tasks = [task for task in stage if task is not None]
            self.tasks += [task for task in tasks if isinstance(task, (HostCall, Team))]
            calls = [call for task in tasks if not isinstance(task, (HostCall, Team)) for call in kernel_calls(task)]
            if calls:
                self.tasks.append(ParallelFor(calls))
        for branch in branches:
            self.keys += branch.keys
            self.packed |= branch.packed
            self.weights |= branch.weights
            self.written += branch.written
            self.functions += branch.functions
            self.late += branch.late

    def compile(self) -> None:
        """Compile all kernels of the tasks, and finish what waits for their addresses."""
        functions: list[Kernel | CFunction] = [*self.functions]
        for task in self.tasks:
            for call in () if isinstance(task, HostCall) else kernel_calls(task):
                functions += [call.kernel, *(value for value in call.arguments if isinstance(value, CFunction))]
        prepare(functions)
        for finish in self.late:
            finish()


class _Active(threading.local):
    recording: Recording | None = None


_active = _Active()


def active() -> Recording | None:
    """Return the recording of the calling thread, or None."""
    return _active.recording


@contextmanager
def recording_to(recording: Recording | None) -> Iterator[None]:
    """Append the tasks of the ops that the calling thread calls to ``recording``; run them immediately for None."""
    outer, _active.recording = _active.recording, recording
    try:
        yield
    finally:
        _active.recording = outer


def reading(weight: Weight) -> npt.NDArray[Any]:
    """Return the array of a weight, for tasks that read it."""
    recording = active()
    if recording is not None:
        recording.weights[id(weight)] = weight
    return weight.value


@contextmanager
def writing(*weights: Weight) -> Iterator[list[npt.NDArray[Any]]]:
    """Yield the arrays of weights, for tasks that write them, which are run or recorded until the end of the context."""
    recording = active()
    if recording is not None:
        recording.written += weights
    yield [weight.writable() for weight in weights]
    for weight in weights:
        weight.written()


def fetch_values(weights: Iterable[Weight]) -> None:
    """Copy the values that a device holds to the host, before tasks read them."""
    for weight in weights:
        if weight.fetch is not None:
            weight.value  # noqa: B018  # which fetches it


def begin_writing(weights: Sequence[Weight]) -> None:
    """Call ``writable`` of many weights whose arrays tasks have already; a call of each would take as long as a small task."""
    for weight in weights:
        if weight.fetch is not None:
            weight.value  # noqa: B018  # which fetches it
        weight.version += 1


def end_writing(weights: Iterable[Weight]) -> None:
    """Call ``written`` of many weights."""
    for weight in weights:
        weight.version += 1


def state_rings(*states: Array | None) -> tuple[list[StateRing], int]:
    """Return the rings of states that a stream keeps, for the op that writes them, and the entry that the step reads.

    The states of any other call have none, and 0.
    """
    known = {} if _active.recording is None else _active.recording.states
    if not known or any(id(state) not in known for state in states):
        return [], 0
    rings = [known.pop(id(state)) for state in states]
    return rings, rings[0].step


def look_up(indices: Array, table: Array) -> Array | None:
    """Return the rows of a table for the tokens of the decoder that the calling thread records; None for other indices.

    They are an input as that of a stream. The plan copies them before each step.
    """
    recording = active()
    if recording is None or indices is not recording.tokens:
        return None
    columns = table.shape[1]
    rows = aligned((*indices.shape, stride(columns, table.dtype)), table.dtype)[..., :columns]
    recording.lookups.append((table, rows))
    if recording.input is None:
        recording.input = rows
    return rows


def scratch(shape: tuple[int, ...], dtype: Any) -> Array:
    """Return memory for one kernel call, which writes it before it reads it; what is there after the call, nobody reads."""
    made, recording = aligned(shape, dtype), active()
    if recording is not None:
        recording.scratch.append(made)
    return made


def max_team_size() -> int:
    """Return the most threads that may share a step of the stream that the calling thread records."""
    return 1 if _active.recording is None else _active.recording.max_team_size


def rings_written() -> None:
    """Note that the tasks so far write the rings of a layer: all but the last of many steps end with such a task."""
    if _active.recording is not None:
        _active.recording.recurrent_tasks = len(_active.recording.tasks)


def pause() -> AbstractContextManager[None]:
    """Run tasks immediately, for what is computed once and not at each run of a plan."""
    return recording_to(None)
