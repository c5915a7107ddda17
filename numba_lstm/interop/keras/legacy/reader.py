"""Read legacy ``.h5`` files: configurations are attributes of the root, weights have names of layers and variables."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from itertools import count, takewhile
from typing import Any

import numpy.typing as npt

from ....files import strict_json
from ....files.errors import FileFormatError
from ....models import Model
from ....variables import Variable
from ...hdf5 import Contents
from ..config import build, compile_config, keras2
from ..weights import keras2_optimizer, optimizer_state
from ..weights.assign import assign
from . import weight_names

Array = npt.NDArray[Any]
WEIGHTS, OPTIMIZER = "model_weights", "optimizer_weights"
#: The group of the optimizer's state in files of this package. Where Keras 3.15 finds ``optimizer_weights``, also in its own
#: files, it builds the optimizer for no weights and cannot train; without that group it begins with a fresh state.
PACKAGE_OPTIMIZER = "numba_lstm_optimizer_weights"


def load_model(contents: Contents, custom_objects: build.Classes, compile: bool) -> Model:
    """Make the model of a file that holds a whole model."""
    root = contents.attributes.get("", {})
    is_keras2 = str(root.get("keras_version")).startswith("2.")
    size = sum(array.size for array in contents.arrays.values())
    config = _json(root, "model_config")
    model = build.build(keras2.model_config(config) if is_keras2 else config, size, custom_objects)
    if is_keras2:
        keras2.check_axes(model, config)
    assign_weights(model, contents, f"{WEIGHTS}/", whole=True)
    if compile and "training_config" in root:
        training = _json(root, "training_config")
        compile_config.compile_model(
            model, compile_config.from_training_config(keras2.training_config(training) if is_keras2 else training)
        )
        group = PACKAGE_OPTIMIZER if PACKAGE_OPTIMIZER in contents.attributes else OPTIMIZER
        names = _list(contents, group, "weight_names")
        weight_names.check_unique(names, "optimizer's weight_names")
        state = {name: _array(contents, f"{group}/{name}") for name in names}
        if state and is_keras2:
            keras2_optimizer.load_optimizer(model, state)
        elif state and model.optimizer is not None:
            weight_names.check_slots(model, model.optimizer, names)
            optimizer_state.load(model, list(state.values()))
    return model


def assign_weights(
    model: Model, contents: Contents, prefix: str, *, whole: bool = False, skip_mismatch: bool = False
) -> set[str]:
    """Assign the weights of a file to the model, layer by layer, in the file's order.

    ``whole`` says that the file has the model's configuration; ``skip_mismatch`` is as in :func:`.assign.assign`.
    """
    variables: dict[str, Variable] = {}
    arrays: dict[str, Array] = {}
    file_layers = list(_layers(contents, prefix))
    model_layers = [layer for layer in model.layers if layer.variables]
    if len(file_layers) != len(model_layers):
        raise FileFormatError(f"it has {len(file_layers)} layers with weights, where the model has {len(model_layers)}.")
    weight_names.check_layers([layer.name for layer in model_layers], [name for name, _ in file_layers], whole=whole)
    for layer, (name, values) in zip(model_layers, file_layers, strict=True):
        weights = layer.trainable_weights + layer.non_trainable_weights
        weight_names.check_weights(layer, weights, list(values))
        variables |= {f"{name}/{index}": variable for index, variable in enumerate(weights)}
        arrays |= {f"{name}/{index}": array for index, array in enumerate(values.values())}
    return assign(variables, arrays, skip_mismatch)


def _layers(contents: Contents, prefix: str) -> Iterator[tuple[str, dict[str, Array]]]:
    """The layers with weights, each with its arrays by name."""
    layers = _list(contents, prefix.removesuffix("/"), "layer_names")
    weight_names.check_unique(layers, "layer_names")
    for layer in layers:
        names = _list(contents, f"{prefix}{layer}", "weight_names")
        weight_names.check_unique(names, f"weight_names of {layer!r:.100}")
        if names:
            yield layer, {name: _array(contents, f"{prefix}{layer}/{name}") for name in names}


def _array(contents: Contents, name: str) -> Array:
    if name not in contents.arrays:
        raise FileFormatError(f"it has no weight {name!r:.200}, which it names.")
    return contents.arrays[name]


def _list(contents: Contents, group: str, name: str) -> list[str]:
    """A list of names, which Keras splits into ``name0``, ``name1``, ... if it is long."""
    attributes = contents.attributes.get(group, {})
    chunk_names = takewhile(attributes.__contains__, (f"{name}{index}" for index in count()))
    chunks = [attributes[chunk] for chunk in ([name] if name in attributes else chunk_names)]
    if not all(isinstance(chunk, list) for chunk in chunks):
        raise FileFormatError(f"its {name} in {group!r:.100} is one text, where a list was expected.")
    return [text for chunk in chunks for text in chunk]


def _json(root: Mapping[str, Any], name: str) -> Any:
    text = root.get(name)
    if not isinstance(text, str):
        raise FileFormatError(f"it is an HDF5 file without {name}, which Keras's models have. For weights: model.load_weights.")
    return strict_json.loads(text, f"its {name}")
