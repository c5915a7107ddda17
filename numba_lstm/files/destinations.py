"""Check the path to which a model is saved, before any work is done: its suffix, and whether a file can be made there."""

from __future__ import annotations

import os
from types import ModuleType

from ..system.writable import check_file
from . import formats


def check_path(
    filepath: str | os.PathLike[str], overwrite: bool = True, *, weights_only: bool = False, makes_folders: bool = False
) -> str:
    """Check that a model can be saved to a path, and return the name of the file that ``model.save(filepath)`` writes.

    Nothing is written. Call it before a long training, so that a mistake in a name does not lose the result.

    Parameters
    ----------
    filepath : path
        As :func:`save_model` takes it; with ``weights_only`` as ``model.save_weights`` takes it.
    overwrite : bool
        Whether an existing file may be replaced.
    weights_only : bool
        Whether ``model.save_weights`` will write the file.
    makes_folders : bool
        Whether the program makes missing folders before it saves.

    Returns
    -------
    str
        The path, with ``.nlstm`` behind a name without an extension.

    Raises
    ------
    ValueError
        For a name that does not end in a known format.
    ImportError
        For a file of Keras without h5py.
    FileNotFoundError
        If the folder does not exist, unless ``makes_folders``.
    NotADirectoryError
        If what should be a folder is a file.
    PermissionError
        If no file can be made in the folder.
    FileExistsError
        If the file exists and ``overwrite`` is False.
    OSError
        If the name is that of a folder, or is too long.
    """
    path = os.fsdecode(filepath)
    path = _weights_path(path) if weights_only else _model_path(path)
    if not path.endswith(formats.NATIVE.suffix):
        import_h5py()
    check_file(path, overwrite=overwrite, makes_folders=makes_folders)
    return path


def import_h5py() -> ModuleType:
    """Import h5py, which writes Keras's files; the ImportError says how to install it."""
    try:
        import h5py
    except ImportError as error:
        raise ImportError(
            "writing Keras's files needs h5py: pip install 'numba_lstm[keras]'. Reading them does not."
        ) from error
    return h5py  # type: ignore[no-any-return]


def has_extension(path: str) -> bool:
    """Whether a path has an extension, so that :func:`check_path` adds none."""
    return bool(os.path.splitext(os.path.basename(path))[1])


def _weights_path(path: str) -> str:
    suffix = formats.WEIGHTS.suffix
    if not path.endswith(suffix):
        raise ValueError(f"weights are saved as {suffix}, got {path!r}. A whole model: model.save.")
    _check_stem(path, suffix)
    return path


def _model_path(path: str) -> str:
    native, keras = formats.NATIVE.suffix, formats.KERAS.suffix
    if not _check_stem(path, native):
        return path + native
    if formats.suffix_of(path) in formats.MODEL_SUFFIXES:
        return path
    # An unknown suffix belongs to the name: "net.v2" without its ".v2" would replace another model.
    suffix = formats.suffix_of(path.lower())
    base, writer = path[: len(path) - len(suffix)], formats.BY_SUFFIX[suffix].writer if suffix else ""
    raise ValueError(
        f"a model is saved as {native}, got {path!r}. Save it as {base + native!r}, "
        f"or for Keras as {base + keras!r}.{writer and f' That kind of file is written by {writer}.'}"
    )


def _check_stem(path: str, suffix: str) -> str:
    """The extension of a path; ValueError that advises a name with ``suffix`` if there is none before the extension."""
    folder, name = os.path.split(path)
    stem, extension = os.path.splitext(name)
    if stem in ("", ".", "..", formats.WEIGHTS.suffix.removesuffix(".h5"), *formats.MODEL_SUFFIXES):
        raise ValueError(
            f"a model needs a name for its file, got {path!r}. Save it as {os.path.join(folder, 'model' + suffix)!r}."
        )
    return extension
