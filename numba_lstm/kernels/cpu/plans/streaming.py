"""CPU twin of streams: the whole model in one compiled call a step. They write the programs (:mod:`.stream_programs`)."""

from __future__ import annotations

from collections.abc import Sequence
from functools import partial
from time import perf_counter
from typing import Any, NamedTuple, cast

import numpy as np
import numpy.typing as npt

from ....gates import COUNT
from ...contract import DenseLayerSpec, LSTMLayerSpec, LSTMWeights
from ...specs import LSTMSpec
from ..gemm import pack
from ..gemm.gemm import Product
from ..gemm.layout import PanelLayout, column_layout, panel_layout, pointwise_lanes, vector_geometry
from ..lstm.int8 import int8_forward
from ..lstm.kernel_selection import hoisted_steps
from ..lstm.pointwise import CallOptions, gate_kernel, output_kernel, scalar_parameters, traits
from ..lstm.rowwise import rowwise_stream
from ..lstm.rowwise.rowwise_forward import needs_rowwise
from ..lstm.tasks import hoisted_rows, input_product
from ..ops.activation import row_kernel
from ..runtime import thread_pool
from ..runtime.graph import TaskGraph, run_eagerly
from ..runtime.memory import address, aligned, empty, stride
from ..runtime.task import KernelCall, Team
from ..simd.custom_activation import canonical, canonical_spec
from .stream_programs import (
    ACTIVATION,
    AHEAD,
    BIAS,
    DENSE,
    FIELDS,
    KIND,
    LOOP,
    LSTM,
    ROWS,
    UNITS,
    D,
    steps_of_one,
    steps_of_rows,
)

Array = npt.NDArray[Any]

#: Bytes of weights from which on threads share a step of one row: one core's second-level cache does not hold them.
LARGE = 2 * 1024 * 1024

NO_MASK = np.zeros((0, 0), np.bool_)


class _SharedStep(NamedTuple):
    """A step of one row by several threads, bound once: its input, its output, and what is done in each phase."""

    members: int
    x: Array
    y: Array
    task_graphs: tuple[TaskGraph, TaskGraph]


class _Stream:
    """N rows through a model's parts: its program, what the program's addresses point to, and the states."""

    def __init__(
        self, parts: Sequence[LSTMLayerSpec | DenseLayerSpec], features: int, N: int, dtype: Any, threads: int
    ) -> None:
        self.dtype = np.dtype(dtype)
        self._shape = vector_geometry(self.dtype)
        self.rows, self._features, self._phase = N, features, 0
        self._held: list[Any] = []
        self._states: list[tuple[Array, Array, int, int]] = []
        size, apart, rows = features, features, []
        for part in parts:
            row = self._lstm(part, apart) if isinstance(part, LSTMLayerSpec) else self._dense(part, size)
            size, apart = row[UNITS], row[ROWS]
            rows.append(row)
        self.outputs = size
        self._first: tuple[Array, Array, PanelLayout] | None = None  #: W, b and the panels of an LSTM that x itself goes into
        if rows and rows[0][KIND] == LSTM:
            weights = cast(LSTMLayerSpec, parts[0]).weights
            cut = panel_layout(rows[0][UNITS], self._shape.V)
            b = pack.gate_bias(weights.bias, cut, self.dtype)
            self._first = weights.kernel.prepared("cpu.panels", pack.gate_panels), b, cut
        self._aheads: dict[int, int] = {}  #: what :meth:`_steps_ahead` answered
        #: Products ahead, and the programs that read them, by steps: of a whole chunk and of what it leaves, as a rule.
        self._products: dict[int, tuple[Product, Array]] = {}
        self._beginnings = [first for h, c, _, _ in self._states for first in (h[0], c)]
        self._program = np.array(rows, np.int64).reshape(len(rows), FIELDS)
        self._z = self._keep(aligned((self._shape.scratch,), self.dtype))
        self._last = max((k for k, row in enumerate(rows) if row[KIND] in (LSTM, LOOP)), default=-1)
        self._run = (steps_of_one if N == 1 else steps_of_rows)(self._shape).compiled
        weights = sum(COUNT * row[UNITS] * (row[UNITS] + row[D]) for row in rows if row[KIND] == LSTM)
        self._large = N == 1 and weights * self.dtype.itemsize >= LARGE
        self._threads = threads
        self._shared: _SharedStep | None = None
        self._ended = 0.0  # when the last step did

    def _keep(self, thing: Any) -> Any:
        self._held.append(thing)
        return thing

    def _at(self, array: Array) -> int:
        return address(self._keep(array))

    def _lstm(self, part: LSTMLayerSpec, x_rows: int) -> list[int]:
        weights, spec = part.weights, canonical_spec(part.spec)
        if spec.int8 or needs_rowwise(weights):
            return self._loop(weights, spec, x_rows)
        size, H = weights.kernel.value.shape[0], weights.recurrent_kernel.value.shape[0]
        cut = panel_layout(H, self._shape.V)
        h = aligned((2, self.rows, stride(cut.padded, self.dtype)), self.dtype)
        c = aligned((self.rows, stride(cut.padded, self.dtype)), self.dtype)
        h[...], c[...] = 0, 0
        self._states.append((h, c, H, H))
        how = traits(spec, CallOptions(False, weights.peephole is not None, False, False, False))
        cells = [
            self._keep(make(how, self._shape.dtype, *lanes)).address
            for make in (partial(gate_kernel, tape=False), output_kernel)
            for lanes in pointwise_lanes(cut, self.rows > 1)
        ]
        W, U = (v.prepared("cpu.panels", pack.gate_panels) for v in (weights.kernel, weights.recurrent_kernel))
        b = pack.gate_bias(weights.bias, cut, self.dtype)
        V_ = weights.peephole
        peephole = 0 if V_ is None else self._at(V_.prepared("cpu.panels", pack.peephole_panels))
        return [
            LSTM, size, H, self._at(W), self._at(U), self._at(b), *cells[:2], self._at(h), self._at(c),
            cut.full, cut.C, h.shape[2], c.shape[1], *cells[2:], peephole, self._at(scalar_parameters(spec, self.dtype)), 0,
        ]  # fmt: skip

    def _loop(self, weights: LSTMWeights, spec: LSTMSpec, x_rows: int) -> list[int]:
        size, (P, width) = weights.kernel.value.shape[0], weights.recurrent_kernel.value.shape
        way = int8_forward if spec.int8 else rowwise_stream
        loop, job, h, c = way.stream_part(weights, spec, self.rows, x_rows, self._held)
        self._states.append((h, c, P, width // 4))
        return [LOOP, size, P, job, 0, 0, loop, 0, self._at(h), self._at(c), 0, 0, h.shape[2], c.shape[1], 0, 0, 0, 0, 0]

    def _dense(self, part: DenseLayerSpec, size: int) -> list[int]:
        kernel_, bias, activation = part.kernel, part.bias, canonical(part.activation)
        C = size if kernel_ is None else kernel_.value.shape[1]
        cut = column_layout(C, self._shape)
        padded = cut.padded(self._shape)
        out = aligned((self.rows, padded), self.dtype)
        out[...] = 0
        W, b = self._blocks(kernel_, bias, padded)
        cell = 0 if activation.name == "linear" else self._keep(row_kernel(activation, self._shape.dtype)).address
        kind = ACTIVATION if kernel_ is None else DENSE
        return [kind, size, C, W, W, b, cell, cell, self._at(out), 0, cut.full, cut.C, padded, 0, 0, 0, 0, 0, 0]

    def _blocks(self, kernel_: Any, bias: Any, padded: int) -> tuple[int, int]:
        if kernel_ is None:
            return 0, 0
        b = pack.zero_bias(padded, self.dtype) if bias is None else bias.prepared("cpu.blocks", pack.blocks)
        return self._at(kernel_.prepared("cpu.blocks", pack.blocks)), self._at(b)

    def __call__(self, x: Array) -> Array:
        members = min(self._threads, thread_pool.available_threads()) if self._large else 1
        if members > 1:
            y = self._by_team(x, members)
        else:
            y = empty(self.rows * self.outputs, self.dtype)
            if self.rows == 1:  # without a call of _arguments, which takes a third of a small step's time
                flat = x if x.ndim == 1 else x.reshape(-1)
                phase, last = self._phase, self._last
                self._run(self._program, flat, y, self._z, NO_MASK, self._features, phase, 1, last, 0, 0, 1)
            else:
                self._run(*self._arguments(self._program, x[None], y, self._phase, self._last))
        self._phase ^= 1
        return y if x.ndim == 1 else y.reshape(self.rows, -1)

    def run_last(self, x: Array) -> Array:
        y = empty(self.rows * self.outputs, self.dtype)
        self._walk(x, y, self._last)
        return y.reshape(self.rows, -1)

    def run(self, x: Array) -> Array:
        y = empty((len(x), self.rows, self.outputs), self.dtype)
        self._walk(x, y.reshape(-1), len(self._program))
        return y

    def _walk(self, x: Array, y: Array, last: int) -> None:
        """All steps x (T, N, D), with y of the last one, or of each where ``last`` is beyond the program."""
        ahead, every = self._ahead(len(x)), last == len(self._program)
        if ahead:
            x = np.ascontiguousarray(x)
        size = self.rows * self.outputs
        for t in range(0, len(x), ahead or len(x)):
            now, program = x[t : t + (ahead or len(x))], self._program
            if self._first and ahead:
                product, program = self._product(now, *self._first)
                run_eagerly([product(now)])
            self._run(*self._arguments(program, now, y[t * size : (t + len(now)) * size] if every else y, self._phase, last))
            self._phase ^= len(now) & 1

    def _arguments(self, program: Array, x: Array, y: Array, phase: int, last: int) -> tuple[Any, ...]:
        """Those of the compiled function for steps x (T, N, D), which are copied if they do not follow on."""
        (T, N, D), flat = x.shape, np.ascontiguousarray(x).reshape(-1)
        if N == 1:
            return program, flat, y, self._z, NO_MASK, D, phase, T, last, 0, 0, 1
        return program, flat, y, self._z, NO_MASK, N, N * D, D, phase, T, last

    def _by_team(self, x: Array, members: int) -> Array:
        """A step of one row by the threads that look for work: none is waited for that sleeps, or woken but for fast steps."""
        idle = perf_counter() - self._ended
        step = self._shared
        if step is None or step.members != members:
            step = self._shared = self._bound(members)
        step.x[...] = x.reshape(-1)
        step.task_graphs[self._phase](wake=idle < thread_pool.SPIN_SECONDS, wait_for_team=False)
        self._ended = perf_counter()
        return step.y.copy()

    def _bound(self, members: int) -> _SharedStep:
        x, y = empty(self._features, self.dtype), empty(self.outputs, self.dtype)
        barrier_counter, scratch = aligned((1,), np.int64), [aligned(self._z.shape, self.dtype) for _ in range(members)]

        def score(phase: int) -> TaskGraph:
            how = self._features, phase, 1, self._last, address(barrier_counter)
            places = [(self._program, x, y, z, NO_MASK, *how) for z in scratch]
            return TaskGraph(
                [Team([KernelCall(self._run, *own, member, members) for member, own in enumerate(places)], barrier_counter)]
            )

        return _SharedStep(members, x, y, (score(0), score(1)))

    def _ahead(self, T: int) -> int:
        """:meth:`_steps_ahead`, remembered."""
        ahead = self._aheads.get(T)
        if ahead is None:
            ahead = self._aheads[T] = self._steps_ahead(T)
        return ahead

    def _product(self, x: Array, W: Array, b: Array, cut: PanelLayout) -> tuple[Product, Array]:
        """The product of an x like this one with the first LSTM's W, and the program that goes on from there. Both are kept."""
        T = len(x)
        if T not in self._products:
            chains, program = hoisted_rows(T * self.rows, cut, self.dtype), self._program.copy()
            program[0, [BIAS, D, AHEAD]] = address(chains), 0, chains.shape[1]
            if len(self._products) == 2:
                self._products.clear()
            self._products[T] = input_product(x, W, b, chains, self._shape, cut), program
        return self._products[T]

    def _steps_ahead(self, T: int) -> int:
        """The steps for which x W of a first LSTM is done at a time, with all their rows in one product; 0: not ahead."""
        return hoisted_steps(self.rows, T, self._features, self._first[2], self.dtype) if self._first else 0

    @property
    def states(self) -> list[tuple[Array, Array]]:
        return [(h[self._phase, :, :P].copy(), c[:, :H].copy()) for h, c, P, H in self._states]

    def set_states(self, states: Sequence[tuple[Array, Array]] | None) -> None:
        self._phase = 0
        if states is None:
            for beginning in self._beginnings:
                beginning.fill(0)
        else:
            for (h, c, P, H), (h0, c0) in zip(self._states, states, strict=True):
                h[0, :, :P], c[:, :H] = h0, c0


def stream(layers: Sequence[LSTMLayerSpec | DenseLayerSpec], features: int, N: int, dtype: Any, threads: int = 1) -> _Stream:
    """CPU twin: one compiled call a step, or for many."""
    return _Stream(layers, features, N, dtype, threads)
