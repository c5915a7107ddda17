"""Configuration of a graph of layers: each layer with the outputs that its calls take."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from ...layers import InputLayer, Layer, deserialize, serialize
from ...layers.base.graph.symbolic import Node, SymbolicTensor
from ..structure.functional import FunctionalGraph

Place = tuple[str, int]  #: a layer's name and the number of a call
Reference = list[Any]  #: ``[layer, call, index]`` of an output: a name and two numbers


def graph_config(model: FunctionalGraph) -> dict[str, Any]:
    """Return the arguments that make an equal model, as JSON values.

    ``layers`` has an entry for each layer, with its class and config, and ``calls``. Each call has the references of ``inputs``
    and ``states``, and ``training`` if it is fixed. Where a call was given them, it has ``masks``, pairs of what each belongs
    to and its reference, and other ``arguments``. A reference is ``[layer, call, index]``.
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
                **_given(node, references),
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


def _given(node: Node, references: Mapping[int, Reference]) -> dict[str, Any]:
    """Return the masks and the further arguments of a call, if it was given any."""
    masks = [[key, None if mask is None else references[id(mask)]] for key, mask in node.masks.items()]
    return ({"masks": masks} if masks else {}) | ({"arguments": dict(node.arguments)} if node.arguments else {})


def graph_tensors(config: Mapping[str, Any], custom_objects: Mapping[str, Any] | None = None) -> tuple[Any, Any]:
    """Make the layers of :func:`graph_config`, call them, and return the inputs and outputs in their forms.

    Raises
    ------
    ValueError
        For references to outputs that do not exist, or that depend on each other.
    """
    check_config("Model", config, ("name", "trainable", "layers", "inputs", "outputs"))
    layers: dict[str, Layer] = {}
    calls: dict[Place, dict[str, Any]] = {}
    made: dict[Place, tuple[SymbolicTensor, ...]] = {}
    for entry in config["layers"]:
        layer = deserialize({key: value for key, value in entry.items() if key != "calls"}, custom_objects)
        if layer.name in layers:
            raise ValueError(f"the graph has two layers {layer.name!r}. Give each its own name.")
        layers[layer.name] = layer
        if isinstance(layer, InputLayer):
            made[layer.name, 0] = (layer.output,)
        calls |= {(layer.name, number): call for number, call in enumerate(entry["calls"])}
    for name, number in _in_order(calls, made):
        made[name, number] = _called(layers[name], calls[name, number], made)
    return _unform(config["inputs"], made), _unform(config["outputs"], made)


def check_config(cls: str, config: Any, keys: Sequence[str]) -> None:
    """Raise ValueError unless the config of a model has the ``keys``."""
    missing = [key for key in keys if key not in config]
    if missing:
        raise ValueError(f"the config of a {cls} must have {', '.join(keys)}; {missing[0]!r} is not there.")
    if not isinstance(config["layers"], list):
        raise ValueError(f"the layers of a {cls} must be a list, got {type(config['layers']).__name__}.")


def _in_order(calls: Mapping[Place, Mapping[str, Any]], given: Mapping[Place, Any]) -> Iterator[Place]:
    """Yield the places of ``calls``, each after those whose outputs it takes and after the earlier calls of its layer."""
    done, begun = set(given), set()
    for place in calls:
        waiting = [place]
        while waiting:
            name, number = current = waiting[-1]
            if current in done:
                waiting.pop()
                continue
            call = calls[current]
            taken = (*call["inputs"], *call["states"], *(mask for _, mask in call.get("masks", ()) if mask is not None))
            sources = [(str(layer), int(count)) for layer, count, _ in taken]
            missing = [source for source in (*sources, *([(name, number - 1)] if number else [])) if source not in done]
            if not missing:
                done.add(current)
                yield current
            elif current in begun or any(source not in calls for source in missing):
                raise ValueError(f"call {number} of {name!r} takes outputs that nothing computes before it.")
            else:
                begun.add(current)
                waiting += missing


def _called(
    layer: Any, call: Mapping[str, Any], made: Mapping[Place, tuple[SymbolicTensor, ...]]
) -> tuple[SymbolicTensor, ...]:
    """Call a layer or a model, and return the outputs of the new node."""
    inputs = [_unform(reference, made) for reference in call["inputs"]]
    x = inputs if layer.takes_several or len(inputs) > 1 else inputs[0]
    masks = {key: None if mask is None else _unform(mask, made) for key, mask in call.get("masks", ())}
    given = {"training": call["training"], "mask": masks or None, **call.get("arguments", {})}
    if call["states"]:
        layer.connect(x, [_unform(reference, made) for reference in call["states"]], **given)
    else:
        layer.connect(x, **given)
    return layer._nodes[-1].outputs  # type: ignore[no-any-return]


def _form(form: Any, references: Mapping[int, Reference]) -> Any:
    """Return a tensor, a list or a dict of them with references in their place."""
    if isinstance(form, SymbolicTensor):
        return references[id(form)]
    if isinstance(form, Mapping):
        return {str(key): _form(value, references) for key, value in form.items()}
    return [_form(value, references) for value in form]


def _unform(form: Any, made: Mapping[Place, tuple[SymbolicTensor, ...]]) -> Any:
    if isinstance(form, Mapping):
        return {key: _unform(value, made) for key, value in form.items()}
    if len(form) == 3 and isinstance(form[0], str):
        name, number, index = form
        if (name, number) not in made or not 0 <= index < len(made[name, number]):
            raise ValueError(f"the graph has no output {index} of call {number} of {name!r}.")
        return made[name, number][index]
    return [_unform(value, made) for value in form]
