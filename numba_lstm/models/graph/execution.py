"""Execution graph: the calls of layers in the order of the forward pass, on numbered values.

A model that is used as a layer is dissolved into its own layers, so that one loop computes all models.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from types import MappingProxyType
from typing import Any, NamedTuple

from ...layers import Layer
from ...layers.base.graph.symbolic import INPUTS, MaskKey, Node, SymbolicTensor


class LayerCall(NamedTuple):
    """Call of a layer on values."""

    layer: Layer
    inputs: tuple[int, ...]  #: numbers of the values that it takes
    states: tuple[int, ...]  #: of its initial states; empty for zero
    outputs: tuple[int, ...]  #: of its outputs, without states
    last_states: tuple[int, ...]  #: of its last states, where other calls may take them
    training: bool | None = None  #: whether it always computes as in training, or never
    #: Masks of the call: what each belongs to, and the number of its value, or None for no mask.
    masks: tuple[tuple[MaskKey, int | None], ...] = ()
    arguments: Mapping[str, Any] = MappingProxyType({})  #: further arguments of the call

    @property
    def has_arguments(self) -> bool:
        """Whether the call has masks or further arguments."""
        return bool(self.masks or self.arguments)

    @property
    def sources(self) -> tuple[int, ...]:
        """The numbers of all values that it takes."""
        return (*self.inputs, *self.states, *(value for _, value in self.masks if value is not None))

    def renumbered(self, numbers: Mapping[int, int]) -> LayerCall:
        """Return the call on values of other numbers."""
        inputs, states, outputs, last = (
            tuple(numbers[value] for value in values) for values in (self.inputs, self.states, self.outputs, self.last_states)
        )
        masks = tuple((key, None if value is None else numbers[value]) for key, value in self.masks)
        return self._replace(inputs=inputs, states=states, outputs=outputs, last_states=last, masks=masks)


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
            if call.has_arguments:
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

    def call(self, layer: Layer, inputs: Sequence[int]) -> tuple[int, ...]:
        """Add a call of a layer or of a model, and return the numbers of its outputs."""
        inner = getattr(layer, "execution", None)
        if inner is not None:
            return self._dissolved(inner, inputs, None, {})
        outputs = tuple(self.value() for _ in range(layer.num_outputs))
        self.calls.append(LayerCall(layer, tuple(inputs), (), outputs, ()))
        return outputs

    def node(self, node: Node, numbers: Mapping[int, int]) -> tuple[int, ...]:
        """Add the call of a node, whose tensors have ``numbers`` by their ids, and return the numbers of its outputs."""
        layer = node.layer
        inputs, states = (tuple(numbers[id(tensor)] for tensor in tensors) for tensors in (node.inputs, node.states))
        masks = {key: None if mask is None else numbers[id(mask)] for key, mask in node.masks.items()}
        inner = getattr(layer, "execution", None)
        if inner is not None:
            return self._dissolved(inner, inputs, node.training, masks)
        last = len(layer.state_shapes(layer.built_shape)) if getattr(layer, "return_state", False) else 0
        made = tuple(self.value() for _ in node.outputs)
        outputs, after = made[: len(made) - last], made[len(made) - last :]
        arguments = {
            key: value for key, value in node.arguments.items() if key != INPUTS
        }  # the names of inputs are the layer's
        self.calls.append(LayerCall(layer, inputs, states, outputs, after, node.training, tuple(masks.items()), arguments))
        return made

    def _dissolved(
        self, inner: ExecutionGraph, inputs: Sequence[int], training: bool | None, masks: Mapping[MaskKey, int | None]
    ) -> tuple[int, ...]:
        """Add the calls of the model ``inner``. Its calls on an input that has a mask in ``masks`` are given that mask."""
        numbers = dict(zip(inner.inputs, inputs, strict=True))
        for call in inner.calls:
            for value in call.outputs + call.last_states:
                numbers[value] = self.value()
            made = call.renumbered(numbers)
            given = dict(made.masks)
            for place, value in enumerate(call.inputs):
                if value in inner.inputs and inner.inputs.index(value) in masks:
                    given.setdefault(place, masks[inner.inputs.index(value)])
            fixed = call.training if call.training is not None else training
            self.calls.append(made._replace(training=fixed, masks=tuple(given.items())))
        return tuple(numbers[value] for value in inner.outputs)

    def graph(self, inputs: Sequence[int], outputs: Sequence[int]) -> ExecutionGraph:
        """Return the graph of the calls so far."""
        last: dict[int, int] = {}
        producers: dict[int, int] = {}
        for index, call in enumerate(self.calls):
            producers |= dict.fromkeys(call.outputs + call.last_states, index)
            last |= dict.fromkeys(call.sources + call.outputs + call.last_states, index)
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
        results = builder.node(node, numbers)
        numbers |= {id(tensor): number for tensor, number in zip(node.outputs, results, strict=True)}
    return builder.graph(firsts, [numbers[id(tensor)] for tensor in outputs])
