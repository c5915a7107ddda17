"""What Keras 2 wrote down otherwise than Keras 3: in its legacy ``.h5`` files, whose ``keras_version`` begins with ``2.``.

A configuration is put into the words of Keras 3, and then read like one of Keras 3.
"""

from __future__ import annotations

from typing import Any

import numpy.typing as npt

from ....files.errors import FileFormatError
from ....models import Sequential

Array = npt.NDArray[Any]

_NORMALIZATIONS = ("BatchNormalization", "LayerNormalization")
_CUSTOM = "Custom>"  # before the names of optimizers
#: Arguments of optimizers that say how TensorFlow runs them; ``decay`` is a schedule, which is only left out at 0.
_RUNNING = {"jit_compile", "is_legacy_optimizer"}


def model_config(config: Any) -> Any:
    """A model's configuration in the words of Keras 3.

    Raises
    ------
    FileFormatError
        For the ``hard_sigmoid`` of Keras 2, which is another function than that of Keras 3.
    """
    if isinstance(config, list):
        return [model_config(item) for item in config]
    if not isinstance(config, dict):
        return config
    made = {key: model_config(value) for key, value in config.items()}
    own = made.get("config")
    if not isinstance(own, dict):
        return made
    if "hard_sigmoid" in (own.get("activation"), own.get("recurrent_activation")):
        raise FileFormatError(
            f"its {own.get('name')!r:.100} has the hard_sigmoid of Keras 2, 0.2 x + 0.5; that of Keras 3 and of this package "
            "is x / 6 + 0.5. Export it as ONNX, which says which one is meant: numba_lstm.interop.onnx.load."
        )
    if made.get("class_name") in _NORMALIZATIONS and isinstance(own.get("axis"), list):
        own["axis"] = -1  # the real one is looked at when shapes are known: check_axes
    if made.get("class_name") == "Embedding":
        own.pop("input_length", None)
    if made.get("class_name") == "LeakyReLU" and "alpha" in own:
        own["negative_slope"] = own.pop("alpha")
    return made


def check_axes(model: Sequential, config: Any) -> None:
    """Refuse normalizations along another axis than the last, which Keras 2 wrote down by its number.

    ``config`` is the one that ``model`` was built of, which says nothing else any more that could be wrong.
    """
    entries = [entry for entry in config["config"]["layers"] if entry["class_name"] != "InputLayer"]
    for entry, shape in zip(entries, model.shapes, strict=False):
        inner, rank = entry, len(shape)
        while inner["class_name"] == "TimeDistributed":
            inner, rank = inner["config"]["layer"], rank - 1
        own = inner.get("config") or {}
        axis = own.get("axis", -1)
        if inner["class_name"] in _NORMALIZATIONS and axis not in (-1, [-1], [rank - 1]):
            raise FileFormatError(f"its {own.get('name')!r:.100} normalizes along axis {axis!r:.40}; here it is the last.")


def training_config(config: Any) -> Any:
    """A training configuration in the words of Keras 3."""
    if not isinstance(config, dict):
        return config
    made = dict(config)
    for key in ("metrics", "weighted_metrics"):
        if isinstance(made.get(key), list):
            made[key] = [_metrics(value) for value in made[key]]
    loss = made.get("loss")
    if isinstance(loss, dict) and isinstance(loss.get("config"), dict):
        left = {key: value for key, value in loss["config"].items() if key != "fn" and (key, value) != ("reduction", "auto")}
        made["loss"] = {**loss, "config": left}
    optimizer = made.get("optimizer_config")
    if isinstance(optimizer, dict) and isinstance(optimizer.get("config"), dict):
        own = {
            key: value for key, value in optimizer["config"].items() if key not in _RUNNING and (key, value) != ("decay", 0.0)
        }
        if own.get("use_ema"):
            raise FileFormatError(
                "its optimizer has use_ema of Keras 2, which counts its steps otherwise. Load it with compile=False."
            )
        if own.get("gradient_accumulation_steps") is not None:
            raise FileFormatError(
                "its optimizer has gradient_accumulation_steps, which Keras 2 has not. Load it with compile=False."
            )
        own.pop("ema_overwrite_frequency", None)  # of use_ema
        name = str(optimizer.get("class_name")).removeprefix(_CUSTOM)
        made["optimizer_config"] = {**optimizer, "class_name": name, "config": own}
    return made


def _metrics(value: Any) -> Any:
    """Metrics of an output: a function in a wrapper is a metric by the function's name."""
    if isinstance(value, list):
        return [_metrics(item) for item in value]
    config = value.get("config") if isinstance(value, dict) else None
    if isinstance(config, dict) and value.get("class_name") == "MeanMetricWrapper":
        return {"class_name": config.get("fn"), "config": {"name": config.get("name")}}
    return value
