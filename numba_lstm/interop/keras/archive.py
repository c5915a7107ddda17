"""The ``.keras`` archive: a zip file of ``config.json``, ``metadata.json`` and ``model.weights.h5``."""

from __future__ import annotations

import io
import json
import zipfile
from typing import Any

from ...files import strict_json
from ...files.errors import FileFormatError
from ...files.limits import check_layers
from ...layers import InputLayer
from ...models import Sequential
from .. import hdf5
from ..hdf5 import Contents
from ..zips import Zip
from . import compiling, weights_file
from .frozen import spread
from .to_keras import to_keras

MAX_CONFIG = 4 << 20  #: bytes of the configuration
MAX_GROWTH = 16 << 20  #: bytes of deflated weights that are read even from a smaller file
_CONFIG, _METADATA, _WEIGHTS = "config.json", "metadata.json", "model.weights.h5"
KERAS_VERSION = "3.15.1"  # the release whose files these are
_DATE = (1980, 1, 1, 0, 0, 0)  # equal models make equal bytes


def read_config(archive: Zip) -> Any:
    """The model's configuration, as JSON values."""
    if _CONFIG not in archive.names:
        raise FileFormatError(
            f"it is a zip file without {_CONFIG}, and so no model of Keras. PyTorch's are read by numba_lstm.interop.torch."
        )
    try:
        text = archive.read(_CONFIG, MAX_CONFIG).decode()
    except UnicodeDecodeError:
        raise FileFormatError(f"its {_CONFIG} is not UTF-8.") from None
    return strict_json.loads(text, f"its {_CONFIG}")


def read_weights(archive: Zip) -> Contents:
    """The arrays of the archive."""
    if _WEIGHTS not in archive.names:
        raise FileFormatError(f"it has no {_WEIGHTS}: its weights were saved in another format. Save them as HDF5.")
    return hdf5.read(archive.read(_WEIGHTS, max(MAX_GROWTH, archive.size)))


def encode(model: Sequential) -> bytes:
    """The bytes of a model's archive.

    Raises
    ------
    ImportError
        Without h5py.
    ValueError
        For what Keras has not, by the name of layer and option.
    """
    members = {
        _METADATA: json.dumps({"keras_version": KERAS_VERSION}).encode(),
        _CONFIG: json.dumps(_config(model), allow_nan=False).encode(),
        _WEIGHTS: weights_file.encode(model),
    }
    file = io.BytesIO()
    with zipfile.ZipFile(file, "w") as target:
        for name, data in members.items():
            target.writestr(zipfile.ZipInfo(name, _DATE), data)
    return file.getvalue()


def _config(model: Sequential) -> dict[str, Any]:
    entry = model_config(model)
    if model.built:
        entry["build_config"] = {"input_shape": list(model.input_shape)}
    if model.compiled:
        entry["compile_config"] = compiling.to_config(model)
    return entry


def model_config(model: Sequential) -> dict[str, Any]:
    """What a model is made of, as Keras writes it down.

    Raises
    ------
    ValueError
        For what Keras has not, by the name of layer and option.
    """
    config = model.get_config()
    check_layers(model.name, config["layers"])
    _check_states(model, config["layers"])
    config = spread({"config": config})["config"]
    entry: dict[str, Any] = {
        "module": "keras",
        "class_name": "Sequential",
        "config": {**config, "layers": [to_keras(layer, "keras.layers") for layer in config["layers"]]},
        "registered_name": None,
    }
    if model.built:
        entry["config"]["build_input_shape"] = list(model.input_shape)
    return entry


def _check_states(model: Sequential, entries: list[dict[str, Any]]) -> None:
    first = entries[0] if entries and entries[0]["class_name"] == InputLayer.__name__ else None
    if first is None or first["config"]["batch_shape"][0] is None:
        for layer in model.layers:
            if layer.stateful:
                raise ValueError(
                    f"{layer.name} is stateful, and Keras has to know the batch size then. Give the model's Input a batch_size."
                )
