"""Convert models between file formats: recognize a file's format, read a model from it, write a model in another."""

from __future__ import annotations

import os

from ..files import formats, sniff
from ..files.errors import FileFormatError
from ..files.formats import Format
from ..models import Sequential
from ..saving import container, header
from . import hdf5
from .conversion_warnings import conversion_warnings
from .dtypes import DTYPES
from .onnx.writing.exporter import DEFAULT_OPSET
from .zips import open_zip


def format_of(path: str) -> Format:
    """Recognize the format of a file by its content.

    Raises
    ------
    FileNotFoundError
        If there is no such file.
    FileFormatError
        If it has none of the registered formats, as far as that shows before all of it is read.
    """
    try:
        return _format_of(path)
    except FileFormatError as error:
        raise FileFormatError(f"{path}: {error}") from error


def _format_of(path: str) -> Format:
    head = sniff.check_format(path, *formats.FORMATS.values())
    with open(path, "rb") as file:
        if head.startswith(formats.HDF5):
            has_model = "model_config" in hdf5.read(file.read()).attributes.get("", {})
            return formats.LEGACY if has_model else formats.WEIGHTS
        if head[8:9] == b"{":
            raw = header.read(file, "safetensors")
            metadata, _ = header.parse(raw, os.fstat(file.fileno()).st_size - 8 - len(raw), DTYPES, "safetensors")
            return formats.NATIVE if container.KEY in metadata else formats.SAFETENSORS
    if not head.startswith(b"PK"):
        return formats.ONNX  # which has no signature
    with open_zip(path) as archive:
        return formats.KERAS if "config.json" in archive.names else formats.PT


def read_model(
    path: str | os.PathLike[str],
    *,
    into: str | os.PathLike[str] | None = None,
    return_sequences: bool = True,
    time_first: bool = False,
    external_data: bool = False,
    compile: bool = True,
) -> Sequential:
    """Read a model from a file of any format.

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
        For an ONNX graph with tensors in other files: see :func:`.onnx.load_model`.
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
    options = {
        "return_sequences": return_sequences,
        "time_first": time_first,
        "external_data": external_data,
        "compile": compile,
    }
    form = format_of(name)
    if form is not formats.WEIGHTS:
        return _read(name, form, options)
    if into is None:
        raise ValueError(f"{name} holds weights alone. Give a file of the model that they belong to: into=MODEL.")
    model_path = os.fsdecode(into)
    model_format = format_of(model_path)
    if model_format is formats.WEIGHTS:
        raise ValueError(f"{model_path} holds weights alone too. Give a file that has layers: into=MODEL.")
    model = _read(model_path, model_format, options)
    model.load_weights(name)
    return model


def _read(path: str, form: Format, options: dict[str, bool]) -> Sequential:
    read = formats.load_function(form.read)
    return read(path, **{name: options[name] for name in form.read_options})  # type: ignore[no-any-return]


def write_model(
    model: Sequential, path: str | os.PathLike[str], *, opset: int = DEFAULT_OPSET, states: bool = False, overwrite: bool = True
) -> list[str]:
    """Write a model in the format that the suffix says; return warnings about what such a file does not hold.

    Parameters
    ----------
    model : Sequential
        The model, built.
    path : path
        Ends in a suffix of :mod:`numba_lstm.files.formats`.
    opset : int
        For ONNX: the version of its operators.
    states : bool
        For ONNX: whether states are inputs and outputs, see :func:`.onnx.export`.
    overwrite : bool
        Whether an existing file may be replaced.

    Raises
    ------
    ValueError
        For another suffix, and for a layer or an option that the format does not have, by name; nothing is written then.
    ImportError
        For a file of Keras without h5py.
    OSError
        If the file cannot be written.
    """
    name = os.fsdecode(path)
    form = format_of_suffix(name)
    options = {"opset": opset, "states": states}
    write = formats.load_function(form.write)
    write(model, name, overwrite=overwrite, **{option: options[option] for option in form.write_options})
    return conversion_warnings(model, form)


def format_of_suffix(path: str) -> Format:
    """Return the format of the files that end as ``path`` does; ValueError if there is none."""
    suffix = formats.suffix_of(path)
    if not suffix:
        raise ValueError(f"{path!r} does not say a format that is written: {', '.join(formats.BY_SUFFIX)}.")
    return formats.BY_SUFFIX[suffix]
