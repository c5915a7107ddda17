"""Load a model from a file of any format that describes one."""

from __future__ import annotations

import os

from .. import device as devices
from ..files import formats, sniff
from ..files.destinations import has_extension
from ..files.errors import FileFormatError
from ..objects.serialization import custom_object_scope
from .configuration.custom_objects import CustomObjects
from .configuration.custom_objects import check as check_custom_objects
from .sequential import Sequential


def load_model(
    filepath: str | os.PathLike[str],
    custom_objects: CustomObjects | None = None,
    compile: bool = True,
    safe_mode: bool = True,
    *,
    device: str | None = None,
) -> Sequential:
    """Load a model that ``model.save`` or Keras wrote, as ``keras.saving.load_model``; ``fit`` continues where it stopped.

    Files are not trusted: nothing in one is imported or called, and every byte is checked before anything is built.

    Parameters
    ----------
    filepath : path
        The file: ``.nlstm``, ``.keras`` or a legacy ``.h5``. Its content counts, not its extension. If a name without an
        extension is no file, ``.nlstm`` is added, as by ``model.save``.
    custom_objects : mapping, optional
        Custom classes and functions in the model, by name: classes of layers, losses, metrics, optimizers, initializers,
        regularizers and constraints, and functions that are activations.
    compile : bool
        Whether to compile the model and to restore its optimizer, as they were.
    safe_mode : bool
        Keras's argument, which forbids to run code from a file. This package never runs any, also with False.
    device : str, optional
        Where the model computes. Default: the default device.

    Raises
    ------
    FileNotFoundError
        If there is no such file.
    FileFormatError
        If it is damaged, altered, forged, of a newer or another format; for a file of Keras also if it has a layer or an option
        that this package does not have.
    TypeError, ValueError
        For invalid ``custom_objects``, and if there are files with and without ``.nlstm``.
    """
    path = _path_of_saved(os.fsdecode(filepath))
    objects = check_custom_objects(custom_objects)
    if not isinstance(safe_mode, bool):
        raise TypeError(f"safe_mode must be True or False, got {safe_mode!r:.100}. The device has a name: device='cpu'.")
    devices.resolve(device)
    try:
        with custom_object_scope(objects):
            head = sniff.check_format(path, formats.NATIVE, formats.SAFETENSORS, formats.KERAS, formats.LEGACY)
            form = next((form for form in (formats.KERAS, formats.LEGACY) if head.startswith(form.signature)), formats.NATIVE)
            model: Sequential = formats.load_function(form.decode)(path, objects, compile)
    except FileFormatError as error:
        raise FileFormatError(f"{path}: {error}") from error
    return model if device is None else model.to(device)


def _path_of_saved(path: str) -> str:
    """The file that ``model.save(path)`` has written, which adds a suffix to a name without an extension."""
    saved = path + formats.NATIVE.suffix
    if has_extension(path) or not os.path.isfile(saved):
        return path
    if os.path.isfile(path):
        raise ValueError(
            f"there are {path!r} and {saved!r}, and saving to {path!r} writes the second one. Rename the first one."
        )
    return saved
