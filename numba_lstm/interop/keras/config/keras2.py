"""Convert configurations of Keras 2 to the form of Keras 3.

They come from legacy ``.h5`` files whose ``keras_version`` begins with ``2.``.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy.typing as npt

from ....files.errors import FileFormatError
from ....models import Model, Sequential

Array = npt.NDArray[Any]

_NORMALIZATIONS = ("BatchNormalization", "LayerNormalization")
_CUSTOM_PREFIX = "Custom>"  # before the names of optimizers
#: Arguments of optimizers for TensorFlow's execution; ``decay`` is a schedule, which is dropped at 0 only.
_RUNTIME_ARGUMENTS = {"jit_compile", "is_legacy_optimizer"}


def model_config(config: Any) -> Any:
    """Convert a model's configuration to the form of Keras 3.

    Raises
    ------
    FileFormatError
        For the ``hard_sigmoid`` of Keras 2, which is another function than that of Keras 3.
    """
    if isinstance(config, list):
        return [model_config(item) for item in config]
    if not isinstance(config, dict):
        return config
    converted = {key: model_config(value) for key, value in config.items()}
    arguments = converted.get("config")
    if not isinstance(arguments, dict):
        return converted
    if "hard_sigmoid" in (arguments.get("activation"), arguments.get("recurrent_activation")):
        raise FileFormatError(
            f"its {arguments.get('name')!r:.100} has the hard_sigmoid of Keras 2, 0.2 x + 0.5; that of Keras 3 and of this "
            "package is x / 6 + 0.5. Export it as ONNX, which says which one is meant: numba_lstm.interop.onnx.load."
        )
    if converted.get("class_name") in _NORMALIZATIONS and isinstance(arguments.get("axis"), list):
        arguments["axis"] = -1  # check_axes compares the original when shapes are known
    if converted.get("class_name") == "Embedding":
        arguments.pop("input_length", None)
    if converted.get("class_name") == "LeakyReLU" and "alpha" in arguments:
        arguments["negative_slope"] = arguments.pop("alpha")
    return converted


def check_axes(model: Model, config: Any) -> None:
    """Refuse normalizations along another axis than the last, which Keras 2 writes by its number.

    ``config`` is the configuration of which ``model`` was built, so all else in it has been checked.
    """
    entries = [entry for entry in config["config"]["layers"] if entry["class_name"] != "InputLayer"]
    if isinstance(model, Sequential):
        ranks = [len(shape) for shape in model.shapes]
    else:
        ranks = [len(model.get_layer(entry["config"]["name"]).built_shape or ()) for entry in entries]
    for entry, rank in zip(entries, ranks, strict=False):
        inner = entry
        if isinstance(entry["config"].get("layers"), list):
            layer = model.get_layer(entry["config"]["name"])
            assert isinstance(layer, Model)
            check_axes(layer, entry)
            continue
        while inner["class_name"] == "TimeDistributed":
            inner, rank = inner["config"]["layer"], rank - 1
        arguments = inner.get("config") or {}
        axis = arguments.get("axis", -1)
        if inner["class_name"] in _NORMALIZATIONS and axis not in (-1, [-1], [rank - 1]):
            raise FileFormatError(
                f"its {arguments.get('name')!r:.100} normalizes along axis {axis!r:.40}; here it is the last."
            )


def training_config(config: Any) -> Any:
    """Convert a training configuration to the form of Keras 3."""
    if not isinstance(config, dict):
        return config
    converted = dict(config)
    for key, convert in (("metrics", _metrics), ("weighted_metrics", _metrics), ("loss", _loss)):
        if key in converted:
            converted[key] = _by_output(convert, converted[key])
    optimizer = converted.get("optimizer_config")
    if isinstance(optimizer, dict) and isinstance(optimizer.get("config"), dict):
        arguments = {
            key: value
            for key, value in optimizer["config"].items()
            if key not in _RUNTIME_ARGUMENTS and (key, value) != ("decay", 0.0)
        }
        if arguments.get("use_ema"):
            raise FileFormatError(
                "its optimizer has use_ema of Keras 2, which counts its steps otherwise. Load it with compile=False."
            )
        if arguments.get("gradient_accumulation_steps") is not None:
            raise FileFormatError(
                "its optimizer has gradient_accumulation_steps, which Keras 2 has not. Load it with compile=False."
            )
        arguments.pop("ema_overwrite_frequency", None)  # of use_ema
        name = str(optimizer.get("class_name")).removeprefix(_CUSTOM_PREFIX)
        converted["optimizer_config"] = {**optimizer, "class_name": name, "config": arguments}
    return converted


def _by_output(convert: Callable[[Any], Any], value: Any) -> Any:
    """Convert the losses or metrics of outputs: one, or a list or a dict of them."""
    if isinstance(value, list):
        return [_by_output(convert, item) for item in value]
    if isinstance(value, dict) and "class_name" not in value:
        return {key: _by_output(convert, item) for key, item in value.items()}
    return convert(value)


def _loss(value: Any) -> Any:
    """Convert a loss: a wrapped function has arguments of Keras 2 beside its own."""
    if not isinstance(value, dict) or not isinstance(value.get("config"), dict):
        return value
    arguments = {key: item for key, item in value["config"].items() if key != "fn" and (key, item) != ("reduction", "auto")}
    return {**value, "config": arguments}


def _metrics(value: Any) -> Any:
    """Convert a metric: a wrapped function becomes the metric of its name."""
    config = value.get("config") if isinstance(value, dict) else None
    if isinstance(config, dict) and value.get("class_name") == "MeanMetricWrapper":
        return {"class_name": config.get("fn"), "config": {"name": config.get("name")}}
    return value
