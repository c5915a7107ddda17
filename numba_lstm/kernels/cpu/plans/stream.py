"""Streams: the step of a model is recorded once for even and once for odd steps, and run for each step.

A state is a ring of two entries: a step reads one of them and writes the other, so that no step copies a state. Ops that write
rings find them by :func:`.recording.state_rings`. What any other op returns is copied to its ring.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from functools import partial
from time import perf_counter
from typing import Any

import numpy as np
import numpy.typing as npt

from ...contract import StepFunction
from ...packed_rows import PackedRows
from ...threads import get_num_threads
from ..arrays.copy_tasks import copied
from ..compiler.entry_point import entry_point
from ..gemm.layout import vector_geometry
from ..runtime import recording, thread_pool, workers
from ..runtime.graph import TaskGraph, run_eagerly, task_graphs
from ..runtime.memory import address, aligned, empty, extent, stride
from ..runtime.recording import Recording, StateRing
from ..runtime.strides import has_kernel_strides
from ..runtime.task import HostCall, Task, Team, kernel_calls
from .step_loop import RecordedStep, single_step, step_loop, step_table

Array = npt.NDArray[Any]


#: Steps for which a product is hoisted if it is for any number of them.
MANY_STEPS = 1_000_000

#: Numbers of steps whose hoisted products are kept: as a rule those of a whole chunk and of the rest.
MAX_PRODUCTS = 2


class StreamPlan:
    """The recorded step of N independent streams, and their states; see :meth:`.contract.Ops.stream_plan`."""

    def __init__(
        self, function: StepFunction, N: int, inputs: PackedRows, states: Sequence[tuple[int, ...]], threads: int
    ) -> None:
        self.dtype, self._N, self._inputs = inputs.dtype, N, inputs
        self.sizes = [shape[-1] for shape in states]
        self.rings = [(_padded_zeros if len(shape) == 2 else _zeros)((2, *shape), self.dtype) for shape in states]
        self.x = _padded_zeros((1, N, inputs.columns), self.dtype)[..., : inputs.columns]
        self._products: dict[int, tuple[Callable[[Array], Task], Array]] = {}  #: hoisted ones, by steps
        self._control = np.zeros(3, np.int64)  #: the next of the two recorded steps, and the addresses of their table's rows
        recordings, self.y = self._recorded_steps(function, threads, hoists=False)
        self.recordings = recordings
        tasks = [task for recorded in recordings for task in recorded.tasks]
        has_team = any(isinstance(task, Team) for task in tasks)
        self.compiled = not any(isinstance(task, HostCall) for task in tasks)
        self._graphs: list[Sequence[TaskGraph | HostCall]] = []  #: of both steps, where a team or a host call runs them
        if has_team or not self.compiled:
            for recorded in recordings:
                graphs = [TaskGraph(recorded.tasks)] if self.compiled else task_graphs(recorded.tasks)  # type: ignore[arg-type]
                self._graphs.append(graphs)
        self._last_end = 0.0  #: of a step, by the clock
        self._C = self.y[0].shape[1]
        self._hoisted = recordings[0].hoisted if self.compiled else None
        self._references: list[Any] = []  #: what the addresses in tables point to
        self.single_step: Callable[[Array, Array], None] | None = None
        if self.compiled:
            self._run_steps = entry_point(step_loop(self.dtype.name))
            self._table = self._step_table(recordings, [self.x[0]] * 2, self.y, in_place=False)
            self._control[1:] = address(self._table) + np.arange(2) * self._table.strides[0]
            if not has_team:
                self.single_step = partial(entry_point(single_step(self.dtype.name)), address(self._control))
        if self._hoisted is not None and self._hoisted.steps(MANY_STEPS) > 0:
            recordings, y = self._recorded_steps(function, threads, hoists=True)
            rows = [recorded.hoisted.rows for recorded in recordings if recorded.hoisted is not None]
            self._hoisting_table = self._step_table(recordings, rows, y, in_place=True)
            if self._reads_input(recordings):
                self._hoisted = None

    def _recorded_steps(self, function: StepFunction, threads: int, *, hoists: bool) -> tuple[list[Recording], list[Array]]:
        """Return recordings of an even and of an odd step, compiled, and their outputs (N, C)."""
        recordings, outputs = [], []
        for step in range(2):
            recorded = Recording(False, threads)
            recorded.input, recorded.hoists = self.x, hoists
            outputs.append(self._record(function, step, recorded))
            recordings.append(recorded)
        recordings[0].functions += [step_loop(self.dtype.name), single_step(self.dtype.name)]
        for recorded in recordings:
            recorded.compile()
        return recordings, outputs

    def _step_table(
        self, recordings: Sequence[Recording], inputs: Sequence[Array], outputs: Sequence[Array], *, in_place: bool
    ) -> Array:
        steps = [
            RecordedStep(recorded.tasks, recorded.recurrent_tasks, x, y, in_place)  # type: ignore[arg-type]  # no host calls
            for recorded, x, y in zip(recordings, inputs, outputs, strict=True)
        ]
        table, blocks = step_table(steps)
        self._references += [recordings, blocks]
        return table

    def _reads_input(self, recordings: Sequence[Recording]) -> bool:
        """Whether any task reads the input, and not the hoisted rows: that of a layer which is not the first one."""
        calls = [call for recorded in recordings for task in recorded.tasks for call in kernel_calls(task)]  # type: ignore[arg-type]
        first = address(self.x)
        last = first + extent(self.x)
        arguments = [a for call in calls for a in call.arguments if not isinstance(a, np.ndarray) or a.size]
        places = (address(a) if isinstance(a, np.ndarray) else a for a in arguments)
        return any(isinstance(place, int) and first <= place < last for place in places)

    def _states(self, step: int) -> list[Array]:
        """Return the states that a step reads, as views of their rings."""
        return [ring[step][..., :size] for ring, size in zip(self.rings, self.sizes, strict=True)]

    def _record(self, function: StepFunction, step: int, recorded: Recording) -> Array:
        """Record the tasks of a step, and return the buffer of its output (N, C)."""
        before, after = self._states(step), self._states(1 - step)
        recorded.states = {id(state): StateRing(ring, step) for state, ring in zip(before, self.rings, strict=True)}
        with recording.recording_to(recorded), thread_pool.thread_share(get_num_threads()):
            ys, written = function(self._inputs.unpack(self.x), before)
        copies = [copied(new, state) for new, state in zip(written, after, strict=True) if address(new) != address(state)]
        if copies:
            recorded.tasks += copies
            recorded.recurrent_tasks = len(recorded.tasks)
        return self._output_rows(ys, recorded)

    def _output_rows(self, ys: Sequence[Array], recorded: Recording) -> Array:
        """Return the outputs in rows (N, C): the only output itself if it has such rows, else a buffer to which tasks copy."""
        samples = [y.swapaxes(0, 1) if y.ndim > 2 else y for y in ys]
        if len(ys) == 1 and samples[0].size == self._N * samples[0].shape[-1] and samples[0].dtype == self.dtype:
            y = samples[0].reshape(self._N, -1)
            if has_kernel_strides(y) and np.may_share_memory(y, samples[0]):
                return y
        sizes = [y.size // self._N for y in samples]
        rows, start = aligned((self._N, sum(sizes)), self.dtype), 0
        for y, size in zip(samples, sizes, strict=True):
            into = rows[:, start : start + size].reshape(y.shape)
            floating = y.dtype == self.dtype
            recorded.tasks.append(copied(y, into) if floating else HostCall(np.copyto, into, y, casting="unsafe"))
            start += size
        return rows

    @property
    def _step(self) -> int:
        """The next of the two recorded steps."""
        return int(self._control[0])

    @_step.setter
    def _step(self, step: int) -> None:
        self._control[0] = step

    def __call__(self, x: Array, out: Array | None = None) -> Array:
        flat = x.ndim == 1
        y = empty(self._N * self._C, self.dtype) if out is None else out if flat else out.reshape(-1)
        if self.single_step is not None:
            self.single_step(x if flat else x.reshape(-1), y)
        elif not self.compiled or thread_pool.available_threads() > 1:
            y[...] = self._run_graphs(x)
        else:
            self._run_steps(self._table, x if flat else x.reshape(-1), y, self._step, 1, 0)
            self._step ^= 1
        return y if flat else y.reshape(self._N, -1) if out is None else out

    def run_last(self, x: Array) -> Array:
        return self._run(x, 0)[0]

    def run(self, x: Array) -> Array:
        return self._run(x, 1)

    def _run(self, x: Array, every: int) -> Array:
        """Run all steps x (T, N, D), and return the output of ``every`` one or of the last one, (T or 1, N, C)."""
        T = len(x)
        if not self.compiled:
            return np.stack([self._run_graphs(step).reshape(self._N, -1).copy() for step in x])[0 if every else T - 1 :]
        y, x, table = empty((T if every else 1, self._N, self._C), self.dtype), np.ascontiguousarray(x), self._table
        hoisted = self._hoisted.steps(T) if self._hoisted else 0
        for t in range(0, T, hoisted or T):
            steps, out = x[t : t + hoisted] if hoisted else x, y[t : t + hoisted] if hoisted and every else y
            count = len(steps)
            if hoisted:
                product, rows = self._product(steps)
                run_eagerly([product(steps)])
                steps, table = rows, self._hoisting_table
            self._run_steps(table, steps.reshape(-1), out.reshape(-1), self._step, count, every)
            self._step ^= count & 1
        return y

    def _product(self, x: Array) -> tuple[Callable[[Array], Task], Array]:
        """Return what makes the task of the hoisted product of steps like these, and its rows."""
        found = self._products.get(len(x))
        if found is None:
            assert self._hoisted is not None
            rows = aligned((len(x) * self._N, self._hoisted.rows.shape[1]), self.dtype)
            found = self._hoisted.product(x, rows), rows
            if len(self._products) == MAX_PRODUCTS:
                self._products.clear()
            self._products[len(x)] = found
        return found

    def _run_graphs(self, x: Array) -> Array:
        """Run a step by spinning workers, and by NumPy's functions, and return the buffer of its output.

        Sleeping workers are woken only when steps come quickly.
        """
        wake = perf_counter() - self._last_end < workers.SPIN_SECONDS
        self.x[0] = x
        for graph in self._graphs[self._step]:
            if isinstance(graph, TaskGraph):
                graph(wake=wake, wait_for_team=False)
            else:
                graph()
        y = self.y[self._step].reshape(-1)
        self._step ^= 1
        self._last_end = perf_counter()
        return y

    @property
    def states(self) -> list[Array]:
        return [state.copy() for state in self._states(self._step)]

    def set_states(self, states: Sequence[Array] | None) -> None:
        self._step = 0
        for state, value in zip(self._states(0), states or [0] * len(self.rings), strict=True):  # type: ignore[list-item]
            state[...] = value


def _zeros(shape: tuple[int, ...], dtype: np.dtype[Any]) -> Array:
    zeros = aligned(shape, dtype)
    zeros[...] = 0
    return zeros


def _padded_zeros(shape: tuple[int, ...], dtype: np.dtype[Any]) -> Array:
    """Return zeros in rows with padding up to the end of a block of columns."""
    columns = vector_geometry(dtype).w
    return _zeros((*shape[:-1], stride(-(-shape[-1] // columns) * columns, dtype)), dtype)


def stream_plan(
    function: StepFunction, N: int, inputs: PackedRows, states: Sequence[tuple[int, ...]], threads: int = 1
) -> StreamPlan:
    """CPU: task graphs of an even and of an odd step, which one compiled call runs for many steps."""
    return StreamPlan(function, N, inputs, states, threads)
