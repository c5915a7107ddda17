"""Save a model to a file of the format that the path's suffix says."""

from __future__ import annotations

import os

from . import atomic, formats
from .destinations import check_path


def save_model(model: object, filepath: str | os.PathLike[str], overwrite: bool = True) -> None:
    """Write a model; see :func:`numba_lstm.saving.save_model`."""
    path = check_path(filepath, overwrite)
    atomic.write(path, _encode(model, path), overwrite=overwrite)


def save_weights(model: object, filepath: str | os.PathLike[str], overwrite: bool = True) -> None:
    """Write the weights of a model; see :meth:`numba_lstm.Sequential.save_weights`."""
    path = check_path(filepath, overwrite, weights_only=True)
    atomic.write(path, _encode(model, path), overwrite=overwrite)


def check_saving(
    model: object, filepath: str | os.PathLike[str], weights_only: bool = False, *, makes_folders: bool = False
) -> None:
    """Raise what saving would raise before it writes; see :func:`numba_lstm.saving.check_saving`."""
    _encode(model, check_path(filepath, weights_only=weights_only, makes_folders=makes_folders))


def _encode(model: object, path: str) -> bytes:
    form = formats.BY_SUFFIX[formats.suffix_of(path)]
    return formats.load_function(form.encode)(model, path)  # type: ignore[no-any-return]
