"""Models of files of any format that describes one, of configurations, and of other models."""

from __future__ import annotations

import json
import os
from collections.abc import Callable, Mapping
from typing import Any

from .. import device as devices
from ..files import formats, sniff, strict_json
from ..files.destinations import has_extension
from ..files.errors import REFUSALS, FileFormatError, short_message
from ..layers import Layer, serialize
from ..objects.serialization import custom_classes, custom_object_scope
from .configuration.built_layers import BUILD_CONFIG
from .configuration.custom_objects import CustomObjects
from .configuration.custom_objects import with_registered as with_registered_objects
from .model import Model
from .sequential import Sequential

_KERAS = "..interop.keras:model_of_config"  #: of a configuration of Keras
_CLASSES: dict[str, type[Model]] = {"Model": Model, "Sequential": Sequential}


def load_model(
    filepath: str | os.PathLike[str],
    custom_objects: CustomObjects | None = None,
    compile: bool = True,
    safe_mode: bool = True,
    *,
    device: str | None = None,
) -> Sequential:
    """Load a model that ``model.save`` or Keras wrote, as ``keras.saving.load_model``; ``fit`` continues where it stopped.

    Files are not trusted: nothing in one is imported or called, and every byte is checked before anything is built.

    Parameters
    ----------
    filepath : path
        The file: ``.nlstm``, ``.keras`` or a legacy ``.h5``. Its content counts, not its extension. If a name without an
        extension is no file, ``.nlstm`` is added, as by ``model.save``.
    custom_objects : mapping, optional
        Custom classes and functions in the model, by name: classes of layers, losses, metrics, optimizers, initializers,
        regularizers and constraints, and functions that are activations.
    compile : bool
        Whether to compile the model and to restore its optimizer, as they were.
    safe_mode : bool
        Keras's argument, which forbids to run code from a file. This package never runs any, also with False.
    device : str, optional
        Where the model computes. Default: the default device.

    Raises
    ------
    FileNotFoundError
        If there is no such file.
    FileFormatError
        If it is damaged, altered, forged, of a newer or another format; for a file of Keras also if it has a layer or an option
        that this package does not have.
    TypeError, ValueError
        For invalid ``custom_objects``, and if there are files with and without ``.nlstm``.
    """
    path = _path_of_saved(os.fsdecode(filepath))
    objects = with_registered_objects(custom_objects)
    if not isinstance(safe_mode, bool):
        raise TypeError(f"safe_mode must be True or False, got {safe_mode!r:.100}. The device has a name: device='cpu'.")
    devices.resolve(device)
    try:
        with custom_object_scope(objects):
            head = sniff.check_format(path, formats.NATIVE, formats.SAFETENSORS, formats.KERAS, formats.LEGACY)
            form = next((form for form in (formats.KERAS, formats.LEGACY) if head.startswith(form.signature)), formats.NATIVE)
            model: Sequential = formats.load_function(form.decode)(path, objects, compile)
    except FileFormatError as error:
        raise FileFormatError(f"{path}: {error}") from error
    return model if device is None else model.to(device)


def _path_of_saved(path: str) -> str:
    """The file that ``model.save(path)`` has written, which adds a suffix to a name without an extension."""
    saved = path + formats.NATIVE.suffix
    if has_extension(path) or not os.path.isfile(saved):
        return path
    if os.path.isfile(path):
        raise ValueError(
            f"there are {path!r} and {saved!r}, and saving to {path!r} writes the second one. Rename the first one."
        )
    return saved


def model_from_json(json_string: str, custom_objects: CustomObjects | None = None) -> Model:
    """Make a model with new weights of a result of ``model.to_json``, of this package or of Keras.

    Parameters
    ----------
    json_string : str
        The text. It is not trusted: nothing in it is imported or called.
    custom_objects : mapping, optional
        Custom classes and functions in the model, by name; see :func:`numba_lstm.load_model`.

    Raises
    ------
    FileFormatError
        If the text describes no model that this package can make.
    TypeError, ValueError
        For anything but a text, and for invalid ``custom_objects``.
    """
    if not isinstance(json_string, str):
        raise TypeError(f"model_from_json takes a text, got {type(json_string).__name__}. Read it: open(path).read().")
    objects = with_registered_objects(custom_objects)
    document = strict_json.loads(json_string, "the text")
    if not isinstance(document, dict) or not isinstance(document.get("config"), (dict, list)):
        raise FileFormatError("the text must be an object with class_name and config, as model.to_json() returns it.")
    if document.get("backend") != "numba_lstm":
        described: Model = formats.load_function(_KERAS)(document, objects)
        return type(described).from_config(described.get_config(), objects)  # its weights are zeros
    cls = _CLASSES.get(str(document.get("class_name")))
    if cls is None:
        raise FileFormatError(f"its model is a {document.get('class_name')!r:.80}; known are {' and '.join(_CLASSES)}.")
    try:
        return cls.from_config(document["config"], objects)
    except (*REFUSALS, KeyError) as error:
        raise FileFormatError(f"the model cannot be made: {short_message(error)}") from error


def model_from_config(config: Mapping[str, Any], custom_objects: CustomObjects | None = None) -> Model:
    """Make a model with new weights of a dict ``{"class_name": "Sequential", "config": model.get_config()}``."""
    document = {"class_name": config.get("class_name"), "config": config.get("config"), "backend": "numba_lstm"}
    return model_from_json(json.dumps(document), custom_objects)


def clone_model(
    model: Model,
    input_tensors: None = None,
    clone_function: Callable[[Layer], Layer] | None = None,
    call_function: None = None,
    recursive: bool = False,
) -> Model:
    """Make a model with equal layers and new weights, as ``keras.models.clone_model``. It is not compiled.

    Parameters
    ----------
    model : Model
        The model.
    input_tensors, call_function : None
        In Keras's places: the new model has inputs of its own, and its layers are called as those of ``model``.
    clone_function : function, optional
        Returns the new layer for each layer but the input's. Default: one of the same configuration.
    recursive : bool
        In Keras's place: a model inside of ``model`` is a layer of it.

    Raises
    ------
    TypeError
        For ``input_tensors`` and ``call_function``, and for anything but a model.
    """
    if not isinstance(model, Model):
        raise TypeError(f"clone_model takes a model, got {type(model).__name__}.")
    if input_tensors is not None or call_function is not None:
        raise TypeError("clone_model takes no input_tensors and no call_function. Leave them out.")
    with custom_classes() as classes:
        config = model.get_config()
        if clone_function is not None:
            config["layers"] = [_replaced(entry, model, clone_function) for entry in config["layers"]]
    _drop_shapes(config["layers"])  # the layers of the new model take any input, as in Keras
    with custom_object_scope(classes):
        return (Model if model.traced else type(model)).from_config(config)


def _replaced(entry: dict[str, Any], model: Model, clone_function: Callable[[Layer], Layer]) -> dict[str, Any]:
    """Return the entry of a layer with that of its clone, under the name of the layer."""
    if entry["class_name"] == "InputLayer":
        return entry
    clone = serialize(clone_function(model.get_layer(entry["config"]["name"])))
    return {**entry, **clone, "config": {**clone["config"], "name": entry["config"]["name"]}}


def _drop_shapes(entries: list[dict[str, Any]]) -> None:
    """Drop the shapes of layers that were built before their model, those of inner models included."""
    for entry in entries:
        entry.pop(BUILD_CONFIG, None)
        _drop_shapes(entry["config"].get("layers", []))
