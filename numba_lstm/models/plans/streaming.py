"""Streams of a model: its forward pass for one step, with the states of its layers as inputs and outputs."""

from __future__ import annotations

import copy
from collections.abc import Sequence
from typing import Any, cast

import numpy as np
import numpy.typing as npt

from ...kernels.contract import Array, Ops, StepFunction, StreamPlan
from ...layers.base.arguments import Shape
from ...layers.base.causality import check_streamable
from ...layers.base.planning import overridden_method
from ..passes import Passes

Host = npt.NDArray[Any]


def stream_plan(model: Passes, N: int, threads: int = 1) -> StreamPlan:
    """Return the step of N streams through a built model of sequences: a plan of the device, or ops that run one by one.

    Raises
    ------
    NotImplementedError
        For a layer that may need later steps, and for a graph of several inputs, outputs or initial states.
    """
    graph = model.execution
    for layer in graph.layers:
        check_streamable(layer)
    if (len(graph.inputs), len(graph.outputs)) != (1, 1) or any(call.states or call.training for call in graph.calls):
        raise NotImplementedError(
            f"{model.name} cannot be streamed: a stream has one input and one output, and its layers begin with zero states."
        )
    D, dtype = model.input_shape[-1], np.dtype(model.dtype)
    assert D is not None
    shapes = cast("list[tuple[int, ...]]", [shape for cell in cell_states(model, N) for shape in cell])  # N is known
    plan = model.ops.stream_plan(_Step(model), N, D, dtype, shapes, threads) if _is_recordable(model) else None
    if plan is None:
        plan = EagerStream(model.ops, _Step(copy.deepcopy(model)), N, dtype, shapes)  # a copy keeps its weights
    return plan


def _is_recordable(model: Passes) -> bool:
    """Whether the layers call ops alone: methods of users may compute with NumPy."""
    owners = [type(owner) for layer in model.execution.layers for owner in layer.owners()]
    return not model.run_eagerly and not any(overridden_method(cls)[0] for cls in owners)  # type: ignore[arg-type]  # mypy: hash of classes


def cell_states(model: Passes, N: int) -> list[tuple[Shape, ...]]:
    """Return the shapes of the states of N streams, a tuple for each cell of each call of a layer."""
    return [shapes for call in model.execution.calls for shapes in call.layer.stream_states(N)]


class _Step:
    """The forward pass of all layers, from the states before a step, in one list, to the states after it."""

    def __init__(self, model: Passes) -> None:
        self._graph, self._ops = model.execution, model.ops
        self._counts = [sum(map(len, call.layer.stream_states(1))) for call in self._graph.calls]

    def __call__(self, x: Array, states: Sequence[Array]) -> tuple[Array, list[Array]]:
        """Return the output for x (1, N, D), and the states after it."""
        values: list[Any] = [None] * self._graph.size
        values[self._graph.inputs[0]] = x
        last: list[Array] = []
        for call, count in zip(self._graph.calls, self._counts, strict=True):
            xs, first = tuple(values[value] for value in call.inputs), tuple(states[len(last) : len(last) + count])
            result = call.layer.forward(self._ops, xs if call.layer.takes_several else xs[0], first or None)
            (values[call.outputs[0]],) = result.y if isinstance(result.y, tuple) else (result.y,)
            last += result.states if count else ()
        return values[self._graph.outputs[0]], last


class EagerStream:
    """N streams whose steps run single ops."""

    def __init__(
        self, ops: Ops, function: StepFunction, N: int, dtype: np.dtype[Any], states: Sequence[tuple[int, ...]]
    ) -> None:
        self._ops, self._function, self._N, self._dtype, self._shapes = ops, function, N, dtype, states
        self._states: Sequence[Array] = ()
        self.set_states(None)

    def __call__(self, x: Host) -> Host:
        y, self._states = self._function(self._ops.asarray(x.reshape(1, self._N, -1), self._dtype), self._states)
        return np.array(self._ops.to_host(y)).reshape(*x.shape[:-1], -1)

    def run_last(self, x: Host) -> Host:
        return self.run(x)[-1]  # type: ignore[no-any-return]

    def run(self, x: Host) -> Host:
        return np.stack([self(step) for step in x])

    @property
    def states(self) -> list[Host]:
        return [np.array(self._ops.to_host(state)) for state in self._states]

    def set_states(self, states: Sequence[Host] | None) -> None:
        states = [np.zeros(shape) for shape in self._shapes] if states is None else states
        self._states = [self._ops.asarray(np.array(state, self._dtype), self._dtype) for state in states]
