"""Facts of files: shapes of inputs, numbers of weights, and what a forecaster was fitted to."""

from __future__ import annotations

import math
from collections.abc import Iterable, Iterator, Mapping
from typing import Any

import numpy as np
import numpy.typing as npt

from ..files.errors import REFUSALS, FileFormatError, short_message

#: What begins the names of arrays that are no weights: an optimizer's, and those of a forecaster's series.
_NO_WEIGHTS = ("optimizer/", "network/optimizer/", "numba_lstm_optimizer_weights/", "optimizer_weights/")
_SERIES = ("series/", "past/", "future/", "static", "scores")

FORECASTER = "LSTMForecaster"


def weights(shapes: Mapping[str, Iterable[int]], forecaster: bool = False) -> dict[str, str]:
    """Return the number of weights, without those of an optimizer.

    Parameters
    ----------
    shapes : dict of str to shape
        Of the arrays of a file.
    forecaster : bool
        Whether the file has series too.
    """
    others = _NO_WEIGHTS + (_SERIES if forecaster else ())
    return {"weights": f"{sum(math.prod(shape) for name, shape in shapes.items() if not name.startswith(others)):,}"}


def input_shapes(document: Any) -> dict[str, str]:
    """Return the shapes of the inputs of a configuration, as far as it says some."""
    found = list(_input_shapes(document))
    return {"input shape": ", ".join(f"({', '.join(map(str, shape))})" for shape in found)} if found else {}


def _input_shapes(document: Any) -> Iterator[list[Any]]:
    """Yield those of input layers, else that of the first layer, else that with which the model was built."""
    config, build = document.get("config"), document.get("build_config")
    entries = config.get("layers") if isinstance(config, dict) else config
    layers = [entry for entry in entries if isinstance(entry, dict)] if isinstance(entries, list) else []
    inputs = [layer for layer in layers if layer.get("class_name") == "InputLayer"] or layers[:1]
    configs = [layer["config"] for layer in inputs if isinstance(layer.get("config"), dict)]
    shapes = [one.get("batch_shape", one.get("batch_input_shape")) for one in configs]
    found = [shape for shape in shapes if isinstance(shape, list)]
    if not found and isinstance(build, dict) and isinstance(build.get("input_shape"), list):
        found.append(build["input_shape"])
    yield from found


def forecaster(body: Mapping[str, Any], tensors: Mapping[str, npt.NDArray[Any]]) -> dict[str, str]:
    """Return what a forecaster forecasts, from what, and what it was fitted to.

    Raises
    ------
    FileFormatError
        If the document is none of a forecaster.
    """
    try:
        return _forecaster(body, tensors)
    except (*REFUSALS, LookupError) as error:
        raise FileFormatError(f"its forecaster cannot be described: {short_message(error)}") from error


def _forecaster(body: Mapping[str, Any], tensors: Mapping[str, npt.NDArray[Any]]) -> dict[str, str]:
    params, series = body["params"], body["series"]
    window = 2 * params["horizon"] if params["context_length"] is None else params["context_length"]
    times = [tensors[f"series/{k}/times"].view(f"M8[{one['track']['unit']}]") for k, one in enumerate(series)]
    first, last = min(index[0] for index in times), max(index[-1] for index in times)
    names = [str(one["key"]) for one in series]
    facts = {
        "forecasts": f"{params['horizon']} steps of {body['offset']} from {window}",
        "quantiles": ", ".join(map(str, params["quantiles"] or ())),
        "series": ", ".join(names[:6]) + (f" and {len(names) - 6} more" if len(names) > 6 else ""),
        "rows": f"{sum(map(len, times)):,}, from {_time(first)} to {_time(last)}",
        "trained until": max(str(one["trained_until"]) for one in series).replace("T", " "),
        "covariates": _covariates(body["future"]),
        "past covariates": _covariates(body["past"]),
        "static covariates": _covariates(body["static"]),
    }
    return {name: text for name, text in facts.items() if text}


def _time(time: np.datetime64) -> str:
    return str(time.astype("M8[s]")).replace("T", " ")


def _covariates(packed: Any) -> str:
    return "" if packed is None else ", ".join(str(encoding[0]) for encoding in packed["encodings"])
