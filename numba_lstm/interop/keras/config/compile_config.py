"""Convert the arguments of ``compile`` between the forms of Keras and of this package."""

from __future__ import annotations

from typing import Any

from ....files.errors import REFUSALS, FileFormatError, short_message
from ....metrics.classes import DeferredAccuracy
from ....models import Model
from ....objects import serialization
from .from_keras import from_keras
from .to_keras import to_keras


def to_config(model: Model) -> dict[str, Any]:
    """Return Keras's ``compile_config`` of a compiled model; its dicts are by the names of outputs in a dict."""
    config = model.get_compile_config()
    optimizer = to_keras(config["optimizer"], "keras.optimizers")
    if len(model.compiled_outputs) == 1:
        fields = {
            "loss": _loss(config["loss"]),
            "loss_weights": config["loss_weights"],
            "metrics": _metrics(config["metrics"]),
            "weighted_metrics": _metrics(config["weighted_metrics"]),
        }
        return {"optimizer": optimizer, **fields}
    losses = [_loss(loss) for loss in config["loss"]]
    weights = [1.0 if weight is None else weight for weight in config["loss_weights"]]
    fields = {
        "loss": losses if any(losses) else None,
        "loss_weights": weights if any(weight != 1 for weight in weights) else None,
        "metrics": [_metrics(one) for one in config["metrics"]],
        "weighted_metrics": [_metrics(one) for one in config["weighted_metrics"]],
    }
    if model.returns_dict:
        trained = [name for name, loss in zip(model.output_names, losses, strict=True) if loss is not None]
        fields = {key: value and dict(zip(model.output_names, value, strict=True)) for key, value in fields.items()}
        for key in ("loss", "loss_weights"):
            fields[key] = fields[key] and {name: fields[key][name] for name in trained}
    return {"optimizer": optimizer, **fields}


def _loss(loss: dict[str, Any] | None) -> Any:
    return loss and to_keras(loss, "keras.losses")


def _metrics(metrics: list[dict[str, Any]]) -> list[Any]:
    return [_metric(metric) for metric in metrics]


def _metric(metric: dict[str, Any]) -> Any:
    if metric["class_name"] == DeferredAccuracy.__name__:
        return metric["config"]["name"]
    return to_keras(metric, "keras.metrics")


def compile_model(model: Model, config: Any) -> None:
    """Compile ``model`` with the arguments in a Keras file.

    Raises
    ------
    FileFormatError
        For an optimizer, a loss, a metric or an argument that this package does not have.
    """
    if not isinstance(config, dict):
        raise FileFormatError(f"its compile_config is {config!r:.80}, where an object was expected.")
    try:
        arguments = from_keras(config, serialization.custom_objects())
        for key in ("metrics", "weighted_metrics"):
            _drop_dtypes(arguments.get(key))
        model.compile(**arguments)
    except REFUSALS as error:
        raise FileFormatError(
            f"its model cannot be compiled: {short_message(error)} (Or load it with compile=False.)"
        ) from error


def _drop_dtypes(metrics: Any) -> None:
    """Drop the dtypes of metrics, whose sums are float64 here."""
    if isinstance(metrics, list):
        for item in metrics:
            _drop_dtypes(item)
    elif isinstance(metrics, dict) and isinstance(metrics.get("class_name"), str):
        if isinstance(metrics.get("config"), dict):
            metrics["config"].pop("dtype", None)
    elif isinstance(metrics, dict):
        _drop_dtypes(list(metrics.values()))


def from_training_config(config: Any) -> Any:
    """Convert the ``training_config`` of a legacy file to a ``compile_config``."""
    if not isinstance(config, dict) or "optimizer_config" not in config:
        raise FileFormatError("its training_config does not say which optimizer it had. (Load it with compile=False.)")
    rest = {key: value for key, value in config.items() if key != "optimizer_config"}
    return {**rest, "optimizer": config["optimizer_config"]}
