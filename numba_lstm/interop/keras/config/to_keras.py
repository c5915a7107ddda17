"""Convert configurations of this package to those of Keras, which name the modules of classes."""

from __future__ import annotations

import warnings
from types import FunctionType, ModuleType
from typing import Any

import numpy as np

from .... import constraints, initializers, layers, losses, metrics, optimizers, regularizers
from ....constraints import FunctionConstraint
from ....initializers.functions import FunctionInitializer
from ....kernels import specs
from .from_keras import ACTIVATIONS, VOCABULARIES

#: Module of classes in Keras -> module in this package.
_MODULES: dict[str, ModuleType] = {
    "keras.layers": layers,
    "keras.initializers": initializers,
    "keras.regularizers": regularizers,
    "keras.constraints": constraints,
    "keras.losses": losses,
    "keras.metrics": metrics,
    "keras.optimizers": optimizers,
    "keras.optimizers.schedules": optimizers.schedules,
}
#: Suffix of the names of arguments that are objects -> the module of their classes in Keras.
_MODULE_OF_ARGUMENT = {
    "layer": "keras.layers",
    "cell": "keras.layers",
    "_initializer": "keras.initializers",
    "_regularizer": "keras.regularizers",
    "_constraint": "keras.constraints",
    "learning_rate": "keras.optimizers.schedules",
}
#: Options of the LSTM that Keras does not have, and their neutral values; then the initializers of their weights.
_LSTM_EXTENSIONS: dict[str, Any] = {
    "output_activation": None,
    "peephole": False,
    "cell_clip": None,
    "coupled": False,
    "projection": None,
    "layer_norm": False,
    "zoneout": 0.0,
    "cell_zoneout": 0.0,
    "quantization": None,
}
_LSTM_EXTENSION_INITIALIZERS = {"peephole_initializer", "projection_initializer", "gamma_initializer", "beta_initializer"}
#: Classes -> options that Keras does not have, and their neutral values.
_EXTENSIONS: dict[str, dict[str, Any]] = {
    **dict.fromkeys(("LSTM", "LSTMCell"), _LSTM_EXTENSIONS),
    **dict.fromkeys(("GRU", "GRUCell", "SimpleRNN", "SimpleRNNCell"), {"quantization": None}),
    "CTC": {"blank": 0, "zero_infinity": False},
}
#: Losses and metrics that Keras does not have.
_ABSENT = {"GaussianNLL", "Perplexity", "Quantile", "StudentTNLL", "SymmetricMeanAbsolutePercentageError"}
#: Values of a Constant that are written: Keras has them in JSON, whose size readers limit.
MAX_CONSTANT = 10_000
#: Arguments that a class of Keras does not take, though its base does.
_DROPPED = {"Discretization": {"trainable"}, "InputLayer": {"trainable"}, "SpatialDropout1D": {"trainable"}}


def to_keras(value: dict[str, Any], module: str) -> dict[str, Any]:
    """Convert a result of ``serialize``; ``module`` is the module of its class in Keras.

    Raises
    ------
    ValueError
        For what Keras does not have.
    """
    name = value["class_name"]
    if name in _ABSENT:
        raise ValueError(f"Keras has no {name}. Save the model as .nlstm, or compile it with another loss or metric first.")
    if not hasattr(_MODULES[module], name):
        raise ValueError(f"{name} is a class of your own, which a Keras file cannot hold. Save the model as .nlstm.")
    if module == "keras.layers" and name in VOCABULARIES:
        raise ValueError(f"the vocabulary of {name} is not written to Keras's files. Save the model as .nlstm.")
    config = {key: _argument(name, key, item) for key, item in _drop_extensions(name, value["config"]).items()}
    if name == "Constant" and isinstance(config.get("value"), list):
        config["value"] = _constant_value(config["value"])
    return {"module": module, "class_name": name, "config": config, "registered_name": None}


def _drop_extensions(name: str, config: dict[str, Any]) -> dict[str, Any]:
    """Drop the arguments that Keras does not have; ValueError for one that is not neutral."""
    arguments = {key: item for key, item in config.items() if key not in _DROPPED.get(name, ())}
    for option, default in _EXTENSIONS.get(name, {}).items():
        if arguments.pop(option, default) != default:
            raise ValueError(
                f"{config['name']} has {option}={config[option]!r}, which Keras's {name} has not. Save the model as .nlstm."
            )
    if name in ("LSTM", "LSTMCell"):
        arguments = {key: item for key, item in arguments.items() if key not in _LSTM_EXTENSION_INITIALIZERS}
    if name == "SimpleRNN" and arguments.get("seed") is None:  # Keras reads a seed there, but never writes one
        arguments.pop("seed", None)
    if arguments.get("dtype", "") is None:  # a layer that is not built; the model has the dtype
        del arguments["dtype"]
    for shape in ("input_shape", "batch_input_shape"):  # the model has an Input instead
        arguments.pop(shape, None)
    return arguments


def _argument(owner: str, key: str, value: Any) -> Any:
    if key == "cells":
        return [to_keras(cell, "keras.layers") for cell in value]
    if isinstance(value, (FunctionConstraint, FunctionInitializer)):
        raise ValueError(
            f"{owner}'s {key} is a function of your own, which a Keras file cannot hold. Save the weights alone: "
            "model.save_weights(path)."
        )
    if isinstance(value, FunctionType):
        if not value.__name__.isidentifier():
            raise ValueError(
                f"{owner}'s {key} is a function without a name, which a Keras file cannot hold. Define it with def."
            )
        return {"module": "builtins", "class_name": "function", "config": value.__name__, "registered_name": "function"}
    if key.endswith("activation"):
        return _activation(owner, value)
    if not isinstance(value, dict) or key == "arguments":
        return value
    return to_keras(value, next(module for ending, module in _MODULE_OF_ARGUMENT.items() if key.endswith(ending)))


def _constant_value(values: list[Any]) -> Any:
    """Return the array of a ``Constant`` in the form of Keras."""
    count = np.size(values)
    if count > MAX_CONSTANT:
        warnings.warn(
            f"the {count:,} initial values of a Constant are not in the Keras file, which holds {MAX_CONSTANT:,} at most: 0 is "
            "there in their place. The weights are. Save the model as .nlstm to keep both.",
            stacklevel=2,
        )
        return 0.0
    return {"class_name": "__numpy__", "config": {"value": values, "dtype": "float64"}}


def _activation(owner: str, value: Any) -> Any:
    if isinstance(value, str) and value in specs.ACTIVATIONS:
        return value
    for name, (activation, _) in ACTIVATIONS.items():
        if isinstance(value, dict) and value["class_name"] == activation:
            return {"module": "keras.layers", "class_name": name, "config": value["config"], "registered_name": None}
    raise ValueError(f"{owner} has an activation of your own, which a Keras file cannot hold. Save the model as .nlstm.")
