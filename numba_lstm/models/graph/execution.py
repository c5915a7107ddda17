"""Execution graph: the calls of layers in the order of the forward pass, on numbered values.

A model that is used as a layer is dissolved into its own layers, so that one loop computes all models.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

from ...layers import Layer
from ...layers.base.graph.symbolic import Node, SymbolicTensor


class LayerCall(NamedTuple):
    """Call of a layer on values."""

    layer: Layer
    inputs: tuple[int, ...]  #: numbers of the values that it takes
    states: tuple[int, ...]  #: of its initial states; empty for zero
    outputs: tuple[int, ...]  #: of its outputs, without states
    last_states: tuple[int, ...]  #: of its last states, where other calls may take them
    training: bool | None = None  #: whether it always computes as in training, or never


class ExecutionGraph(NamedTuple):
    """Calls of layers from the inputs of a model to its outputs."""

    calls: list[LayerCall]
    inputs: tuple[int, ...]  #: numbers of the values of the inputs
    outputs: tuple[int, ...]  #: of the outputs
    size: int  #: how many values there are
    unused: list[tuple[int, ...]]  #: values that no later call takes, for each call
    producers: dict[int, int]  #: the call that computes a value, by its number

    @property
    def layers(self) -> list[Layer]:
        """The layers, each once."""
        return list({id(call.layer): call.layer for call in self.calls}.values())

    @property
    def is_chain(self) -> bool:
        """Whether each call takes the output of the one before, and the last output is the only one."""
        values = self.inputs
        for call in self.calls:
            if call.inputs != values or call.states or call.last_states or call.training or len(call.outputs) > 1:
                return False
            values = call.outputs
        return bool(self.calls) and self.outputs == values

    def upstream(self, index: int, *, states: bool = True) -> list[int]:
        """Return the calls whose outputs a call takes, with or without those of its initial states."""
        call = self.calls[index]
        values = call.inputs + call.states if states else call.inputs
        return [self.producers[value] for value in values if value in self.producers]


class GraphBuilder:
    """Numbers the values of a graph while its calls are added."""

    def __init__(self) -> None:
        self.calls: list[LayerCall] = []
        self.size = 0

    def value(self) -> int:
        """Return the number of a new value."""
        self.size += 1
        return self.size - 1

    def call(
        self, layer: Layer, inputs: Sequence[int], states: Sequence[int] = (), training: bool | None = None
    ) -> tuple[int, ...]:
        """Add a call of a layer or of a model, and return the numbers of its outputs, last states included."""
        inner = getattr(layer, "execution", None)
        if inner is not None:
            return self._dissolved(inner, inputs, training)
        outputs = tuple(self.value() for _ in range(layer.num_outputs))
        states_after = (
            tuple(self.value() for _ in layer.state_shapes(layer.built_shape)) if getattr(layer, "return_state", False) else ()
        )
        self.calls.append(LayerCall(layer, tuple(inputs), tuple(states), outputs, states_after, training))
        return outputs + states_after

    def _dissolved(self, inner: ExecutionGraph, inputs: Sequence[int], training: bool | None) -> tuple[int, ...]:
        numbers = dict(zip(inner.inputs, inputs, strict=True))
        for call in inner.calls:
            for value in call.outputs + call.last_states:
                numbers[value] = self.value()
            taken, states, outputs, last = (
                tuple(numbers[value] for value in values)
                for values in (call.inputs, call.states, call.outputs, call.last_states)
            )
            fixed = call.training if call.training is not None else training
            self.calls.append(LayerCall(call.layer, taken, states, outputs, last, fixed))
        return tuple(numbers[value] for value in inner.outputs)

    def graph(self, inputs: Sequence[int], outputs: Sequence[int]) -> ExecutionGraph:
        """Return the graph of the calls so far."""
        last: dict[int, int] = {}
        producers: dict[int, int] = {}
        for index, call in enumerate(self.calls):
            producers |= dict.fromkeys(call.outputs + call.last_states, index)
            last |= dict.fromkeys(call.inputs + call.states + call.outputs + call.last_states, index)
        unused: list[list[int]] = [[] for _ in self.calls]
        for value, index in last.items():
            if value not in outputs:
                unused[index].append(value)
        return ExecutionGraph(
            self.calls, tuple(inputs), tuple(outputs), self.size, [tuple(values) for values in unused], producers
        )


def chain(layers: Sequence[Layer]) -> ExecutionGraph:
    """Return the graph of layers one after the other."""
    builder = GraphBuilder()
    first = value = builder.value()
    for layer in layers:
        (value,) = builder.call(layer, (value,))
    return builder.graph((first,), (value,))


def between(nodes: Sequence[Node], inputs: Sequence[SymbolicTensor], outputs: Sequence[SymbolicTensor]) -> ExecutionGraph:
    """Return the graph of ``nodes``, in their order."""
    builder = GraphBuilder()
    numbers = {id(tensor): builder.value() for tensor in inputs}
    firsts = tuple(numbers.values())
    for node in nodes:
        taken, states = ([numbers[id(tensor)] for tensor in tensors] for tensors in (node.inputs, node.states))
        results = builder.call(node.layer, taken, states, node.training)
        numbers |= {id(tensor): number for tensor, number in zip(node.outputs, results, strict=True)}
    return builder.graph(firsts, [numbers[id(tensor)] for tensor in outputs])
