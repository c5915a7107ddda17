"""Write the configuration of a model as Keras 3 does."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from ....files.limits import check_layers
from ....layers import Layer, TimeDistributed
from ....layers.traced import CallLayer, Operation
from ....models import Model, Sequential
from ....models.configuration.built_layers import BUILD_CONFIG
from ....objects.registered import get_registered_name
from . import graph_nodes
from .frozen_layers import freeze_inner
from .graph.operations import to_keras_operation
from .to_keras import to_keras

KERAS_VERSION = "3.15.1"  #: the release whose files these are

_LAYERS, _FUNCTIONAL = "keras.layers", "keras.src.models.functional"


def model_config(model: Model) -> dict[str, Any]:
    """Return the configuration of a model in the form of Keras.

    Raises
    ------
    ValueError
        For what Keras does not have, by the name of layer and option.
    """
    config = model.get_config()
    check_layers(model.name, config["layers"])
    _check_batch_size(model)
    graph_nodes.check_shared_layers(model)
    return _model_entry(model, freeze_inner({"config": config})["config"])


def _model_entry(model: Model, config: Mapping[str, Any]) -> dict[str, Any]:
    """Return the entry of a model, whose own ``config`` is given."""
    by_name = {layer.name: layer for layer in model.layers}
    layers = [_layer_entry(by_name.get(entry["config"]["name"]), entry) for entry in config["layers"]]
    for layer, entry in zip(layers, config["layers"], strict=True):
        if BUILD_CONFIG in entry:
            layer[BUILD_CONFIG] = entry[BUILD_CONFIG]
    if isinstance(model, Sequential):
        arguments = {**config, "layers": layers}
        if model.built:
            arguments["build_input_shape"] = list(model.input_shape)
        return {"module": "keras", "class_name": "Sequential", "config": arguments, "registered_name": None}
    nodes = graph_nodes.inbound_nodes(model)
    for layer in layers:
        name = layer["config"]["name"]
        layer |= {"name": name, "inbound_nodes": nodes.get(name, [])}
    arguments = {
        "name": config["name"],
        "trainable": config["trainable"],
        "layers": layers,
        "input_layers": config["inputs"],
        "output_layers": graph_nodes.output_layers(model, config["outputs"]),
    }
    return {"module": _FUNCTIONAL, "class_name": "Functional", "config": arguments, "registered_name": "Functional"}


def _layer_entry(layer: Layer | None, entry: dict[str, Any]) -> dict[str, Any]:
    """Return the entry of a layer; None stands for an input layer, which a ``Sequential`` does not list."""
    if isinstance(layer, Model):
        if entry["class_name"] not in ("Model", "Sequential"):
            raise ValueError(f"{layer.name} is a model of your own class, which a Keras file cannot hold. Save it as .nlstm.")
        return _model_entry(layer, entry["config"])
    if isinstance(layer, TimeDistributed) and isinstance(layer.layer, (Model, TimeDistributed)):
        config = {key: value for key, value in entry["config"].items() if key != "layer"}
        outer = to_keras({**entry, "config": config}, _LAYERS)
        outer["config"]["layer"] = _layer_entry(layer.layer, entry["config"]["layer"])
        return outer
    if isinstance(layer, CallLayer):
        return _entry_of_user(layer, entry["config"])
    return to_keras_operation(entry["config"]) if isinstance(layer, Operation) else to_keras(entry, _LAYERS)


def _entry_of_user(layer: CallLayer, config: Mapping[str, Any]) -> dict[str, Any]:
    """Return the entry of a layer of a user's class, which Keras finds among ``custom_objects`` or registered classes."""
    cls = type(layer)
    without = {key: value for key, value in config.items() if key not in ("input_shape", "batch_input_shape")}
    return {
        "module": cls.__module__,
        "class_name": cls.__name__,
        "config": {**without, "dtype": layer.dtype},
        "registered_name": get_registered_name(cls),
    }


def _check_batch_size(model: Model) -> None:
    if all(tensor.shape[0] is not None for tensor in (model.inputs if model.built else ())) and model.built:
        return
    for layer in model.layers:
        if layer.stateful:
            raise ValueError(
                f"{layer.name} is stateful, and Keras has to know the batch size then. Give the model's Input a batch_size."
            )
