"""Read and write files of Keras 3: ``.keras``, ``.weights.h5`` and the legacy ``.h5``.

``numba_lstm.load_model``, ``model.save``, ``model.load_weights`` and ``model.save_weights`` call these functions. Only writing
needs h5py. A Keras file cannot hold the state of the random stream, nor options of the LSTM that Keras does not have.
"""

from __future__ import annotations

import os
import warnings
from typing import Any

from ...files import atomic, formats, sniff
from ...files.destinations import check_path
from ...files.errors import FileFormatError
from ...files.message_lists import join_names
from ...models import Model, Sequential
from .. import hdf5
from ..hdf5 import Contents
from ..zips import open_zip
from . import archive
from .config import build, compile_config, keras2
from .legacy import reader, writer
from .weights import weights_file

MAX_ELEMENTS = 1 << 31  #: of the weights that a configuration without a file of weights may describe

__all__ = ["load_model", "load_weights", "save_model", "save_weights"]


def load_model(path: str, custom_objects: build.Classes = None, compile: bool = True) -> Model:
    """Read a ``.keras`` or legacy ``.h5`` file; see :func:`numba_lstm.saving.load_model`.

    Raises
    ------
    FileFormatError
        If it is damaged or forged, or has a layer or an option that this package does not have.
    """
    if not _is_zip(path):
        return reader.load_model(_read_hdf5(path), custom_objects, compile)
    with open_zip(path) as file:
        config, contents = archive.read_config(file), archive.read_weights(file)
    size = sum(array.size for array in contents.arrays.values())
    model = build.build(config, size, custom_objects)
    if not isinstance(model, Sequential):
        weights_file.check_names(model, contents.attributes)
    weights_file.assign_weights(model, contents.arrays)
    if compile and config.get("compile_config"):
        compile_config.compile_model(model, config["compile_config"])
        weights_file.load_optimizer(model, contents.arrays)
    return model


def model_of_config(config: dict[str, Any], custom_objects: build.Classes = None) -> Model:
    """Make the model of a configuration that Keras's ``model.to_json`` wrote; its weights are zeros.

    Raises
    ------
    FileFormatError
        If it is damaged or forged, or has a layer or an option that this package does not have.
    """
    is_keras2 = "module" not in config
    model = build.build(keras2.model_config(config) if is_keras2 else config, MAX_ELEMENTS, custom_objects)
    if is_keras2:
        keras2.check_axes(model, config)
    return model


def encode_model(model: Model, path: str) -> bytes:
    """Return the bytes of a ``.keras`` file, or for a path of that suffix of a legacy ``.h5`` file.

    Raises
    ------
    ImportError
        Without h5py.
    ValueError
        For what Keras does not have, by the name of layer and option.
    """
    return writer.encode(model) if path.endswith(formats.LEGACY.suffixes) else archive.encode(model)


def save_model(model: Model, path: str, overwrite: bool = True) -> None:
    """Write the bytes of :func:`encode_model`; nothing is written if that raises."""
    atomic.write(path, encode_model(model, path), overwrite=overwrite)


def load_weights(model: Model, filepath: str | os.PathLike[str], skip_mismatch: bool = False) -> None:
    """Assign the weights of a file to a built model; see :meth:`numba_lstm.Model.load_weights`."""
    path = os.fsdecode(filepath)
    if not model.built:
        raise ValueError(f"{model.name} has no weights yet. Add an Input first, call build(input_shape), or call it on data.")
    try:
        contents = _read_contents(path)
        group = next((group for group in ("", "model_weights") if _names_layers(contents, group)), None)
        if group is None:
            skipped = weights_file.load(model, contents.arrays, skip_mismatch)
        else:
            skipped = reader.assign_weights(model, contents, f"{group}/" if group else "", skip_mismatch=skip_mismatch)
    except FileFormatError as error:
        raise FileFormatError(f"{path}: {error}") from error
    if skipped:
        reason = "these layers keep their weights, since those of the file do not fit"
        warnings.warn(f"{path}: {reason}: {join_names(skipped)}.", stacklevel=3)


def save_weights(model: Model, filepath: str | os.PathLike[str], overwrite: bool = True) -> None:
    """Write the weights of a built model; see :meth:`numba_lstm.Model.save_weights`."""
    path = check_path(filepath, overwrite, weights_only=True)
    atomic.write(path, encode_weights(model), overwrite=overwrite)


def encode_weights(model: Model, path: str = "") -> bytes:
    """Return the bytes of a ``.weights.h5`` file; ValueError for a model that has no weights yet."""
    if not model.built:
        raise ValueError(f"{model.name} has no weights yet. Add an Input first, call build(input_shape), or call it on data.")
    return weights_file.encode(model)


def _is_zip(path: str) -> bool:
    with open(path, "rb") as file:
        return file.read(len(formats.ZIP)) == formats.ZIP


def _read_contents(path: str) -> Contents:
    sniff.check_format(path, formats.KERAS, formats.LEGACY)
    if not _is_zip(path):
        return _read_hdf5(path)
    with open_zip(path) as file:
        return archive.read_weights(file)


def _read_hdf5(path: str) -> Contents:
    with open(path, "rb") as file:
        return hdf5.read(file.read())


def _names_layers(contents: Contents, group: str) -> bool:
    return bool(contents.attributes.get(group, {}).keys() & {"layer_names", "layer_names0"})
