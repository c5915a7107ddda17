"""How Keras writes objects down, as this package reads them: classes by their names, never by a module's.

Nothing is looked up or imported because a file says so. A module's name only has to be one of Keras's own, and the class one of
this package's lists.
"""

from __future__ import annotations

from collections.abc import Collection
from typing import Any

from ....files.errors import FileFormatError
from ....files.message_lists import listed

_MODULES = {
    *("keras", "keras.layers", "keras.initializers", "keras.regularizers", "keras.constraints", "keras.losses"),
    *("keras.metrics", "keras.optimizers", "keras.optimizers.schedules", "keras.mixed_precision"),
}
#: Where Keras on PyTorch has its optimizers, which it writes down as registered by their own names.
_ON_TORCH = "keras.src.backend.torch.optimizers.torch_"
_KEYS = {"module", "class_name", "config", "registered_name", "build_config", "shared_object_id", "compile_config"}
_POLICIES = {"DTypePolicy", "FloatDTypePolicy", "Policy"}
#: Layers that Keras takes as activations with parameters -> the activation here, and those of their arguments that stay.
ACTIVATIONS = {"LeakyReLU": ("leaky_relu", "negative_slope"), "ELU": ("elu", "alpha")}
_OF_LAYERS = ("name", "trainable", "dtype")  # arguments of any layer
#: Arguments of Keras alone, at the only values that are taken: they say how Keras runs, or ask for what is not there.
_NEUTRAL: dict[str, tuple[Any, ...]] = {
    "InputLayer": (("sparse", False), ("ragged", False), ("optional", False)),
    "LSTM": (("implementation", 1), ("implementation", 2), ("time_major", False)),
    "RNN": (("time_major", False),),
    "LSTMCell": (("implementation", 1), ("implementation", 2)),
}
_AXES = (("input_axes", None), ("output_axes", None))  # of initializers


def from_keras(value: Any, custom: Collection[str] = ()) -> Any:
    """What Keras wrote down, as this package's ``from_config`` takes it.

    Parameters
    ----------
    value : JSON value
        An object, a list of them, or a plain value.
    custom : collection of str
        Names of the user's own classes and functions, whatever their module.

    Raises
    ------
    FileFormatError
        For a module or a class that is not Keras's, for code, and for arguments of Keras that are not taken here.
    """
    if isinstance(value, list):
        return [from_keras(item, custom) for item in value]
    if not isinstance(value, dict):
        return value
    name, config = value.get("class_name"), value.get("config", {})
    if name == "__lambda__" or value.keys() == {"value"}:  # beside a class of its own, Keras writes the code alone
        raise FileFormatError("it has the code of a lambda, which is never run. Use Keras's own layers and functions.")
    if not isinstance(name, str):
        return {key: from_keras(item, custom) for key, item in value.items()}
    if name == "__tuple__":
        return from_keras(value.get("items"), custom)
    if name == "__numpy__":
        return config.get("value") if isinstance(config, dict) else config
    if others := value.keys() - _KEYS:
        raise FileFormatError(f"its {name!r:.100} has {listed(others)}, which is no part of an object of Keras.")
    module, registered = value.get("module"), value.get("registered_name")
    if module == _ON_TORCH + name.lower() and registered == name:
        module, registered = "keras.optimizers", None
    if name == "function" and module == "builtins":
        known = not isinstance(config, str) or config in custom
        return config if known else config.rpartition(">")[2]  # "package>name" of one that was registered
    if name not in custom and module is not None and (not isinstance(module, str) or module not in _MODULES):
        raise FileFormatError(f"its {name!r:.100} is of the module {module!r:.100}, which is not Keras's and never imported.")
    if name not in custom and registered is not None:
        raise FileFormatError(
            f"its {name!r:.100} is a class of its author's own, registered as {registered!r:.100}, and not Keras's. "
            "A layer can be given to numba_lstm.load_model: custom_objects={name: class}."
        )
    if not isinstance(config, dict):
        raise FileFormatError(f"the config of its {name!r:.100} is {config!r:.100}, where arguments by name were expected.")
    if name in _POLICIES:
        return config.get("name")
    made = {key: from_keras(item, custom) for key, item in config.items()}
    if name in ACTIVATIONS and module in (None, "keras.layers"):
        activation, argument = ACTIVATIONS[name]
        if others := made.keys() - {argument, *_OF_LAYERS}:
            raise FileFormatError(f"its {name} has {listed(others)}, which is not taken.")
        return {"class_name": activation, "config": {argument: made[argument]} if argument in made else {}}
    return {"class_name": name, "config": made if name in custom else _taken(name, made)}


def _taken(name: str, config: dict[str, Any]) -> dict[str, Any]:
    """``config`` without the arguments that only Keras has."""
    for key, value in (*_NEUTRAL.get(name, ()), *_AXES):
        if key in config and config[key] == value:
            del config[key]
    if name == "LayerNormalization" and isinstance(config.get("axis"), list) and len(config["axis"]) == 1:
        config["axis"] = config["axis"][0]
    if "batch_input_shape" in config:  # Keras 2
        shape = config.pop("batch_input_shape")
        config |= {"batch_shape": shape} if name == "InputLayer" else {"input_shape": shape[1:] if shape else shape}
    return config
