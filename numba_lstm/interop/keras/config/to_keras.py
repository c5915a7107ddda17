"""Objects as this package writes them down, as Keras does: with the modules where Keras has their classes."""

from __future__ import annotations

import warnings
from types import ModuleType
from typing import Any

import numpy as np

from .... import constraints, initializers, layers, losses, metrics, optimizers, regularizers
from ....constraints import FunctionConstraint
from ....initializers.functions import FunctionInitializer
from ....kernels import specs
from .from_keras import ACTIVATIONS

#: Where Keras has its classes -> where this package has them.
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
#: How arguments that hold an object end -> the module of its class.
_PLACES = {
    "layer": "keras.layers",
    "cell": "keras.layers",
    "_initializer": "keras.initializers",
    "_regularizer": "keras.regularizers",
    "_constraint": "keras.constraints",
    "learning_rate": "keras.optimizers.schedules",
}
#: Options of the LSTM that Keras has not, at the values where they do nothing; then the initializers of their weights.
_BEYOND: dict[str, Any] = {
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
_BEYOND_INITIALIZERS = {"peephole_initializer", "projection_initializer", "gamma_initializer", "beta_initializer"}
#: Values of a Constant that are written: Keras has them in JSON, of which readers take little.
MAX_CONSTANT = 10_000
#: Arguments that Keras's class does not take, though its base does.
_UNTAKEN = {"InputLayer": {"trainable"}, "SpatialDropout1D": {"trainable"}}


def to_keras(value: dict[str, Any], module: str) -> dict[str, Any]:
    """What ``serialize`` answered here, as Keras writes it down; ``module`` is where Keras has its class.

    Raises
    ------
    ValueError
        For what Keras has not.
    """
    name = value["class_name"]
    if not hasattr(_MODULES[module], name):
        raise ValueError(f"{name} is a class of your own, which a Keras file cannot hold. Save the model as .nlstm.")
    config = {key: _argument(name, key, item) for key, item in _common(name, value["config"]).items()}
    if name == "Constant" and isinstance(config.get("value"), list):
        config["value"] = _table(config["value"])
    return {"module": module, "class_name": name, "config": config, "registered_name": None}


def _common(name: str, config: dict[str, Any]) -> dict[str, Any]:
    """The arguments that Keras has too."""
    left = {key: item for key, item in config.items() if key not in _UNTAKEN.get(name, ())}
    if name in ("LSTM", "LSTMCell"):
        for option, off in _BEYOND.items():
            if left.pop(option, off) != off:
                raise ValueError(
                    f"{config['name']} has {option}={config[option]!r}, which Keras's {name} has not. Save the model as .nlstm."
                )
        left = {key: item for key, item in left.items() if key not in _BEYOND_INITIALIZERS}
    if left.get("dtype", "") is None:  # not built yet: the model says it
        del left["dtype"]
    for shape in ("input_shape", "batch_input_shape"):  # the model has an Input in their place
        left.pop(shape, None)
    return left


def _argument(owner: str, key: str, value: Any) -> Any:
    if key == "cells":
        return [to_keras(cell, "keras.layers") for cell in value]
    if isinstance(value, (FunctionConstraint, FunctionInitializer)):
        raise ValueError(
            f"{owner}'s {key} is a function of your own, which a Keras file cannot hold. Save the weights alone: "
            "model.save_weights(path)."
        )
    if key.endswith("activation"):
        return _activation(owner, value)
    if not isinstance(value, dict):
        return value
    return to_keras(value, next(module for ending, module in _PLACES.items() if key.endswith(ending)))


def _table(values: list[Any]) -> Any:
    """The array of a ``Constant``, as Keras writes it down."""
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
