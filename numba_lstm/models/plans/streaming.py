"""Streams of a model: its forward pass for one step, with the states of its layers as inputs and outputs."""

from __future__ import annotations

import copy
from collections.abc import Callable, Sequence
from typing import Any

import numpy as np
import numpy.typing as npt

from ...kernels.contract import Ops, StepFunction, StreamPlan
from ...kernels.packed_rows import PackedRows
from ...layers.base.planning import overridden_method
from ..passes import Passes
from .step_graph import StepGraph

Host = npt.NDArray[Any]


def stream_plan(model: Passes, graph: StepGraph, N: int, threads: int = 1) -> StreamPlan:
    """Return the step of N streams through a built model: a plan of the device, or ops that run one by one."""
    shapes = [shape for cell in graph.cell_states(N) for shape in cell]
    if is_recordable(model):
        plan = model.ops.stream_plan(graph.function(model.ops), N, graph.rows, shapes, threads)
        if plan is not None:
            return plan
    step = StepGraph(copy.deepcopy(model), graph.max_steps).function(model.ops)  # a copy keeps its weights
    return EagerStream(model.ops, step, N, graph.rows, shapes)


def is_recordable(model: Passes) -> bool:
    """Whether the layers call ops alone: methods of users may compute with NumPy."""
    owners = [type(owner) for layer in model.execution.layers for owner in layer.owners()]
    return not model.run_eagerly and not any(overridden_method(cls)[0] for cls in owners)  # type: ignore[arg-type]  # mypy: hash of classes


class EagerStream:
    """N streams whose steps run single ops."""

    compiled = False
    single_step: Callable[[Host, Host], None] | None = None

    def __init__(self, ops: Ops, function: StepFunction, N: int, inputs: PackedRows, states: Sequence[tuple[int, ...]]) -> None:
        self._ops, self._function, self._N, self._inputs, self._shapes = ops, function, N, inputs, states
        self._states: Sequence[Any] = ()
        self.set_states(None)

    def __call__(self, x: Host, out: Host | None = None) -> Host:
        entries = self._inputs.unpack(x.reshape(1, self._N, -1))
        xs = [self._ops.asarray(np.ascontiguousarray(entry), entry.dtype) for entry in entries]
        ys, self._states = self._function(xs, self._states)
        hosts = [self._ops.to_host(y) for y in ys]
        rows = [(y.swapaxes(0, 1) if y.ndim > 2 else y).reshape(self._N, -1) for y in hosts]
        y = np.concatenate(rows, axis=1, dtype=self._inputs.dtype, casting="unsafe").reshape(*x.shape[:-1], -1)
        if out is None:
            return y
        out[...] = y.reshape(out.shape)
        return out

    def run_last(self, x: Host) -> Host:
        return self.run(x)[-1]  # type: ignore[no-any-return]

    def run(self, x: Host) -> Host:
        return np.stack([self(step) for step in x])

    @property
    def states(self) -> list[Host]:
        return [np.array(self._ops.to_host(state)) for state in self._states]

    def set_states(self, states: Sequence[Host] | None) -> None:
        dtype = self._inputs.dtype
        states = [np.zeros(shape) for shape in self._shapes] if states is None else states
        self._states = [self._ops.asarray(np.array(state, dtype), dtype) for state in states]
