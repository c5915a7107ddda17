"""Configuration of a graph of layers: each layer with the outputs that its calls take."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from ...layers import InputLayer, Layer, deserialize, serialize
from ...layers.base.graph.symbolic import SymbolicTensor
from ..structure.functional import FunctionalGraph

Reference = list[Any]  #: ``[layer, call, index]`` of an output: a name and two numbers


def graph_config(model: FunctionalGraph) -> dict[str, Any]:
    """Return the arguments that make an equal model, as JSON values.

    ``layers`` has an entry for each layer, with its class and config, and ``calls``. Each call has the references of ``inputs``
    and ``states``, and ``training`` if it is fixed. A reference is ``[layer, call, index]``.
    """
    calls: dict[int, list[dict[str, Any]]] = {id(layer): [] for layer in model.layers}
    references = {id(tensor): [layer.name, 0, 0] for tensor, layer in zip(model.inputs, model.input_layers, strict=True)}
    for node in model.nodes:
        made = calls[id(node.layer)]
        for output in node.outputs:
            references[id(output)] = [node.layer.name, len(made), output.index]
        made.append(
            {
                "inputs": [references[id(tensor)] for tensor in node.inputs],
                "states": [references[id(tensor)] for tensor in node.states],
                "training": node.training,
            }
        )
    entries = [*model.input_layers, *(layer for layer in model.layers if not isinstance(layer, InputLayer))]
    return {
        "name": model.name,
        "trainable": model.trainable,
        "dtype": model.dtype,
        "layers": [{**serialize(layer), "calls": calls.get(id(layer), [])} for layer in entries],
        "inputs": _form(model.input_form, references),
        "outputs": _form(model.output_form, references),
    }


def graph_tensors(config: Mapping[str, Any], custom_objects: Mapping[str, Any] | None = None) -> tuple[Any, Any]:
    """Make the layers of :func:`graph_config`, call them, and return the inputs and outputs in their forms.

    Raises
    ------
    ValueError
        For references to outputs that do not exist, or that depend on each other.
    """
    layers: dict[str, Layer] = {}
    waiting: list[tuple[str, dict[str, Any]]] = []
    made: dict[tuple[str, int], tuple[SymbolicTensor, ...]] = {}
    for entry in config["layers"]:
        layer = deserialize({key: value for key, value in entry.items() if key != "calls"}, custom_objects)
        if layer.name in layers:
            raise ValueError(f"the graph has two layers {layer.name!r}. Give each its own name.")
        layers[layer.name] = layer
        if isinstance(layer, InputLayer):
            made[layer.name, 0] = (layer.output,)
        waiting += [(layer.name, {**call, "number": number}) for number, call in enumerate(entry["calls"])]
    counts = dict.fromkeys(layers, 0)
    while waiting:
        rest = []
        for name, call in waiting:
            sources = [(str(layer), int(number)) for layer, number, _ in (*call["inputs"], *call["states"])]
            if counts[name] != call["number"] or any(source not in made for source in sources):
                rest.append((name, call))
                continue
            made[name, call["number"]] = _called(layers[name], call, made)
            counts[name] += 1
        if len(rest) == len(waiting):
            raise ValueError(
                f"the calls of {', '.join(sorted({name for name, _ in rest}))} take outputs that nothing computes."
            )
        waiting = rest
    return _unform(config["inputs"], made), _unform(config["outputs"], made)


def _called(
    layer: Any, call: Mapping[str, Any], made: Mapping[tuple[str, int], tuple[SymbolicTensor, ...]]
) -> tuple[SymbolicTensor, ...]:
    """Call a layer or a model, and return the outputs of the new node."""
    inputs = [_unform(reference, made) for reference in call["inputs"]]
    x = inputs if layer.takes_several else inputs[0]
    if call["states"]:
        layer.connect(x, [_unform(reference, made) for reference in call["states"]], training=call["training"])
    else:
        layer.connect(x, training=call["training"])
    return layer._nodes[-1].outputs  # type: ignore[no-any-return]


def _form(form: Any, references: Mapping[int, Reference]) -> Any:
    """Return a tensor, a list or a dict of them with references in their place."""
    if isinstance(form, SymbolicTensor):
        return references[id(form)]
    if isinstance(form, Mapping):
        return {str(key): _form(value, references) for key, value in form.items()}
    return [_form(value, references) for value in form]


def _unform(form: Any, made: Mapping[tuple[str, int], tuple[SymbolicTensor, ...]]) -> Any:
    if isinstance(form, Mapping):
        return {key: _unform(value, made) for key, value in form.items()}
    if len(form) == 3 and isinstance(form[0], str):
        name, number, index = form
        if (name, number) not in made or not 0 <= index < len(made[name, number]):
            raise ValueError(f"the graph has no output {index} of call {number} of {name!r}.")
        return made[name, number][index]
    return [_unform(value, made) for value in form]
