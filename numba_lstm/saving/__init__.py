"""The native file format ``.nlstm``: one file with all that a model is, and all that resuming its training needs.

:mod:`.container` knows the bytes, :mod:`.document` the model, :mod:`.atomic` how a file is replaced. Files of Keras go on to
:mod:`numba_lstm.interop.keras`, which is opened only for them.
"""

from __future__ import annotations

import os

from .. import device as devices
from ..models.sequential import Sequential
from ..serialization import custom_object_scope
from . import atomic, container, document, kinds
from .custom_objects import CustomObjects
from .custom_objects import check as custom_objects_of
from .destinations import EXTENSION, check_path, has_extension
from .errors import FileFormatError

__all__ = ["FileFormatError", "check_path", "check_saving", "load_model", "save_model"]

_KERAS_SIGNATURES = (b"PK\3\4", b"\x89HDF\r\n\x1a\n")  # a zip file, and HDF5


def save_model(model: Sequential, filepath: str | os.PathLike[str], overwrite: bool = True) -> None:
    """Write a model to one file, as ``keras.saving.save_model``: layers, weights, optimizer and random stream.

    The file is replaced whole: a process that dies, a full disk or a failing write leave the old file or the new one.

    Parameters
    ----------
    model : Sequential
        The model; it need be neither built nor compiled.
    filepath : path
        Ends in ``.nlstm``, which is added to a name without an extension, or in ``.keras``, ``.h5`` or ``.hdf5``: then it is a
        file for Keras 3, the last two in its legacy format. Other endings are refused.
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
    path = check_path(filepath, overwrite)
    atomic.write(path, _encode(model, path), overwrite=overwrite)


def check_saving(
    model: Sequential, filepath: str | os.PathLike[str], weights_only: bool = False, *, makes_folders: bool = False
) -> None:
    """Raise what ``model.save``, or with ``weights_only`` ``model.save_weights``, would raise before it writes.

    With ``makes_folders`` the caller makes missing folders before it saves. ``ModelCheckpoint`` asks before training. A method
    that a subclass overrides is not asked. The file is made in memory and given up, since what cannot be saved may lie in
    weights' names too: for that time it takes as much memory as the file.
    """
    name = "save_weights" if weights_only else "save"
    if getattr(type(model), name) is not getattr(Sequential, name):
        return
    path = check_path(filepath, weights_only=weights_only, makes_folders=makes_folders)
    if weights_only:
        from ..interop import keras

        keras.encode_weights(model)
    else:
        _encode(model, path)


def _encode(model: Sequential, path: str) -> bytes:
    """The bytes of the file that :func:`save_model` writes to a path; it raises what that raises before it writes."""
    if not path.endswith(EXTENSION):
        from ..interop import keras

        return keras.encode_model(model, path)
    return container.encode(*document.pack(model))


def load_model(
    filepath: str | os.PathLike[str],
    custom_objects: CustomObjects | None = None,
    compile: bool = True,
    safe_mode: bool = True,
    *,
    device: str | None = None,
) -> Sequential:
    """Read a model that :func:`save_model` or Keras wrote, as ``keras.saving.load_model``; ``fit`` goes on where it stopped.

    A file is never trusted: nothing in it is imported or called, and every byte is checked before anything is built.

    Parameters
    ----------
    filepath : path
        The file: ``.nlstm``, ``.keras`` or a legacy ``.h5``. Its content counts, not its extension. Of a name without an
        extension, under which there is no file, the one that ``model.save`` has written: with ``.nlstm`` behind it.
    custom_objects : mapping, optional
        What is your own in the model, by name: classes of layers, losses, metrics, optimizers, initializers, regularizers and
        constraints, and functions that are activations.
    compile : bool
        Whether to compile the model and to restore its optimizer, as they were.
    safe_mode : bool
        Keras's argument, which keeps code in a file from being run. Here none is ever run, with False neither.
    device : str, optional
        Where the model shall compute; default: the default device.

    Raises
    ------
    FileNotFoundError
        If there is no such file.
    FileFormatError
        If it is damaged, altered, forged, of a newer format, or of another kind; for a file of Keras also if it has a layer or
        an option that this package has not.
    TypeError, ValueError
        For ``custom_objects`` of another kind, and where files of both names are there.
    """
    path = _as_saved(os.fsdecode(filepath))
    own = custom_objects_of(custom_objects)
    if not isinstance(safe_mode, bool):
        raise TypeError(f"safe_mode must be True or False, got {safe_mode!r:.100}. The device has a name: device='cpu'.")
    devices.resolve(device)
    try:
        with custom_object_scope(own):
            model = _load(path, compile, own)
    except FileFormatError as error:
        raise FileFormatError(f"{path}: {error}") from error
    return model if device is None else model.to(device)


def _as_saved(path: str) -> str:
    """The file that ``save_model(model, path)`` has written: a name without an extension got one."""
    saved = path + EXTENSION
    if has_extension(path) or not os.path.isfile(saved):
        return path
    if os.path.isfile(path):
        raise ValueError(
            f"there are {path!r} and {saved!r}, and saving to {path!r} writes the second one. Rename the first one."
        )
    return saved


def _load(path: str, compile: bool, custom_objects: CustomObjects) -> Sequential:
    if kinds.expect(path, kinds.NATIVE, kinds.SAFETENSORS, kinds.KERAS, kinds.HDF5).startswith(_KERAS_SIGNATURES):
        from ..interop import keras

        return keras.load_model(path, custom_objects, compile)
    return document.unpack(*container.read(path), compile, custom_objects)
