"""Save and load models, and the native file format ``.nlstm``, which also holds the state of training.

:mod:`.document` converts a model to arrays and a JSON document; :mod:`.container` encodes these as a safetensors file.
:func:`save_model` and :func:`load_model` write and read every format of :mod:`numba_lstm.files.formats` that holds a model.
"""

from __future__ import annotations

import os
from typing import TYPE_CHECKING

from ..files import model_files
from ..files.destinations import check_path
from ..files.errors import FileFormatError
from ..models import Sequential
from ..models.loading import load_model
from ..naming.absent import absent
from ..objects.registered import (
    get_custom_objects,
    get_registered_name,
    get_registered_object,
    register_keras_serializable,
)
from ..objects.serialization import custom_object_scope
from ..utils import CustomObjectScope, deserialize_keras_object, serialize_keras_object

__all__ = [
    "CustomObjectScope",
    "FileFormatError",
    "check_path",
    "check_saving",
    "custom_object_scope",
    "deserialize_keras_object",
    "get_custom_objects",
    "get_registered_name",
    "get_registered_object",
    "load_model",
    "load_weights",
    "register_keras_serializable",
    "save_model",
    "save_weights",
    "serialize_keras_object",
]


def save_model(model: Sequential, filepath: str | os.PathLike[str], overwrite: bool = True) -> None:
    """Write a model to one file, as ``keras.saving.save_model``: layers, weights, optimizer and random stream.

    The file is replaced atomically: if the process dies or a write fails, the old file or the new one is there.

    Parameters
    ----------
    model : Sequential
        The model, built and compiled or not.
    filepath : path
        Ends in ``.nlstm``, which is added to a name without an extension, or in ``.keras``, ``.h5`` or ``.hdf5`` for a file of
        Keras 3, the last two in its legacy format.
    overwrite : bool
        Whether an existing file may be replaced.

    Raises
    ------
    ValueError
        For another extension, and for a model that a file cannot hold.
    ImportError
        For a file of Keras without h5py.
    FileExistsError
        If the file exists and ``overwrite`` is False.
    OSError
        If it cannot be written; no temporary file stays behind.
    """
    model_files.save_model(model, filepath, overwrite)


def save_weights(model: Sequential, filepath: str | os.PathLike[str], overwrite: bool = True) -> None:
    """Call :meth:`numba_lstm.Sequential.save_weights`, as ``keras.saving.save_weights``."""
    model.save_weights(filepath, overwrite)


def load_weights(model: Sequential, filepath: str | os.PathLike[str], skip_mismatch: bool = False) -> None:
    """Call :meth:`numba_lstm.Sequential.load_weights`, as ``keras.saving.load_weights``."""
    model.load_weights(filepath, skip_mismatch)


def check_saving(
    model: Sequential, filepath: str | os.PathLike[str], weights_only: bool = False, *, makes_folders: bool = False
) -> None:
    """Raise what ``model.save``, or with ``weights_only`` ``model.save_weights``, would raise before it writes.

    ``ModelCheckpoint`` calls it before training. The file is encoded in memory and discarded, since names of weights can make a
    model impossible to save; meanwhile it takes as much memory as the file. A method that a subclass overrides is not checked.

    Parameters
    ----------
    model : Sequential
        The model.
    filepath : path
        As :func:`check_path` takes it.
    weights_only : bool
        Whether ``model.save_weights`` will write the file.
    makes_folders : bool
        Whether the caller makes missing folders before it saves.
    """
    Sequential.check_saving(model, filepath, weights_only, makes_folders=makes_folders)


if not TYPE_CHECKING:
    __getattr__ = absent(__name__)
