"""Build a model from a configuration of Keras; all checks come before the first weight is allocated."""

from __future__ import annotations

from collections.abc import Mapping
from types import FunctionType
from typing import Any

import numpy.typing as npt

from .... import initializers, layers
from ....files.errors import REFUSALS, FileFormatError, short_message
from ....files.limits import MAX_CALLS, MAX_LAYERS, count_calls, count_layers
from ....files.message_lists import join_names
from ....layers import InputLayer, Layer
from ....models import Model, Sequential
from ....models.configuration.built_layers import BUILD_CONFIG, build_from
from . import functional, sequential
from .from_keras import from_keras
from .frozen_layers import unfreeze_inner

Array = npt.NDArray[Any]
Classes = Mapping[str, Any] | None

#: Arguments of inner layers that the outer layer sets, and the calls of a graph, which it may number in another order.
_UNCHECKED = {"name", "zero_output_for_mask", "calls", "inputs", "outputs"}


def build(config: Any, size: int, custom_objects: Classes) -> Model:
    """Build the model that ``config`` describes; its weights are zeros.

    Parameters
    ----------
    config : JSON value
        A ``Sequential`` or ``Functional`` as Keras's ``serialize_keras_object`` writes it.
    size : int
        The most elements of weights to allocate.
    custom_objects : mapping, optional
        Classes and functions that are not of this package, by name.

    Raises
    ------
    FileFormatError
        For another kind of model, and for a layer or an option that this package does not have, by its name.
    """
    if not isinstance(config, dict) or not isinstance(config.get("config"), dict):
        raise FileFormatError("its configuration must be an object with class_name and config.")
    kind = config.get("class_name")
    if kind != "Sequential" and kind not in functional.CLASSES:
        raise FileFormatError(f"its model is a {kind!r:.80}; Keras's 'Sequential' and 'Functional' are read.")
    if config.get("registered_name") not in (None, "Functional"):
        raise FileFormatError(f"its model is a class of its author's own, registered as {config['registered_name']!r:.100}.")
    model_config = unfreeze_inner(config)["config"]
    entries = model_config.get("layers")
    if not isinstance(entries, list) or not 0 < count_layers(entries) <= MAX_LAYERS:
        raise FileFormatError(f"its layers must be a list of 1 to {MAX_LAYERS:,}, those inside of others counted.")
    trainable = model_config.get("trainable", True)
    if not isinstance(trainable, bool):
        raise FileFormatError(f"its model's trainable is {trainable!r:.80}, where true or false was expected.")
    if kind == "Sequential":
        return _build_sequential(model_config, entries, size, custom_objects)
    return _build_functional(model_config, size, custom_objects)


def _build_sequential(model_config: Any, entries: list[Any], size: int, custom_objects: Classes) -> Sequential:
    if others := model_config.keys() - sequential.KEYS:
        raise FileFormatError(f"its model has {join_names(others)}, which Keras's Sequential has not.")
    stack = [_make_layer(index, entry, size, custom_objects) for index, entry in enumerate(entries)]
    # Keras computes in the layers' dtypes; that of the model has no effect.
    dtype = next(filter(None, map(_dtype, stack)), None) or from_keras(model_config.get("dtype")) or "float32"
    trainable = model_config.get("trainable", True)
    try:
        with initializers.skip_initialization(max_elements=size):
            model = Sequential(stack, name=model_config.get("name"), dtype=dtype, trainable=trainable)
            if not model.built and model_config.get("build_input_shape"):
                model.build(model_config["build_input_shape"])
            for layer, entry in zip(stack, [] if model.built else entries, strict=False):
                build_from(layer, entry.get(BUILD_CONFIG))
    except REFUSALS as error:
        raise FileFormatError(f"its model cannot be made: {short_message(error)}") from error
    return model


def _build_functional(model_config: Any, size: int, custom_objects: Classes) -> Model:
    try:
        requested = from_keras({"class_name": functional.CLASSES[0], "config": model_config}, custom_objects or ())["config"]
        _check_calls(requested["layers"])
        with initializers.skip_initialization(max_elements=size):
            model = Model.from_config(requested, custom_objects)
    except REFUSALS as error:
        raise FileFormatError(f"its model cannot be made: {short_message(error)}") from error
    if not custom_objects:  # a custom class may write its arguments in another form
        _check_config(requested, model.get_config(), "its model")
    return model


def _check_calls(entries: list[Any]) -> None:
    if count_calls(entries) > MAX_CALLS:
        raise FileFormatError(f"its layers are called more than {MAX_CALLS:,} times, those of models inside of it counted.")


def _dtype(layer: Layer) -> str | None:
    return None if isinstance(layer, InputLayer) else layer.requested_dtype


def _make_layer(index: int, entry: Any, size: int, custom_objects: Classes) -> Layer:
    config = entry.get("config") if isinstance(entry, dict) else None
    name = config.get("name") if isinstance(config, dict) else None
    where = f"its layer {index} ({name!r:.80})"
    try:
        requested = from_keras(entry, custom_objects or ())
        _check_calls([requested])
        with initializers.skip_initialization(max_elements=size):  # a model inside is built with its layers
            layer = layers.deserialize(requested, custom_objects)
    except REFUSALS as error:
        raise FileFormatError(f"{where} cannot be made: {short_message(error)}") from error
    if type(layer).__name__ not in (custom_objects or ()):
        _check_config(requested.get("config"), layer.get_config(), where)
    return layer


def _check_config(requested: Any, actual: Any, where: str) -> None:
    """Refuse what a constructor took but understood in another way, as ``"no"`` for a bool; 1 and 1.0 are the same."""
    if isinstance(requested, dict) and isinstance(actual, dict):
        for key in requested.keys() & actual.keys() - _UNCHECKED:
            _check_config(requested[key], actual[key], f"{where}: {key}")
    elif (names := _names(requested)) and (actual_names := _names(actual)) and names.keys() <= actual_names.keys():
        for name, entry in names.items():
            _check_config(entry, actual_names[name], f"{where}: {name:.80}")
    elif isinstance(requested, list) and isinstance(actual, (list, tuple)) and len(requested) == len(actual):
        for pair in zip(requested, actual, strict=True):
            _check_config(*pair, where)
    elif isinstance(requested, bool) is isinstance(actual, bool) and (requested == actual or _is_short_form(requested, actual)):
        return
    else:
        raise FileFormatError(f"{where} is {requested!r:.80}, where {actual!r:.80} was understood.")


def _names(entries: Any) -> dict[str, Any]:
    """Return the entries of layers by name; {} for anything else. A graph may return its layers in another order."""
    if not isinstance(entries, list) or not all(isinstance(entry, dict) for entry in entries):
        return {}
    configs = [entry.get("config") for entry in entries]
    names = [config.get("name") if isinstance(config, dict) else None for config in configs]
    return dict(zip(names, entries, strict=True)) if all(isinstance(name, str) for name in names) else {}  # type: ignore[arg-type]


def _is_short_form(requested: Any, actual: Any) -> bool:
    """Whether the request is a name or None where the layer has a complete configuration, or a function."""
    if isinstance(actual, FunctionType):
        return bool(requested == actual.__name__)
    return (isinstance(requested, str) and isinstance(actual, dict)) or (requested is None and actual == "linear")
