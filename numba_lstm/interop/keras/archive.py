"""Read and write ``.keras`` archives: zip files of ``config.json``, ``metadata.json`` and ``model.weights.h5``."""

from __future__ import annotations

import io
import json
import zipfile
from typing import Any

from ...files import strict_json
from ...files.errors import FileFormatError
from ...models import Model, Sequential
from .. import hdf5
from ..hdf5 import Contents
from ..zips import Zip
from .config import compile_config
from .config.model_config import KERAS_VERSION, model_config
from .weights import weights_file

MAX_CONFIG = 4 << 20  #: bytes of the configuration
MAX_GROWTH = 16 << 20  #: bytes of inflated weights that are accepted from any smaller file
UNKNOWN_VERSION = "of a version that is not said"
_CONFIG, _METADATA, _WEIGHTS = "config.json", "metadata.json", "model.weights.h5"
_DATE = (1980, 1, 1, 0, 0, 0)  # equal models make equal bytes


def read_config(archive: Zip) -> Any:
    """Read the model's configuration, as JSON values."""
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
    """Read the arrays of the archive."""
    if _WEIGHTS not in archive.names:
        raise FileFormatError(f"it has no {_WEIGHTS}: its weights were saved in another format. Save them as HDF5.")
    return hdf5.read(archive.read(_WEIGHTS, max(MAX_GROWTH, archive.size)))


def read_version(archive: Zip) -> str:
    """Read the version of Keras that wrote the archive."""
    if _METADATA not in archive.names:
        return UNKNOWN_VERSION
    try:
        metadata = strict_json.loads(archive.read(_METADATA, MAX_CONFIG).decode(), f"its {_METADATA}")
    except UnicodeDecodeError:
        raise FileFormatError(f"its {_METADATA} is not UTF-8.") from None
    return str(metadata.get("keras_version", UNKNOWN_VERSION)) if isinstance(metadata, dict) else UNKNOWN_VERSION


def encode(model: Model) -> bytes:
    """Return the bytes of a model's archive.

    Raises
    ------
    ImportError
        Without h5py.
    ValueError
        For what Keras does not have, by the name of layer and option.
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


def _config(model: Model) -> dict[str, Any]:
    entry = model_config(model)
    if isinstance(model, Sequential) and model.built:
        entry["build_config"] = {"input_shape": list(model.input_shape)}
    if model.compiled:
        entry["compile_config"] = compile_config.to_config(model)
    return entry
