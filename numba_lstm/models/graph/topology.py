"""Order of the nodes between the inputs and the outputs of a model, and of its layers."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import NamedTuple

from ...layers import InputLayer, Layer
from ...layers.base.graph.symbolic import Node, SymbolicTensor


class Topology(NamedTuple):
    """Nodes and layers of a model."""

    nodes: list[Node]  #: each after those whose outputs it takes, without the input layers
    layers: list[Layer]  #: in the order of Keras: by their distance from the outputs, input layers included
    depths: dict[int, int]  #: of the layers, by their ids


def topology(name: str, inputs: Sequence[SymbolicTensor], outputs: Sequence[SymbolicTensor]) -> Topology:
    """Return the nodes between ``inputs`` and ``outputs``, for the model ``name``.

    Raises
    ------
    ValueError
        For an output that depends on an input that is not among ``inputs``, and for two layers of one name.
    """
    given = {id(tensor) for tensor in inputs}
    nodes: list[Node] = []
    visited: set[int] = set()
    numbers: dict[int, int] = {}  # layers in the order in which a walk from the outputs meets them
    for output in outputs:
        _visit(name, output, given, nodes, visited, numbers)
    for tensor in inputs:
        numbers.setdefault(id(tensor.node.layer), len(numbers))
    for loss in _losses(nodes, inputs):
        _visit(name, loss, given, nodes, visited, numbers)
    depths = _depths(nodes, inputs)
    begins = [tensor.node for tensor in inputs if isinstance(tensor.node.layer, InputLayer)]  # others are outside of the model
    layers = {id(node.layer): node.layer for node in [*nodes, *begins]}
    ordered = sorted(layers.values(), key=lambda layer: (-depths[id(layer)], numbers[id(layer)]))
    _check_names(name, ordered)
    return Topology(nodes, ordered, depths)


def _visit(
    name: str, output: SymbolicTensor, given: set[int], nodes: list[Node], visited: set[int], numbers: dict[int, int]
) -> None:
    """Append the nodes on which ``output`` depends, sources first. The walk keeps its own stack: graphs may be deep."""
    waiting: list[tuple[SymbolicTensor, bool]] = [(output, False)]
    while waiting:
        tensor, done = waiting.pop()
        node = tensor.node
        if done:
            nodes.append(node)
            continue
        if id(node) in visited or id(tensor) in given:
            if id(tensor) in given:
                numbers.setdefault(id(node.layer), len(numbers))
            continue
        if isinstance(node.layer, InputLayer):
            raise ValueError(
                f"{name}: an output depends on the input {tensor.name!r} of shape {tensor.shape}, which is not among inputs. "
                "Add it to inputs."
            )
        visited.add(id(node))
        numbers.setdefault(id(node.layer), len(numbers))
        waiting.append((tensor, True))
        waiting += [(source, False) for source in reversed(_walked_sources(node))]


def _losses(nodes: Sequence[Node], inputs: Sequence[SymbolicTensor]) -> list[SymbolicTensor]:
    """Return the outputs of the losses that methods ``call`` have added, of those that depend on ``inputs`` alone."""
    found = {id(loss): loss for node in [*(tensor.node for tensor in inputs), *nodes] for loss in node.losses}
    known = {id(node) for node in nodes} | {id(tensor.node) for tensor in inputs}
    return [loss for loss in found.values() if _depends_on(loss, known)]


def _depends_on(tensor: SymbolicTensor, known: set[int]) -> bool:
    """Return whether a tensor depends on ``known`` nodes and on no other inputs."""
    waiting = [tensor.node]
    while waiting:
        node = waiting.pop()
        if isinstance(node.layer, InputLayer) and id(node) not in known:
            return False
        if id(node) not in known:
            waiting += [source.node for source in node.sources]
    return True


def _walked_sources(node: Node) -> list[SymbolicTensor]:
    """Return what a node takes in Keras's order: a model that takes a dict has its inputs by their sorted keys."""
    form = getattr(node.layer, "input_form", None)
    if not isinstance(form, Mapping):
        return list(node.sources)
    by_key = dict(zip(map(str, form), node.inputs, strict=True))
    return [by_key[key] for key in sorted(by_key)]


def _depths(nodes: Sequence[Node], inputs: Sequence[SymbolicTensor]) -> dict[int, int]:
    """Return the largest distance of each layer from the outputs, by its id. All calls of a layer have that of the deepest."""
    depths: dict[int, int] = {}
    of_nodes: dict[int, int] = {}
    for node in reversed(nodes):
        depth = max(of_nodes.get(id(node), 0), depths.get(id(node.layer), 0))
        depths[id(node.layer)] = depth
        for source in node.sources:
            of_nodes[id(source.node)] = max(of_nodes.get(id(source.node), 0), depth + 1)
    for tensor in inputs:
        layer = id(tensor.node.layer)
        depths[layer] = max(depths.get(layer, 0), of_nodes.get(id(tensor.node), 0))
    return depths


def _check_names(name: str, layers: Sequence[Layer]) -> None:
    taken: set[str] = set()
    for layer in layers:
        if layer.name in taken:
            raise ValueError(f"{name} has two layers {layer.name!r}. Give one of them another name=.")
        taken.add(layer.name)
