"""Encode tensors and a JSON document as a safetensors file, with digests that cover every byte.

The metadata have one key, ``numba_lstm``. Its text is a JSON object of ``format`` (the version), ``header`` (SHA-256 of the
header with zeros in place of these 64 digits), ``tensors`` (SHA-256 of each tensor's bytes), and ``model``, which this module
does not interpret. There is one key because safetensors writes several in a random order, and equal models give equal bytes.

The digests detect damage; they are no signature.
"""

from __future__ import annotations

import hashlib
import json
import os
from types import FunctionType
from typing import Any

import numpy as np
import numpy.typing as npt
import safetensors.numpy

from .. import activations
from ..constraints import FunctionConstraint
from ..files import formats, sniff, strict_json
from ..files.errors import FileFormatError
from ..initializers.functions import FunctionInitializer
from ..kernels.specs import Activation
from . import header

FORMAT = 1  #: the format that this release writes, and the newest that it reads
KEY = "numba_lstm"
_ZERO_DIGEST = b"0" * 64  # in place of the header's digest while that is computed

Tensors = dict[str, npt.NDArray[Any]]


def encode(model: Any, tensors: Tensors) -> bytes:
    """Encode a file.

    Parameters
    ----------
    model : JSON value
        The document.
    tensors : dict of str to array
        float32, float64 or int64, of any shape with at least one element.

    Raises
    ------
    ValueError
        If :func:`read` would not read the result: NaN or infinity in ``model``, more than 4 MiB of names and configuration,
        another dtype, an empty tensor.
    """
    arrays = {name: _check_storable(name, value) for name, value in tensors.items()}
    document = {
        "format": FORMAT,
        "header": _ZERO_DIGEST.decode(),
        "tensors": {name: _digest(array) for name, array in arrays.items()},
        "model": model,
    }
    try:
        text = json.dumps(document, allow_nan=False, separators=(",", ":"), default=_as_json)
        data = safetensors.numpy.save(arrays, {KEY: text})
        end = 8 + int.from_bytes(data[:8], "little")
        raw = data[8:end]
        if len(raw) > header.MAX_BYTES:
            raise FileFormatError(f"names and configuration take {len(raw):,} bytes, allowed are {header.MAX_BYTES:,}.")
        # The first run of zeros is the document's own: only the format stands before it.
        raw = raw.replace(_ZERO_DIGEST, hashlib.sha256(raw).hexdigest().encode(), 1)
        _parse_document(raw, len(data) - end)
    except (ValueError, TypeError) as error:
        raise ValueError(f"the model cannot be saved: {error}") from error
    return b"".join((data[:8], raw, memoryview(data)[end:]))


def _as_json(value: Any) -> Any:
    """Return the name of a function for JSON; raise TypeError for any other value that JSON cannot hold."""
    if isinstance(value, Activation):
        if activations.is_registered(value.name):
            raise TypeError(
                f"its activation {value.name!r} reads something that has changed since the layer was made, so the name stands "
                "for another function now. Register a function of fixed numbers, or set back what it reads."
            )
        raise TypeError(
            f"its activation {value.name!r} is a function of your own without a name. Give it one, here and where the model is "
            "loaded: @numba_lstm.activations.register('name')."
        )
    if isinstance(value, (FunctionInitializer, FunctionConstraint)):
        raise TypeError(value.unsaved.format(name=value.name))
    if isinstance(value, FunctionType) and value.__name__.isidentifier():
        return value.__name__  # a file has the name of a function, which custom_objects gives back
    if isinstance(value, FunctionType):
        raise TypeError(f"its function {value!r:.80} has no name that custom_objects could give back. Define it with def.")
    raise TypeError(f"{value!r} is not JSON serializable.")


def read(path: str) -> tuple[Any, Tensors]:
    """Read ``model`` and ``tensors`` from a file of :func:`encode`; every byte is checked.

    Raises
    ------
    FileNotFoundError
        If there is no such file.
    FileFormatError
        For any other content. No more than the file's size is allocated for tensors.
    """
    sniff.check_format(path, formats.NATIVE, formats.SAFETENSORS)
    with open(path, "rb") as file:
        raw = header.read(file)
        document, entries = _parse_document(raw, os.fstat(file.fileno()).st_size - 8 - len(raw))
        tensors: Tensors = {}
        for name, entry in entries.items():
            array = np.empty(entry.shape, entry.dtype)
            file.readinto(_bytes(array))
            if document["tensors"][name] != _digest(array):
                raise FileFormatError(f"tensor {name!r} was altered or damaged: its digest differs. Take an undamaged copy.")
            tensors[name] = array
        return document["model"], tensors


def _parse_document(raw: bytes, size: int) -> tuple[dict[str, Any], dict[str, header.Entry]]:
    metadata, entries = header.parse(raw, size)
    if metadata.keys() != {KEY}:
        raise FileFormatError(
            "it is a safetensors file without the metadata of numba_lstm. "
            "Its arrays alone do not say which model they belong to; those of PyTorch: numba_lstm.interop.torch.load_model."
        )
    document = strict_json.loads(metadata[KEY], "its document")
    version = document.get("format") if isinstance(document, dict) else None
    if type(version) is not int or version < 1:
        raise FileFormatError("its document does not say which format it has.")
    if version > FORMAT:
        raise FileFormatError(
            f"it has format {version}, and this release reads format {FORMAT}. Upgrade numba_lstm: pip install -U numba_lstm."
        )
    if document.keys() != {"format", "header", "tensors", "model"}:
        raise FileFormatError("its document must have exactly format, header, tensors and model.")
    digest = document["header"]
    if not isinstance(digest, str) or digest != hashlib.sha256(raw.replace(digest.encode(), _ZERO_DIGEST, 1)).hexdigest():
        raise FileFormatError("its header was altered or damaged: its digest differs. Take an undamaged copy.")
    if not isinstance(document["tensors"], dict) or document["tensors"].keys() != entries.keys():
        raise FileFormatError("its document must have one digest for each tensor.")
    return document, entries


def _check_storable(name: str, value: npt.NDArray[Any]) -> npt.NDArray[Any]:
    dtype = value.dtype.newbyteorder("<")
    if dtype not in header.DTYPES.values():
        raise ValueError(f"tensor {name!r} has the dtype {value.dtype}; only float32, float64 and int64 can be saved.")
    return np.asarray(value, dtype, order="C")


def _digest(array: npt.NDArray[Any]) -> str:
    return hashlib.sha256(_bytes(array)).hexdigest()


def _bytes(array: npt.NDArray[Any]) -> memoryview:
    return array.reshape(-1).view(np.uint8).data
