"""Write the configuration of a model as Keras 3 does."""

from __future__ import annotations

from typing import Any

from ....files.limits import check_layers
from ....layers import InputLayer
from ....models import Sequential
from .frozen_layers import freeze_inner
from .to_keras import to_keras

KERAS_VERSION = "3.15.1"  #: the release whose files these are


def model_config(model: Sequential) -> dict[str, Any]:
    """Return the configuration of a model in the form of Keras.

    Raises
    ------
    ValueError
        For what Keras does not have, by the name of layer and option.
    """
    config = model.get_config()
    check_layers(model.name, config["layers"])
    _check_batch_size(model, config["layers"])
    config = freeze_inner({"config": config})["config"]
    entry: dict[str, Any] = {
        "module": "keras",
        "class_name": "Sequential",
        "config": {**config, "layers": [to_keras(layer, "keras.layers") for layer in config["layers"]]},
        "registered_name": None,
    }
    if model.built:
        entry["config"]["build_input_shape"] = list(model.input_shape)
    return entry


def _check_batch_size(model: Sequential, entries: list[dict[str, Any]]) -> None:
    first = entries[0] if entries and entries[0]["class_name"] == InputLayer.__name__ else None
    if first is None or first["config"]["batch_shape"][0] is None:
        for layer in model.layers:
            if layer.stateful:
                raise ValueError(
                    f"{layer.name} is stateful, and Keras has to know the batch size then. Give the model's Input a batch_size."
                )
