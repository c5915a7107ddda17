"""Task graphs: lists of tasks that are lowered to addresses once; compiled code runs them (:mod:`.executor`).

Ops hand their tasks to :func:`run_eagerly`. A recording (:mod:`.recording`) keeps them instead.
"""

from __future__ import annotations

from array import array
from collections.abc import Iterable, Sequence
from functools import partial
from itertools import groupby
from struct import pack
from threading import Lock
from typing import Any, NamedTuple

import numpy.typing as npt

from ..compiler.jit import ArrayArgument, CFunction, Entry, entry
from . import executor, recording, thread_pool
from .memory import address, extent
from .strides import has_contiguous_rows
from .task import HostCall, KernelCall, ParallelFor, Task, Team, kernel_calls

Array = npt.NDArray[Any]


class TaskGraph:
    """Tasks in their order, as compiled code runs them, on as many threads as the widest of them has calls.

    Parameters
    ----------
    tasks : sequence of KernelCall, ParallelFor and Team
        A task begins when the one before it has ended.
    input_ : array, optional
        An input placeholder without negative strides: :meth:`place_input` substitutes any array with the same strides.
    """

    def __init__(self, tasks: Sequence[KernelCall | ParallelFor | Team], input_: Array | None = None) -> None:
        known: dict[tuple[int, int], tuple[int, ...]] = {}
        blocks, stages = [], []
        patches = None if input_ is None else _InputPatches(address(input_), address(input_) + extent(input_), [])
        for task in tasks:
            calls = []
            for call in kernel_calls(task):
                target = entry(call.kernel)
                block = argument_block(target, call, known, patches)
                blocks.append(block)
                calls.append((target.caller, *block.buffer_info()))
            stages.append((address(task.barrier_counter) if isinstance(task, Team) else 0, calls))
        self._references = tasks, blocks
        self._lock = Lock()
        self._width = max([len(calls) for _, calls in stages], default=1)
        is_list = self._width <= 1 and not any(isinstance(task, Team) for task in tasks)
        self._words = executor.lower_list(stages) if is_list else executor.lower(stages)
        self._address = self._words.buffer_info()[0]
        #: Runs all calls on the calling thread, where no stage has several.
        self._run_calls = partial(executor.compiled(executor.run_calls), self._address, len(blocks)) if is_list else None
        self._patches = [] if patches is None else patches.found

    def place_input(self, first: int) -> None:
        """Let the calls read the input from the address ``first`` on; no thread runs the graph meanwhile."""
        for block, word, offset in self._patches:
            block[word] = first + offset

    def __call__(self, *, wake: bool = True, wait_for_team: bool = True) -> None:
        """Run the graph, see :func:`.thread_pool.run_graph`.

        Raises
        ------
        RuntimeError
            While another thread runs it.
        """
        if not self._lock.acquire(False):
            raise RuntimeError("another thread is using this just now, and it serves one at a time. Make a stream for each.")
        try:
            if self._run_calls is not None:
                self._run_calls()
            else:
                thread_pool.run_graph(self._address, self._width, wake=wake, wait_for_team=wait_for_team)
        finally:
            self._lock.release()


def run_eagerly(tasks: Iterable[Task]) -> None:
    """Run tasks one after the other, once; while the calling thread records, keep them instead.

    Calls go through the interpreter, which costs less than lowering them. Where threads share any of the tasks, neighbouring
    tasks are one graph, so that workers come once for all. Teams are graphs of their own: a team that starts with its caller
    alone stays alone, so each team asks for workers.
    """
    active = recording.active()
    if active is not None:
        active.tasks.extend(tasks)
        return
    tasks = list(tasks)
    if thread_pool.available_threads() == 1 or not any(isinstance(task, ParallelFor) for task in tasks):
        for task in tasks:
            _run(task)
        return
    for in_graph, group in groupby(tasks, lambda task: isinstance(task, (KernelCall, ParallelFor))):
        following = list(group)
        if in_graph and any(isinstance(task, ParallelFor) for task in following):
            TaskGraph(following)()  # type: ignore[arg-type]
        else:
            for task in following:
                _run(task)


def _run(task: Task) -> None:
    if isinstance(task, Team):
        TaskGraph([task])()
    elif isinstance(task, ParallelFor):
        for call in task.calls:
            call()
    else:
        task()


def parallel_if_worthwhile(calls: Sequence[KernelCall], multiplications: float) -> list[KernelCall | ParallelFor]:
    """Independent calls of so many multiplications in all, as one :class:`.task.ParallelFor` if threads gain by it."""
    return [ParallelFor(calls)] if thread_pool.num_splits(multiplications, len(calls)) > 1 else list(calls)


def task_graphs(tasks: Iterable[Task], input_: Array | None = None) -> list[TaskGraph | HostCall]:
    """Tasks as graphs, to be run in this order over and over; each team is a graph of its own, and host calls stay calls."""
    graphs: list[TaskGraph | HostCall] = []
    for kind, group in groupby(tasks, lambda task: type(task) if isinstance(task, (Team, HostCall)) else KernelCall):
        following: list[Any] = list(group)
        if kind is HostCall:
            graphs += following
        else:
            graphs += [TaskGraph([task], input_) for task in following] if kind is Team else [TaskGraph(following, input_)]
    return graphs


class _InputPatches(NamedTuple):
    """The words of argument blocks that are addresses inside the input placeholder, which lies from ``first`` to ``end``."""

    first: int
    end: int
    found: list[tuple[array[int], int, int]]  #: a block, the index of the word, and the offset from ``first``


def argument_block(
    target: Entry, call: KernelCall, known: dict[tuple[int, int], tuple[int, ...]], patches: _InputPatches | None = None
) -> array[int]:
    """The address of a kernel, and its arguments as the words that its machine code takes them for."""
    block = array("q", (target.address,))
    for kind, value in zip(target.arguments, call.arguments, strict=True):
        if kind is int:
            value = value.address if isinstance(value, CFunction) else value
            if patches is not None and patches.first <= value < patches.end:  # an address, which no size comes near
                patches.found.append((block, len(block), value - patches.first))
            block.append(value)
        elif kind is float:
            block.frombytes(pack("d", value))
        else:
            words = known.get((id(value), id(kind)))
            if words is None:
                words = known[id(value), id(kind)] = _array_words(kind, value)
            if patches is not None and patches.first <= words[ADDRESS] < patches.end:
                patches.found.append((block, len(block) + ADDRESS, words[ADDRESS] - patches.first))
            block.extend(words)
    return block


#: The index of the address among the words of an array.
ADDRESS = 4


def _array_words(kind: ArrayArgument, value: Array) -> tuple[int, ...]:
    """An array as Numba's machine code takes it: no owner, its size, bytes an element, its address, shape and strides."""
    as_read = value.flags.c_contiguous if kind.contiguous else has_contiguous_rows(value) or value.ndim == 1
    if value.ndim != kind.ndim or value.dtype != kind.dtype or not as_read:
        raise TypeError(f"a kernel takes {kind} here, got {value.dtype} of shape {value.shape}, strides {value.strides}.")
    return 0, 0, value.size, value.itemsize, address(value), *value.shape, *value.strides
