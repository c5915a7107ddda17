"""Files of models whatever their format: which one a file has, a model out of any of them, and any of them out of a model."""

from __future__ import annotations

import os
import stat
from collections.abc import Callable
from typing import Any

from ..models.sequential import Sequential
from ..saving import container, header, load_model, save_model
from ..saving.errors import FileFormatError
from . import hdf5, onnx, torch
from .dtypes import DTYPES
from .zips import open_zip

NATIVE, KERAS, LEGACY, WEIGHTS, PT, SAFETENSORS, ONNX = "nlstm", "keras", "h5", "weights.h5", "pt", "safetensors", "onnx"

#: What each format is called.
TITLES = {
    NATIVE: "a model of numba_lstm",
    KERAS: "a model of Keras 3",
    LEGACY: "a model of Keras, legacy HDF5",
    WEIGHTS: "weights of Keras",
    PT: "tensors of PyTorch",
    SAFETENSORS: "tensors, safetensors",
    ONNX: "an ONNX graph",
}
WRITTEN = (".nlstm", ".keras", ".weights.h5", ".pt", ".safetensors", ".onnx")


def format_of(path: str) -> str:
    """The format of a file, by its content.

    Raises
    ------
    FileNotFoundError
        If there is no such file.
    FileFormatError
        If it is none of them, as far as that can be said without reading all of it.
    """
    if not stat.S_ISREG(os.stat(path).st_mode):  # opening a pipe would wait for its writer
        raise FileFormatError("it is not a regular file.")
    with open(path, "rb") as file:
        start = file.read(9)
        if start.startswith(hdf5.SIGNATURE):
            file.seek(0)
            return LEGACY if "model_config" in hdf5.read(file.read()).attributes.get("", {}) else WEIGHTS
        if start[8:] == b"{":
            file.seek(0)
            raw = header.read(file, "safetensors")
            metadata, _ = header.parse(raw, os.fstat(file.fileno()).st_size - 8 - len(raw), DTYPES, "safetensors")
            return NATIVE if container.KEY in metadata else SAFETENSORS
    if len(start) == 9 and all(32 <= byte < 127 or byte in b"\t\r\n" for byte in start):
        formats = ", ".join(WRITTEN)
        raise FileFormatError(f"it begins as a text does, with {start.decode()!r}; expected a file of {formats} or .h5.")
    if not start.startswith(b"PK"):
        return ONNX  # which has no signature
    with open_zip(path) as archive:
        return KERAS if "config.json" in archive.names else PT


def read_model(
    path: str | os.PathLike[str],
    *,
    into: str | os.PathLike[str] | None = None,
    return_sequences: bool = True,
    time_first: bool = False,
) -> Sequential:
    """The model in a file of any format, which its content says.

    Parameters
    ----------
    path : path
        The file.
    into : path, optional
        For weights of Keras, which do not say what they belong to: a file of the model.
    return_sequences : bool
        For tensors of PyTorch, which do not say it either: see :func:`.torch.load_model`.
    time_first : bool
        For an ONNX graph whose steps come first: see :func:`.onnx.load_model`.

    Raises
    ------
    FileNotFoundError
        If there is no such file.
    FileFormatError
        If it is damaged or forged, or holds what no model of this package has.
    ValueError
        For weights of Keras without ``into``.
    """
    name = os.fsdecode(path)
    found = _blaming(name, lambda: format_of(name))
    if found == WEIGHTS:
        if into is None:
            raise ValueError(f"{name} holds weights alone. Say which model they belong to: into=MODEL, or --into MODEL.")
        model = read_model(into, return_sequences=return_sequences, time_first=time_first)
        model.load_weights(name)
        return model
    if found in (PT, SAFETENSORS):
        return torch.load_model(name, return_sequences=return_sequences)
    return onnx.load_model(name, time_first=time_first) if found == ONNX else load_model(name)


def write_model(model: Sequential, path: str | os.PathLike[str], *, opset: int = 17, overwrite: bool = True) -> list[str]:
    """Write a model in the format that the extension says; answers sentences on what such a file does not keep.

    Parameters
    ----------
    model : Sequential
        The model, built.
    path : path
        Ends in one of ``WRITTEN``.
    opset : int
        For ONNX: the version of its operators.
    overwrite : bool
        Whether an existing file may be replaced.

    Raises
    ------
    ValueError
        For another extension, and for a layer or an option that the format has not, by name; nothing is written then.
    ImportError
        For a file of Keras without h5py.
    OSError
        If the file cannot be written.
    """
    name = os.fsdecode(path)
    ending = next((ending for ending in WRITTEN if name.endswith(ending)), None)
    if ending is None:
        hint = " For Keras give .keras, or .weights.h5." if name.endswith((".h5", ".hdf5")) else ""
        raise ValueError(f"{name!r} does not say a format that is written: {', '.join(WRITTEN)}.{hint}")
    if ending == ".onnx":
        onnx.export(model, name, opset, overwrite=overwrite)
    elif ending in torch.EXTENSIONS:
        torch.save_model(model, name, overwrite)
    elif ending == ".weights.h5":
        model.save_weights(name, overwrite)
    else:
        save_model(model, name, overwrite)
    return [sentence for endings, is_lost, sentence in _LOSSES if ending in endings and is_lost(model)]


_PLAIN = (".pt", ".safetensors", ".onnx")
_LOSSES: tuple[tuple[tuple[str, ...], Callable[[Sequential], Any], str], ...] = (
    (_PLAIN, lambda model: model.optimizer, "The optimizer and what the model was compiled with stay behind."),
    (
        (".pt", ".safetensors"),
        lambda model: any(not getattr(layer, "return_sequences", True) for layer in model.layers),
        "Nothing in it says that the LSTM answers its last step alone.",
    ),
    ((".weights.h5",), lambda model: True, "It holds weights and the optimizer's state, not the layers they belong to."),
)


def _blaming(name: str, read: Callable[[], str]) -> str:
    try:
        return read()
    except FileFormatError as error:
        raise FileFormatError(f"{name}: {error}") from error
