"""What ``compile`` was called with, as Keras writes it down and as this package does."""

from __future__ import annotations

from typing import Any

from .... import serialization
from ....files.errors import REFUSALS, FileFormatError, brief
from ....metrics import DeferredAccuracy
from ....models import Sequential
from .from_keras import from_keras
from .to_keras import to_keras


def to_config(model: Sequential) -> dict[str, Any]:
    """Keras's ``compile_config`` of a compiled model."""
    config = model.get_compile_config()
    return {
        "optimizer": to_keras(config["optimizer"], "keras.optimizers"),
        "loss": config["loss"] and to_keras(config["loss"], "keras.losses"),
        "loss_weights": config["loss_weights"],
        "metrics": [_metric(metric) for metric in config["metrics"]],
        "weighted_metrics": [_metric(metric) for metric in config["weighted_metrics"]],
    }


def _metric(metric: dict[str, Any]) -> Any:
    if metric["class_name"] == DeferredAccuracy.__name__:
        return metric["config"]["name"]
    return to_keras(metric, "keras.metrics")


def compile_from(model: Sequential, config: Any) -> None:
    """Compile ``model`` as a Keras file says.

    Raises
    ------
    FileFormatError
        For an optimizer, a loss, a metric or an argument that this package has not.
    """
    if not isinstance(config, dict):
        raise FileFormatError(f"its compile_config is {config!r:.80}, where an object was expected.")
    try:
        made = from_keras(config, serialization.custom_objects())
        for key in ("metrics", "weighted_metrics"):
            _drop_dtypes(made.get(key))
        model.compile(**made)
    except REFUSALS as error:
        raise FileFormatError(f"its model cannot be compiled: {brief(error)} (Or load it with compile=False.)") from error


def _drop_dtypes(read: Any) -> None:
    """Leave out the dtypes of metrics' running sums, which are float64 here."""
    if isinstance(read, list):
        for item in read:
            _drop_dtypes(item)
    elif isinstance(read, dict) and isinstance(read.get("class_name"), str):
        if isinstance(read.get("config"), dict):
            read["config"].pop("dtype", None)
    elif isinstance(read, dict):
        _drop_dtypes(list(read.values()))


def from_training_config(config: Any) -> Any:
    """``compile_config`` out of the ``training_config`` of a legacy file."""
    if not isinstance(config, dict) or "optimizer_config" not in config:
        raise FileFormatError("its training_config does not say which optimizer it had. (Load it with compile=False.)")
    rest = {key: value for key, value in config.items() if key != "optimizer_config"}
    return {**rest, "optimizer": config["optimizer_config"]}
