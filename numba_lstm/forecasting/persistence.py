"""Files of forecasters: one ``.nlstm`` file with the network, the series, the covariates and everything else of a fit."""

from __future__ import annotations

import os
from collections.abc import Hashable, Mapping
from typing import Any

import numpy as np
import pandas as pd
from pandas.tseries.frequencies import to_offset

from ..files import atomic
from ..files.destinations import check_path
from ..files.errors import REFUSALS, FileFormatError, short_message
from ..saving import container, document
from .fitted import Fitted
from .networks.heads import make_head
from .parameters import Parameters
from .tables.calendar import choose_features
from .tables.covariates import Covariates, Encoding, Static
from .tables.frames import Columns
from .tables.targets import Layout, Track

CLASS_NAME = "LSTMForecaster"
_TUPLES = ("calendar", "lags", "quantiles", "units")  #: parameters that JSON would make lists


def save(state: Fitted, path: str | os.PathLike[str], overwrite: bool) -> None:
    """Write a forecaster; see :meth:`LSTMForecaster.save`."""
    name = check_path(path, overwrite)
    if not name.endswith(".nlstm"):
        raise ValueError(f"a forecaster is saved as a file of .nlstm, got {name!r}.")
    tensors: dict[str, Any] = {}
    network, weights = document.pack(state.model)
    tensors |= {f"network/{label}": array for label, array in weights.items()}
    body = {
        "class_name": CLASS_NAME,
        "config": {"name": state.model.name},
        "params": _params(state),
        "network": network,
        "offset": _offset_name(state.offset),
        "layout": [state.layout.kind, list(state.layout.columns), state.layout.name, state.layout.library],
        "calendar": list(state.calendar),
        "series": [
            {
                "key": _json(key),
                "track": _pack_rows(track.index, track.values[:, None], f"series/{k}", tensors),
                "scale": list(state.scales[key]),
                "trained_until": state.trained_until[key].isoformat(),
            }
            for k, (key, track) in enumerate(state.tracks.items())
        ],
        "past": _pack_covariates(state.past, "past", tensors),
        "future": _pack_covariates(state.future, "future", tensors),
        "static": _pack_static(state.static, tensors),
        "calibrated": state.scores is not None,
        "history": state.history,
    }
    if state.scores is not None:
        tensors["scores"] = np.ascontiguousarray(state.scores)
    atomic.write(name, container.encode(body, tensors), overwrite=overwrite)


def load(path: str | os.PathLike[str]) -> tuple[dict[str, Any], Fitted]:
    """Return the parameters and the state of a file.

    Raises
    ------
    FileNotFoundError
        If there is no such file.
    FileFormatError
        If it is no forecaster, or damaged.
    """
    body, tensors = container.read(os.fspath(path))
    if not isinstance(body, dict) or body.get("class_name") != CLASS_NAME:
        raise FileFormatError("it holds a model and no forecaster: numba_lstm.load_model reads it.")
    try:
        return _unpack(body, tensors)
    except FileFormatError:
        raise
    except (*REFUSALS, LookupError) as error:
        raise FileFormatError(f"its forecaster cannot be made: {short_message(error)}") from error


def _unpack(body: dict[str, Any], tensors: Mapping[str, Any]) -> tuple[dict[str, Any], Fitted]:
    params: dict[str, Any] = {
        name: tuple(value) if name in _TUPLES and isinstance(value, list) else value for name, value in body["params"].items()
    }
    plain = Parameters(**params)
    plain._check()
    weights = {label.removeprefix("network/"): array for label, array in tensors.items() if label.startswith("network/")}
    kind, columns, name, library = body["layout"]
    series = body["series"]
    tracks = {}
    for k, one in enumerate(series):
        index, values = _unpack_rows(one["track"], f"series/{k}", tensors)
        tracks[one["key"]] = Track(index, values[:, 0])
    state = Fitted(
        parameters=plain,
        shape=plain._window_shape(),
        gaps=plain.gaps,
        scaling=plain.scaling,
        layout=Layout(kind, Columns(*columns), name, library),
        offset=to_offset(body["offset"]),
        calendar=choose_features(body["calendar"], ()),
        tracks=tracks,
        scales={one["key"]: (float(one["scale"][0]), float(one["scale"][1])) for one in series},
        trained_until={one["key"]: pd.Timestamp(one["trained_until"]) for one in series},
        past=_unpack_covariates(body["past"], "past", tensors),
        future=_unpack_covariates(body["future"], "future", tensors),
        static=_unpack_static(body["static"], tensors),
        embedded=tuple(tracks) if plain.embed_series else (),
        head=make_head(plain.loss, plain.quantiles, plain.distribution, plain.df),
        model=document.unpack(body["network"], weights),
        scores=tensors["scores"] if body["calibrated"] else None,
        history=body["history"],
    )
    return params, state


def _params(state: Fitted) -> dict[str, Any]:
    params = dict(state.parameters.get_params())
    params["freq"] = None if params["freq"] is None else _offset_name(state.offset)
    params["loss"] = params["loss"] if isinstance(params["loss"], str) else None
    if params["loss"] is None:
        raise ValueError(f"loss={state.parameters.loss!r} is no name, which is all that a file of a forecaster holds.")
    return {name: _plain(value) for name, value in params.items()}


def _plain(value: Any) -> Any:
    """Return a parameter without types of NumPy."""
    if isinstance(value, (list, tuple, np.ndarray)):
        return [_plain(one) for one in value]
    return value.item() if isinstance(value, np.generic) else value


def _offset_name(offset: Any) -> str:
    name = str(offset.freqstr)
    try:
        known = to_offset(name) == offset
    except ValueError:
        known = False
    if not known:
        raise ValueError(f"the frequency {offset!r} has no name in pandas, which is all that a file holds. Use a named one.")
    return name


def _json(key: Hashable) -> Any:
    value = key.item() if isinstance(key, np.generic) else key
    if not isinstance(value, (str, int, float)):
        raise ValueError(f"names of series must be text or numbers in a file, got {key!r}.")
    return value


def _zone_name(zone: Any) -> str:
    try:
        pd.Timestamp(0, tz=str(zone))
    except (LookupError, ValueError):
        raise ValueError(f"the time zone {zone!r} has no name for a file. Convert the times: y.tz_convert('UTC').") from None
    return str(zone)


def _pack_rows(index: Any, values: Any, label: str, tensors: dict[str, Any]) -> dict[str, Any]:
    """Add times and values (T, columns) to the tensors, and return what else describes them."""
    tensors[f"{label}/times"] = np.array(index.asi8, np.int64)
    tensors[f"{label}/values"] = np.array(values, np.float64)
    return {"unit": index.unit, "zone": None if index.tz is None else _zone_name(index.tz), "name": index.name}


def _unpack_rows(rows: dict[str, Any], label: str, tensors: Mapping[str, Any]) -> tuple[Any, Any]:
    times, values = tensors[f"{label}/times"], tensors[f"{label}/values"]
    index = pd.DatetimeIndex(times.view(f"M8[{rows['unit']}]"), name=rows["name"])
    return (index if rows["zone"] is None else index.tz_localize("UTC").tz_convert(rows["zone"])), values


def _pack_encodings(encodings: list[Encoding]) -> list[Any]:
    return [
        [_json(one.name), one.mean, one.deviation, None if one.categories is None else list(one.categories)]
        for one in encodings
    ]


def _unpack_encodings(entries: list[Any]) -> list[Encoding]:
    return [
        Encoding(name, mean, deviation, None if known is None else tuple(known)) for name, mean, deviation, known in entries
    ]


def _pack_covariates(covariates: Covariates | None, label: str, tensors: dict[str, Any]) -> Any:
    if covariates is None:
        return None
    frames = [
        [None if key is None else _json(key), _pack_rows(frame.index, frame.to_numpy(), f"{label}/{k}", tensors)]
        for k, (key, frame) in enumerate(covariates.frames.items())
    ]
    return {"name": covariates.name, "encodings": _pack_encodings(covariates.encodings), "frames": frames}


def _unpack_covariates(packed: Any, label: str, tensors: Mapping[str, Any]) -> Covariates | None:
    if packed is None:
        return None
    frames = {}
    for k, (key, rows) in enumerate(packed["frames"]):
        index, values = _unpack_rows(rows, f"{label}/{k}", tensors)
        frames[key] = pd.DataFrame(values, index=index)
    return Covariates(packed["name"], _unpack_encodings(packed["encodings"]), frames)


def _pack_static(static: Static | None, tensors: dict[str, Any]) -> Any:
    if static is None:
        return None
    tensors["static"] = np.stack(list(static.rows.values()))
    return {"encodings": _pack_encodings(static.encodings), "keys": [_json(key) for key in static.rows]}


def _unpack_static(packed: Any, tensors: Mapping[str, Any]) -> Static | None:
    if packed is None:
        return None
    return Static(_unpack_encodings(packed["encodings"]), dict(zip(packed["keys"], tensors["static"], strict=True)))
