"""Step graph: the calls of a model in a stream, which of them have states, and what goes in and out at each step."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, NamedTuple

import numpy as np

from ...kernels.contract import Array, Ops
from ...kernels.packed_rows import PackedRows, RowEntry
from ...layers.attention.cached_steps import CachedSteps
from ...layers.base.arguments import Shape
from ...layers.base.causality import step_values
from ...layers.base.results import Forward, StepValue
from ..graph.execution import LayerCall
from ..passes import Passes

#: What a stream computes of a call. One with anything else is refused.
FIELDS = frozenset({"layer", "inputs", "states", "outputs", "last_states", "training"})


class StepCall(NamedTuple):
    """A call of a layer in a stream."""

    call: LayerCall
    has_steps: bool  #: whether any of its inputs has an element for each step
    cached_steps: int = 0  #: of causal attention, for how many steps there are keys and values
    features: tuple[int, ...] = ()  #: of its inputs

    def stream_states(self, N: int) -> list[tuple[Shape, ...]]:
        """Return the shapes of the states of N streams, a tuple for each cell."""
        layer = self.call.layer
        if self.cached_steps and isinstance(layer, CachedSteps):
            return [layer.cache_states(N, self.features, self.cached_steps)]
        return self.call.layer.stream_states(N) if self.has_steps else []

    def __call__(self, ops: Ops, values: list[Any], masks: list[Any], states: Sequence[Array]) -> Sequence[Array]:
        """Write the outputs of a step and their masks into ``values`` and ``masks``; return the states after it."""
        call, layer = self.call, self.call.layer
        xs, mask = (tuple(entries[value] for value in call.inputs) for entries in (values, masks))
        x, mask = (xs, mask) if layer.takes_several else (xs[0], mask[0])
        if self.has_steps:
            result: Forward = layer.forward_step(ops, x, tuple(states) or None, mask)
        else:
            result = layer.forward(ops, x, tuple(values[value] for value in call.states) or None, mask)
        ys = result.y if isinstance(result.y, tuple) else (result.y,)
        after = result.mask if isinstance(result.mask, tuple) else (result.mask,) * len(ys)
        for value, y, one in zip(call.outputs, ys, after, strict=True):
            values[value], masks[value] = y, one
        for value, state in zip(call.last_states, result.states if call.last_states else (), strict=True):
            values[value] = state
        return result.states if states else ()


class StepGraph:
    """The calls of a built model from one step of its inputs to one step of its outputs.

    Parameters
    ----------
    model : Model
        Built.
    max_steps : int, optional
        For how many steps causal attention keeps keys and values.

    Raises
    ------
    NotImplementedError
        For inputs that are no sequences, and for a call that may need later steps.
    """

    def __init__(self, model: Passes, max_steps: int | None = None) -> None:
        self._graph, self._dtype, self.max_steps = model.execution, np.dtype(model.dtype), max_steps
        shapes = model.input_shape if isinstance(model.input_shape, list) else [model.input_shape]
        values: dict[int, StepValue] = {}
        indices = []
        for value, shape in zip(self._graph.inputs, shapes, strict=True):
            takers = [call.layer for call in self._graph.calls if value in call.inputs]
            indices.append(any(layer.takes_indices for layer in takers))
            if len(shape) < 3 - indices[-1]:
                raise NotImplementedError(f"{model.name} takes {tuple(shape)}, not sequences (None, T, D). Stream sequences.")
            values[value] = StepValue(True, tuple(size or 1 for size in shape[2:]))
        self.calls = [_step_call(call, values, max_steps) for call in self._graph.calls]
        self.inputs = [values[value] for value in self._graph.inputs]
        self.outputs = [values[value] for value in self._graph.outputs]
        self.takes_indices = indices  #: of each input
        if any(value.zeros for value in self.outputs):
            raise NotImplementedError(f"{model.name} cannot be streamed: it puts out steps of zeros before the first one.")

    @property
    def rows(self) -> PackedRows:
        """The layout of the inputs of a step."""
        entries = zip(self.inputs, self.takes_indices, strict=True)
        return PackedRows(
            [RowEntry(x.features, np.dtype(np.int64) if whole else self._dtype) for x, whole in entries], self._dtype
        )

    @property
    def output_rows(self) -> PackedRows:
        """The layout of the outputs of a step."""
        return PackedRows([RowEntry(y.features, self._dtype) for y in self.outputs], self._dtype)

    def cell_states(self, N: int) -> list[tuple[tuple[int, ...], ...]]:
        """Return the shapes of the states of N streams on the device, a tuple for each cell of each call of a layer."""
        return [shapes for step in self.calls for shapes in step.stream_states(N)]  # type: ignore[misc]  # all are known

    @property
    def step_counts(self) -> list[int]:
        """The indices of states, among those of all cells, that count steps up to the most that attention keeps."""
        ends, last = [], 0
        for step in self.calls:
            last += sum(map(len, step.stream_states(1)))
            ends += [last - 1] if step.cached_steps else []
        return ends

    def function(self, ops: Ops) -> Any:
        """Return the function from the inputs (1, N, ...) and the states before a step to the outputs and the states after."""
        counts = [sum(map(len, step.stream_states(1))) for step in self.calls]

        def step(xs: Sequence[Array], states: Sequence[Array]) -> tuple[list[Array], list[Array]]:
            values: list[Any] = [None] * self._graph.size
            masks: list[Any] = [None] * self._graph.size
            for value, x in zip(self._graph.inputs, xs, strict=True):
                values[value] = x
            last: list[Array] = []
            for call, count in zip(self.calls, counts, strict=True):
                last += call(ops, values, masks, states[len(last) : len(last) + count])
            return [values[value] for value in self._graph.outputs], last

        return step


def _step_call(call: LayerCall, values: dict[int, StepValue], max_steps: int | None) -> StepCall:
    """Return a call as a stream computes it, and add its outputs to ``values``."""
    layer = call.layer
    inputs = [values[value] for value in call.inputs]
    has_steps = any(value.has_steps for value in inputs)
    if call.training:
        raise NotImplementedError(f"{layer.name} ({type(layer).__name__}) cannot be streamed: it is called with training=True.")
    if has_steps and call.states:
        raise NotImplementedError(
            f"{layer.name} ({type(layer).__name__}) cannot be streamed: it begins with states of other layers, not with zero."
        )
    if has_steps and isinstance(layer, CachedSteps) and dict(call.arguments) == {"use_causal_mask": True}:
        return _causal_attention(call, layer, values, max_steps)
    if others := [name for name in call._fields if name not in FIELDS and getattr(call, name)]:
        raise NotImplementedError(
            f"{layer.name} ({type(layer).__name__}) cannot be streamed: its call has {' and '.join(others)}."
        )
    values |= dict(zip(call.outputs, step_values(layer, inputs), strict=True))
    for value, (_, *sizes) in zip(
        call.last_states, layer.state_shapes(layer.built_shape) if call.last_states else (), strict=True
    ):
        values[value] = StepValue(False, tuple(sizes))
    return StepCall(call, has_steps)


def _causal_attention(call: LayerCall, layer: CachedSteps, values: dict[int, StepValue], max_steps: int | None) -> StepCall:
    """Return a causal call of attention, and add its output to ``values``."""
    if call.masks:
        raise NotImplementedError(f"{layer.name} ({type(layer).__name__}) cannot be streamed: its call has masks.")
    inputs = [values[value] for value in call.inputs]
    layer.check_cached(inputs)
    if max_steps is None:
        raise NotImplementedError(
            f"{layer.name} ({type(layer).__name__}) cannot be streamed without a bound: it keeps the keys and values of all "
            "steps. Call model.stream(max_steps=1000), or as many steps as there will be at most."
        )
    shapes: Any = tuple(value.shape for value in inputs)
    (_, _, *features) = layer.compute_output_shape(shapes)
    values[call.outputs[0]] = StepValue(True, tuple(features), inputs[0].masked)  # type: ignore[arg-type]  # all are known
    return StepCall(call, True, max_steps, tuple(value.features[-1] for value in inputs))
