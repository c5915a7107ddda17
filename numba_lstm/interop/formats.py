"""Files of models whatever their format: which one a file has, a model out of any of them, and any of them out of a model."""

from __future__ import annotations

import os

from ..models.sequential import Sequential
from ..saving import container, header, kinds, load_model, save_model
from ..saving.errors import FileFormatError
from . import hdf5, onnx, torch
from .dtypes import DTYPES
from .left_behind import left_behind
from .onnx.writing import DEFAULT_OPSET
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
COMPILED = {NATIVE, KERAS, LEGACY}  #: those that say how a model was compiled
WRITTEN = (".nlstm", ".keras", ".weights.h5", ".h5", ".hdf5", ".pt", ".safetensors", ".onnx")  # .weights.h5 before .h5
WITH_OPTIMIZER = (".nlstm", ".keras", ".weights.h5", ".h5", ".hdf5")  #: of those, the ones that hold an optimizer's state


def format_of(path: str) -> str:
    """The format of a file, by its content.

    Raises
    ------
    FileNotFoundError
        If there is no such file.
    FileFormatError
        If it is none of them, as far as that can be said without reading all of it.
    """
    try:
        return _format_of(path)
    except FileFormatError as error:
        raise FileFormatError(f"{path}: {error}") from error


def _format_of(path: str) -> str:
    start = kinds.expect(path, kinds.NATIVE, kinds.KERAS, kinds.HDF5, kinds.PT, kinds.SAFETENSORS, kinds.ONNX)
    with open(path, "rb") as file:
        if start.startswith(hdf5.SIGNATURE):
            return LEGACY if "model_config" in hdf5.read(file.read()).attributes.get("", {}) else WEIGHTS
        if start[8:9] == b"{":
            raw = header.read(file, "safetensors")
            metadata, _ = header.parse(raw, os.fstat(file.fileno()).st_size - 8 - len(raw), DTYPES, "safetensors")
            return NATIVE if container.KEY in metadata else SAFETENSORS
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
    external_data: bool = False,
    compile: bool = True,
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
    external_data : bool
        For an ONNX graph whose tensors lie in other files: see :func:`.onnx.load_model`.
    compile : bool
        For a model of numba_lstm or Keras: see :func:`numba_lstm.saving.load_model`.

    Raises
    ------
    FileNotFoundError
        If there is no such file.
    FileFormatError
        If it is damaged or forged, or holds what no model of this package has.
    ValueError
        For weights of Keras without ``into``, or if that holds weights too.
    """
    name = os.fsdecode(path)
    found = format_of(name)
    if found == WEIGHTS:
        if into is None:
            raise ValueError(f"{name} holds weights alone. Give a file of the model that they belong to: into=MODEL.")
        owner = os.fsdecode(into)
        if format_of(owner) == WEIGHTS:
            raise ValueError(f"{owner} holds weights alone too. Give a file that has layers: into=MODEL.")
        model = read_model(
            owner, return_sequences=return_sequences, time_first=time_first, external_data=external_data, compile=compile
        )
        model.load_weights(name)
        return model
    if found in (PT, SAFETENSORS):
        return torch.load_model(name, return_sequences=return_sequences)
    if found == ONNX:
        return onnx.load_model(name, time_first=time_first, external_data=external_data)
    return load_model(name, compile=compile)


def write_model(
    model: Sequential, path: str | os.PathLike[str], *, opset: int = DEFAULT_OPSET, states: bool = False, overwrite: bool = True
) -> list[str]:
    """Write a model in the format that the extension says; answers sentences on what such a file does not keep.

    Parameters
    ----------
    model : Sequential
        The model, built.
    path : path
        Ends in one of ``WRITTEN``.
    opset : int
        For ONNX: the version of its operators.
    states : bool
        For ONNX: whether states are inputs and outputs, see :func:`.onnx.export`.
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
    ending = ending_of(name)
    if ending == ".onnx":
        onnx.export(model, name, opset, states=states, overwrite=overwrite)
    elif ending in torch.EXTENSIONS:
        torch.save_model(model, name, overwrite)
    elif ending == ".weights.h5":
        model.save_weights(name, overwrite)
    else:
        save_model(model, name, overwrite)
    return left_behind(model, ending)


def ending_of(path: str) -> str:
    """The one of ``WRITTEN`` in which a name ends; ValueError for another."""
    ending = next((ending for ending in WRITTEN if path.endswith(ending)), None)
    if ending is None:
        raise ValueError(f"{path!r} does not say a format that is written: {', '.join(WRITTEN)}.")
    return ending
