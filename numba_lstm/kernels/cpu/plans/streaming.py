"""CPU: streams, the whole model in one compiled call a step. A stream writes a program for it (:mod:`.stream_programs`)."""

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
from ..runtime import thread_pool, workers
from ..runtime.graph import TaskGraph, run_eagerly
from ..runtime.memory import address, aligned, empty, stride
from ..runtime.task import KernelCall, Team
from ..simd.custom_activation import canonical, canonical_spec
from .stream_programs import (
    ACTIVATION,
    BIAS,
    DENSE,
    FIELDS,
    HOISTED_ROWS,
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

#: Bytes of weights from which on threads share a step of one row: the L2 cache of one core does not hold them.
LARGE_BYTES = 2 * 1024 * 1024

NO_MASK = np.zeros((0, 0), np.bool_)


class _SharedStep(NamedTuple):
    """A step of one row by a team: its input, its output, and a task graph for each phase."""

    team_size: int
    x: Array
    y: Array
    task_graphs: tuple[TaskGraph, TaskGraph]


class _Stream:
    """N rows through a model's layers: its program, what the program's addresses point to, and the states."""

    def __init__(
        self, layers: Sequence[LSTMLayerSpec | DenseLayerSpec], features: int, N: int, dtype: Any, threads: int
    ) -> None:
        self.dtype = np.dtype(dtype)
        self._geometry = vector_geometry(self.dtype)
        self.rows, self._features, self._phase = N, features, 0
        self._references: list[Any] = []
        self._states: list[tuple[Array, Array, int, int]] = []
        size, row_stride, rows = features, features, []
        for layer in layers:
            row = self._lstm(layer, row_stride) if isinstance(layer, LSTMLayerSpec) else self._dense(layer, size)
            size, row_stride = row[UNITS], row[ROWS]
            rows.append(row)
        self.outputs = size
        self._first: tuple[Array, Array, PanelLayout] | None = None  #: W, b and the layout of a first LSTM
        if rows and rows[0][KIND] == LSTM:
            weights = cast(LSTMLayerSpec, layers[0]).weights
            layout = panel_layout(rows[0][UNITS], self._geometry.V)
            b = pack.gate_bias(weights.bias, layout, self.dtype)
            self._first = weights.kernel.prepared("cpu.panels", pack.gate_panels), b, layout
        self._hoisted: dict[int, int] = {}  #: the results of hoisted_steps, by T
        #: Hoisted products, and the programs that read them, by steps: of a whole chunk and of the rest, as a rule.
        self._products: dict[int, tuple[Product, Array]] = {}
        self._initial_states = [first for h, c, _, _ in self._states for first in (h[0], c)]
        self._program = np.array(rows, np.int64).reshape(len(rows), FIELDS)
        self._z = self._reference(aligned((self._geometry.scratch,), self.dtype))
        self._last = max((k for k, row in enumerate(rows) if row[KIND] in (LSTM, LOOP)), default=-1)
        self._kernel = (steps_of_one if N == 1 else steps_of_rows)(self._geometry)
        self._run = self._kernel.compiled
        weights = sum(COUNT * row[UNITS] * (row[UNITS] + row[D]) for row in rows if row[KIND] == LSTM)
        self._large = N == 1 and weights * self.dtype.itemsize >= LARGE_BYTES
        self._threads = threads
        self._shared: _SharedStep | None = None
        self._last_end = 0.0  # of a step, by the clock

    def _reference(self, value: Any) -> Any:
        """Keep what an address points to alive, and return it."""
        self._references.append(value)
        return value

    def _address(self, array: Array) -> int:
        return address(self._reference(array))

    def _lstm(self, layer: LSTMLayerSpec, x_rows: int) -> list[int]:
        weights, spec = layer.weights, canonical_spec(layer.spec)
        if spec.int8 or needs_rowwise(weights):
            return self._loop(weights, spec, x_rows)
        size, H = weights.kernel.value.shape[0], weights.recurrent_kernel.value.shape[0]
        layout = panel_layout(H, self._geometry.V)
        h = aligned((2, self.rows, stride(layout.padded, self.dtype)), self.dtype)
        c = aligned((self.rows, stride(layout.padded, self.dtype)), self.dtype)
        h[...], c[...] = 0, 0
        self._states.append((h, c, H, H))
        kernel_traits = traits(spec, CallOptions(False, weights.peephole is not None, False, False, False))
        cells = [
            self._reference(make(kernel_traits, self._geometry.dtype, *lanes)).address
            for make in (partial(gate_kernel, tape=False), output_kernel)
            for lanes in pointwise_lanes(layout, self.rows > 1)
        ]
        W, U = (v.prepared("cpu.panels", pack.gate_panels) for v in (weights.kernel, weights.recurrent_kernel))
        b = pack.gate_bias(weights.bias, layout, self.dtype)
        V_ = weights.peephole
        peephole = 0 if V_ is None else self._address(V_.prepared("cpu.panels", pack.peephole_panels))
        scalars = self._address(scalar_parameters(spec, self.dtype))
        return [
            LSTM, size, H, self._address(W), self._address(U), self._address(b), *cells[:2], self._address(h), self._address(c),
            layout.full, layout.C, h.shape[2], c.shape[1], *cells[2:], peephole, scalars, 0,
        ]  # fmt: skip

    def _loop(self, weights: LSTMWeights, spec: LSTMSpec, x_rows: int) -> list[int]:
        size, (P, width) = weights.kernel.value.shape[0], weights.recurrent_kernel.value.shape
        path = int8_forward if spec.int8 else rowwise_stream
        loop, kernel_args, h, c = path.stream_part(weights, spec, self.rows, x_rows, self._references)
        self._states.append((h, c, P, width // 4))
        return [
            LOOP,
            size,
            P,
            kernel_args,
            0,
            0,
            loop,
            0,
            self._address(h),
            self._address(c),
            0,
            0,
            h.shape[2],
            c.shape[1],
            0,
            0,
            0,
            0,
            0,
        ]

    def _dense(self, layer: DenseLayerSpec, size: int) -> list[int]:
        kernel_, bias, activation = layer.kernel, layer.bias, canonical(layer.activation)
        C = size if kernel_ is None else kernel_.value.shape[1]
        layout = column_layout(C, self._geometry)
        padded = layout.padded(self._geometry)
        out = aligned((self.rows, padded), self.dtype)
        out[...] = 0
        W, b = self._blocks(kernel_, bias, padded)
        cell = 0 if activation.name == "linear" else self._reference(row_kernel(activation, self._geometry.dtype)).address
        kind = ACTIVATION if kernel_ is None else DENSE
        return [kind, size, C, W, W, b, cell, cell, self._address(out), 0, layout.full, layout.C, padded, 0, 0, 0, 0, 0, 0]

    def _blocks(self, kernel_: Any, bias: Any, padded: int) -> tuple[int, int]:
        if kernel_ is None:
            return 0, 0
        b = pack.zero_bias(padded, self.dtype) if bias is None else bias.prepared("cpu.blocks", pack.blocks)
        return self._address(kernel_.prepared("cpu.blocks", pack.blocks)), self._address(b)

    def __call__(self, x: Array) -> Array:
        team_size = min(self._threads, thread_pool.available_threads()) if self._large else 1
        if team_size > 1:
            y = self._step_of_team(x, team_size)
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
        self._run_steps(x, y, self._last)
        return y.reshape(self.rows, -1)

    def run(self, x: Array) -> Array:
        y = empty((len(x), self.rows, self.outputs), self.dtype)
        self._run_steps(x, y.reshape(-1), len(self._program))
        return y

    def _run_steps(self, x: Array, y: Array, last: int) -> None:
        """Run all steps x (T, N, D), with y of the last one, or of each where ``last`` is beyond the program."""
        hoisted, every = self._hoisted_steps(len(x)), last == len(self._program)
        if hoisted:
            x = np.ascontiguousarray(x)
        size = self.rows * self.outputs
        for t in range(0, len(x), hoisted or len(x)):
            steps, program = x[t : t + (hoisted or len(x))], self._program
            if self._first and hoisted:
                product, program = self._product(steps, *self._first)
                run_eagerly([product(steps)])
            out = y[t * size : (t + len(steps)) * size] if every else y
            self._run(*self._arguments(program, steps, out, self._phase, last))
            self._phase ^= len(steps) & 1

    def _arguments(self, program: Array, x: Array, y: Array, phase: int, last: int) -> tuple[Any, ...]:
        """Return the arguments of the kernel for steps x (T, N, D), which are copied if they are not contiguous."""
        (T, N, D), flat = x.shape, np.ascontiguousarray(x).reshape(-1)
        if N == 1:
            return program, flat, y, self._z, NO_MASK, D, phase, T, last, 0, 0, 1
        return program, flat, y, self._z, NO_MASK, N, N * D, D, phase, T, last

    def _step_of_team(self, x: Array, team_size: int) -> Array:
        """Run a step of one row by spinning workers. Sleeping ones are woken only when steps arrive quickly."""
        idle = perf_counter() - self._last_end
        step = self._shared
        if step is None or step.team_size != team_size:
            step = self._shared = self._shared_step(team_size)
        step.x[...] = x.reshape(-1)
        step.task_graphs[self._phase](wake=idle < workers.SPIN_SECONDS, wait_for_team=False)
        self._last_end = perf_counter()
        return step.y.copy()

    def _shared_step(self, team_size: int) -> _SharedStep:
        x, y = empty(self._features, self.dtype), empty(self.outputs, self.dtype)
        barrier_counter, scratch = aligned((1,), np.int64), [aligned(self._z.shape, self.dtype) for _ in range(team_size)]

        def graph(phase: int) -> TaskGraph:
            sizes = self._features, phase, 1, self._last, address(barrier_counter)
            calls = [
                KernelCall(self._kernel, self._program, x, y, z, NO_MASK, *sizes, member, team_size)
                for member, z in enumerate(scratch)
            ]
            return TaskGraph([Team(calls, barrier_counter)])

        return _SharedStep(team_size, x, y, (graph(0), graph(1)))

    def _hoisted_steps(self, T: int) -> int:
        """Return the steps whose product with W of a first LSTM is computed at a time; 0: each step computes its own."""
        hoisted = self._hoisted.get(T)
        if hoisted is None:
            layout = self._first[2] if self._first else None
            hoisted = 0 if layout is None else hoisted_steps(self.rows, T, self._features, layout, self.dtype)
            self._hoisted[T] = hoisted
        return hoisted

    def _product(self, x: Array, W: Array, b: Array, layout: PanelLayout) -> tuple[Product, Array]:
        """Return the product of an x like this one with W of the first LSTM, and the program that reads it."""
        T = len(x)
        if T not in self._products:
            preactivations, program = hoisted_rows(T * self.rows, layout, self.dtype), self._program.copy()
            program[0, [BIAS, D, HOISTED_ROWS]] = address(preactivations), 0, preactivations.shape[1]
            if len(self._products) == 2:
                self._products.clear()
            self._products[T] = input_product(x, W, b, preactivations, self._geometry, layout), program
        return self._products[T]

    @property
    def states(self) -> list[tuple[Array, Array]]:
        return [(h[self._phase, :, :P].copy(), c[:, :H].copy()) for h, c, P, H in self._states]

    def set_states(self, states: Sequence[tuple[Array, Array]] | None) -> None:
        self._phase = 0
        if states is None:
            for initial in self._initial_states:
                initial.fill(0)
        else:
            for (h, c, P, H), (h0, c0) in zip(self._states, states, strict=True):
                h[0, :, :P], c[:, :H] = h0, c0


def stream(layers: Sequence[LSTMLayerSpec | DenseLayerSpec], features: int, N: int, dtype: Any, threads: int = 1) -> _Stream:
    """CPU: one compiled call a step, or for many."""
    return _Stream(layers, features, N, dtype, threads)
