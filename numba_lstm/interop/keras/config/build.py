"""A model out of Keras's configuration and arrays by name; all of it is settled before a weight is allocated."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy.typing as npt

from .... import initializers, layers
from ....files.errors import REFUSALS, FileFormatError, brief
from ....files.limits import MAX_LAYERS, count_layers
from ....files.message_lists import listed
from ....layers import InputLayer, Layer
from ....models import Sequential
from .from_keras import from_keras
from .frozen_layers import gathered

Array = npt.NDArray[Any]
Classes = Mapping[str, Any] | None

_CONFIG_KEYS = {"name", "trainable", "dtype", "layers", "build_input_shape"}
#: What a layer that holds others settles for them, whatever they were made with.
_SETTLED = {"name", "zero_output_for_mask"}


def build(config: Any, size: int, custom_objects: Classes) -> Sequential:
    """The model that ``config`` describes; its weights are zeros.

    Parameters
    ----------
    config : JSON value
        What Keras's ``serialize_keras_object`` wrote of a ``Sequential``.
    size : int
        The most elements of weights to allocate.
    custom_objects : mapping, optional
        Classes and functions that are not of this package, by name.

    Raises
    ------
    FileFormatError
        For another kind of model, and for a layer or an option that this package has not, by its name.
    """
    if not isinstance(config, dict) or not isinstance(config.get("config"), dict):
        raise FileFormatError("its configuration must be an object with class_name and config.")
    if config.get("class_name") != "Sequential":
        raise FileFormatError(f"its model is a {config.get('class_name')!r:.80}; only Keras's 'Sequential' is read.")
    if config.get("registered_name") is not None:
        raise FileFormatError(f"its model is a class of its author's own, registered as {config['registered_name']!r:.100}.")
    own = gathered(config)["config"]
    entries = own.get("layers")
    if others := own.keys() - _CONFIG_KEYS:
        raise FileFormatError(f"its model has {listed(others)}, which Keras's Sequential has not.")
    if not isinstance(entries, list) or not 0 < count_layers(entries) <= MAX_LAYERS:
        raise FileFormatError(f"its layers must be a list of 1 to {MAX_LAYERS:,}, those inside of others counted.")
    stack = [_layer(index, entry, custom_objects) for index, entry in enumerate(entries)]
    # Keras computes in the layers' dtypes; the model's own says nothing.
    dtype = next(filter(None, map(_dtype, stack)), None) or from_keras(own.get("dtype")) or "float32"
    trainable = own.get("trainable", True)
    if not isinstance(trainable, bool):
        raise FileFormatError(f"its model's trainable is {trainable!r:.80}, where true or false was expected.")
    try:
        with initializers.skipped(at_most=size):
            model = Sequential(stack, name=own.get("name"), dtype=dtype, trainable=trainable)
            if not model.built and own.get("build_input_shape"):
                model.build(own["build_input_shape"])
    except REFUSALS as error:
        raise FileFormatError(f"its model cannot be made: {brief(error)}") from error
    return model


def _dtype(layer: Layer) -> str | None:
    return None if isinstance(layer, InputLayer) else layer.own_dtype


def _layer(index: int, entry: Any, custom_objects: Classes) -> Layer:
    config = entry.get("config") if isinstance(entry, dict) else None
    name = config.get("name") if isinstance(config, dict) else None
    where = f"its layer {index} ({name!r:.80})"
    try:
        read = from_keras(entry, custom_objects or ())
        layer = layers.deserialize(read, custom_objects)
    except REFUSALS as error:
        raise FileFormatError(f"{where} cannot be made: {brief(error)}") from error
    if type(layer).__name__ not in (custom_objects or ()):
        _compare(read.get("config"), layer.get_config(), where)
    return layer


def _compare(read: Any, made: Any, where: str) -> None:
    """Refuse what a constructor took but understood in another way, as ``"no"`` for a bool; 1 and 1.0 are the same."""
    if isinstance(read, dict) and isinstance(made, dict):
        for key in read.keys() & made.keys() - _SETTLED:
            _compare(read[key], made[key], f"{where}: {key}")
    elif isinstance(read, list) and isinstance(made, (list, tuple)) and len(read) == len(made):
        for pair in zip(read, made, strict=True):
            _compare(*pair, where)
    elif isinstance(read, bool) is not isinstance(made, bool) or (read != made and not _named(read, made)):
        raise FileFormatError(f"{where} is {read!r:.80}, where {made!r:.80} was understood.")


def _named(read: Any, made: Any) -> bool:
    """Whether one of both is a name, or nothing, where the other is written out."""
    return (isinstance(read, str) and isinstance(made, dict)) or (read is None and made == "linear")
