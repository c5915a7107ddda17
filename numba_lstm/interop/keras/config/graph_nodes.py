"""Write the calls of layers in a functional model as the ``inbound_nodes`` of Keras 3."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from ....layers import RNN, Bidirectional, InputLayer, MultiHeadAttention, TimeDistributed
from ....layers.base.graph.symbolic import INPUTS, Node, SymbolicTensor
from ....layers.traced import CallLayer, Operation
from ....layers.traced.call_arguments import call_form
from ....models import Model, Sequential
from .graph.operations import operands_of

Entry = dict[str, Any]

_HEAD_MASKS: dict[Any, str] = {0: "query_mask", 1: "value_mask", 2: "key_mask"}  #: by the indices of inputs


def inbound_nodes(model: Model) -> dict[str, list[Entry]]:
    """Return the calls of each layer, by its name.

    Raises
    ------
    ValueError
        For a call with a fixed ``training``, which Keras 3 overrides in ``fit`` and ``predict``.
    """
    places = {id(tensor): [layer.name, 0, 0] for tensor, layer in zip(model.inputs, model.input_layers, strict=True)}
    calls: dict[str, list[Entry]] = {}
    for node in model.nodes:
        name = node.layer.name
        if node.training is not None:
            raise ValueError(
                f"{name} is called with training={node.training}, which Keras 3 overrides in fit and predict. "
                "Save the model as .nlstm."
            )
        made = calls.setdefault(name, [])
        for output in node.outputs:
            places[id(output)] = [name, len(made), _index(node.layer, output.index)]
        made.append(_node(node, lambda tensor: _tensor(tensor, places[id(tensor)])))
    return calls


def output_layers(model: Model, references: Any) -> Any:
    """Return the references to the outputs; Keras counts the making of a functional model as its first call there."""
    if isinstance(references, dict):
        return {key: output_layers(model, value) for key, value in references.items()}
    if not isinstance(references[0], str):
        return [output_layers(model, value) for value in references]
    name, call, index = references
    layer = model.get_layer(name)
    first_call = int(isinstance(layer, Model) and not isinstance(layer, Sequential))
    return [name, call + first_call, _index(layer, index)]


def check_shared_layers(model: Model) -> None:
    """Raise ValueError for a layer that is in two models; Keras's file would make two layers of it."""
    owners: dict[int, str] = {}
    pending: list[Any] = [model]
    while pending:
        owner = pending.pop()
        for layer in owner.layers:
            if isinstance(layer, InputLayer):
                continue
            if owners.setdefault(id(layer), owner.name) != owner.name:
                raise ValueError(
                    f"{layer.name} is in {owners[id(layer)]} and in {owner.name}, and Keras would read two layers. "
                    "Save the weights alone: model.save_weights(path)."
                )
            while isinstance(layer, TimeDistributed):
                layer = layer.layer
            if isinstance(layer, Model):
                pending.append(layer)


def _index(layer: Any, index: int) -> int:
    """Return the number of an output in Keras, which counts the values of a dict in the order of its sorted keys."""
    form = getattr(layer, "output_form", None)
    return sorted(form).index([*form][index]) if isinstance(form, Mapping) else index


def _node(node: Node, tensor: Callable[[SymbolicTensor], Entry]) -> Entry:
    inputs: Any = [tensor(one) for one in node.inputs]
    given = {key: None if mask is None else tensor(mask) for key, mask in node.masks.items()}
    if isinstance(node.layer, Operation):
        config = node.layer.get_config()
        return {"args": [inputs[one["input"]] if isinstance(one, dict) else one for one in operands_of(config)], "kwargs": {}}
    if isinstance(node.layer, MultiHeadAttention):
        masks = {_HEAD_MASKS.get(key, key): mask for key, mask in given.items() if mask is not None}
        keys = {"key": inputs[2]} if len(inputs) > 2 else {}
        return {"args": inputs[:2], "kwargs": {**keys, **masks, **node.arguments}}
    if isinstance(node.layer, CallLayer):
        constants = {key: value for key, value in node.arguments.items() if key != INPUTS}
        args, named = call_form(node.layer.call, inputs, node.layer.takes_several, node.arguments.get(INPUTS))
        return {"args": list(args), "kwargs": {**named, **constants, **({"mask": given[0]} if given else {})}}
    if not node.layer.takes_several:
        inputs = inputs[0]
    elif isinstance(form := getattr(node.layer, "input_form", None), Mapping):
        inputs = dict(zip(form, inputs, strict=True))
    states = [tensor(one) for one in node.states]
    kwargs: Entry = {"initial_state": _states(node.layer, states)} if states else {}
    if given:
        kwargs["mask"] = [given.get(k) for k in range(len(node.inputs))] if node.layer.takes_several else given[0]
    return {"args": [inputs], "kwargs": {**kwargs, **node.arguments}}


def _states(layer: Any, states: list[Entry]) -> list[Any]:
    """Return states as Keras takes them: in pairs of h and c for a layer of several cells."""
    if isinstance(layer, Bidirectional):
        half = len(states) // 2
        return _states(layer.forward_layer, states[:half]) + _states(layer.backward_layer, states[half:])
    if isinstance(layer, RNN) and len(states) > 2:
        return [states[index : index + 2] for index in range(0, len(states), 2)]
    return list(states)


def _tensor(tensor: SymbolicTensor, place: list[Any]) -> Entry:
    config = {"shape": list(tensor.shape), "dtype": tensor.dtype, "keras_history": place}
    return {"class_name": "__keras_tensor__", "config": config}
