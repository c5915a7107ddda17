"""Convert configurations of Keras to those of this package.

The converter imports nothing that a file names. The name of a module must be one of Keras's, and the name of a class one in the
registries of this package.
"""

from __future__ import annotations

from collections.abc import Collection
from typing import Any

from ....files.errors import FileFormatError
from ....files.message_lists import join_names
from . import functional, sequential

_MODULES = {
    *("keras", "keras.layers", "keras.initializers", "keras.regularizers", "keras.constraints", "keras.losses"),
    *("keras.metrics", "keras.optimizers", "keras.optimizers.schedules", "keras.mixed_precision"),
}
#: Modules and registered names of functional models.
_FUNCTIONAL = ((None, None), ("keras", None), ("keras", "Functional"), ("keras.src.models.functional", "Functional"))
#: Prefix of the modules of optimizers of Keras on PyTorch, which are registered by the names of their classes.
_TORCH_OPTIMIZER = "keras.src.backend.torch.optimizers.torch_"
_KEYS = {"module", "class_name", "config", "registered_name", "build_config", "shared_object_id", "compile_config"}
_POLICIES = {"DTypePolicy", "FloatDTypePolicy", "Policy"}
#: Layers that are activations with parameters in Keras -> the activation here, and the argument that it has.
ACTIVATIONS = {"LeakyReLU": ("leaky_relu", "negative_slope"), "ELU": ("elu", "alpha")}
#: Layers whose vocabularies Keras has in other files of an archive, which are not read.
VOCABULARIES = ("IntegerLookup", "StringLookup", "TextVectorization")
_LAYER_ARGUMENTS = ("name", "trainable", "dtype")  # of all layers
#: Arguments that only Keras has, and the values at which they do not change the result.
_NEUTRAL: dict[str, tuple[Any, ...]] = {
    "InputLayer": (("sparse", False), ("ragged", False), ("optional", False)),
    "LSTM": (("implementation", 1), ("implementation", 2), ("time_major", False)),
    "GRU": (("implementation", 1), ("implementation", 2), ("time_major", False)),
    "SimpleRNN": (("time_major", False),),
    "RNN": (("time_major", False),),
    "MultiHeadAttention": (("attention_axes", None), ("attention_axes", [1])),
    **dict.fromkeys(("LSTMCell", "GRUCell"), (("implementation", 1), ("implementation", 2))),
}
_INITIALIZER_ARGUMENTS = (("input_axes", None), ("output_axes", None))  # of initializers


def from_keras(value: Any, custom: Collection[str] = ()) -> Any:
    """Convert a configuration of Keras to one for ``from_config`` of this package.

    Parameters
    ----------
    value : JSON value
        An object, a list of them, or a plain value.
    custom : collection of str
        Names of classes and functions of the user, in any module.

    Raises
    ------
    FileFormatError
        For a module or a class that is not Keras's, for code, and for arguments of Keras that are not supported.
    """
    if isinstance(value, list):
        return [from_keras(item, custom) for item in value]
    if not isinstance(value, dict):
        return value
    name, config = value.get("class_name"), value.get("config", {})
    if name == "__lambda__" or value.keys() == {"value"}:  # beside a custom class, Keras writes the code alone
        raise FileFormatError("it has the code of a lambda, which is never run. Use Keras's own layers and functions.")
    if not isinstance(name, str):
        return {key: from_keras(item, custom) for key, item in value.items()}
    if name == "__tuple__":
        return from_keras(value.get("items"), custom)
    if name == "__numpy__":
        return config.get("value") if isinstance(config, dict) else config
    if others := value.keys() - _KEYS:
        raise FileFormatError(f"its {name!r:.100} has {join_names(others)}, which is no part of an object of Keras.")
    module, registered = value.get("module"), value.get("registered_name")
    if module == _TORCH_OPTIMIZER + name.lower() and registered == name:
        module, registered = "keras.optimizers", None
    if name in functional.CLASSES and (module, registered) in _FUNCTIONAL:
        module, registered = "keras", None
    if name == "function" and module == "builtins":
        is_plain = not isinstance(config, str) or config in custom
        return config if is_plain else config.rpartition(">")[2]  # "package>name" of one that was registered
    if name not in custom and module is not None and (not isinstance(module, str) or module not in _MODULES):
        raise FileFormatError(f"its {name!r:.100} is of the module {module!r:.100}, which is not Keras's and never imported.")
    if name not in custom and registered is not None:
        raise FileFormatError(
            f"its {name!r:.100} is a class of its author's own, registered as {registered!r:.100}, and not Keras's. "
            "A layer can be given to numba_lstm.load_model: custom_objects={name: class}."
        )
    if not isinstance(config, dict):
        raise FileFormatError(f"the config of its {name!r:.100} is {config!r:.100}, where arguments by name were expected.")
    if name in VOCABULARIES and name not in custom:
        raise FileFormatError(
            f"the vocabulary of its {name} is not read. Convert words before the model, and leave {name} out."
        )
    if name in _POLICIES:
        return config.get("name")
    if name == "Sequential" or (name in functional.CLASSES and "layers" in config):
        kind, arguments_of = ("Model", functional.arguments) if name != "Sequential" else (name, sequential.arguments)
        return {"class_name": kind, "config": arguments_of(config, lambda item: from_keras(item, custom))}
    arguments = {key: from_keras(item, custom) for key, item in config.items()}
    arguments |= {key: _as_activation(item) for key, item in arguments.items() if key.endswith("activation")}
    return {"class_name": name, "config": _of_user(arguments) if name in custom else _drop_neutral(name, arguments)}


def _of_user(config: dict[str, Any]) -> dict[str, Any]:
    """Drop what Keras writes for a layer of a class without ``get_config``, where it is the default."""
    return {key: value for key, value in config.items() if (key, value) != ("autocast", True)}


def _as_activation(value: Any) -> Any:
    """Return the activation of a layer that is one in Keras, and any other value as it is."""
    if not isinstance(value, dict) or value.get("class_name") not in ACTIVATIONS:
        return value
    name, arguments = value["class_name"], value["config"]
    activation, argument = ACTIVATIONS[name]
    if others := arguments.keys() - {argument, *_LAYER_ARGUMENTS}:
        raise FileFormatError(f"its {name} has {join_names(others)}, which is not taken.")
    return {"class_name": activation, "config": {argument: arguments[argument]} if argument in arguments else {}}


def _drop_neutral(name: str, config: dict[str, Any]) -> dict[str, Any]:
    """Drop the arguments of ``config`` that only Keras has, if they are neutral; rename those of Keras 2."""
    for key, value in (*_NEUTRAL.get(name, ()), *_INITIALIZER_ARGUMENTS):
        if key in config and config[key] == value:
            del config[key]
    if name == "LayerNormalization" and isinstance(config.get("axis"), list) and len(config["axis"]) == 1:
        config["axis"] = config["axis"][0]
    if "batch_input_shape" in config:  # Keras 2
        shape = config.pop("batch_input_shape")
        config |= {"batch_shape": shape} if name == "InputLayer" else {"input_shape": shape[1:] if shape else shape}
    return config
