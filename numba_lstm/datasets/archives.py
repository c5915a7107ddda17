"""Arrays of an .npz file in the cache folder, without running what a pickle in it says."""

from __future__ import annotations

import io
import json
import pickle
import zipfile
from collections.abc import Sequence
from typing import Any

import numpy as np
import numpy.typing as npt

from ..utils.files import cache_folder

_ORIGIN = "https://storage.googleapis.com/tensorflow/tf-keras-datasets/"
#: All that a pickle of lists of whole numbers needs, under NumPy 1's and 2's names.
_ALLOWED = {("numpy", "ndarray"), ("numpy", "dtype")} | {
    (module, "_reconstruct") for module in ("numpy.core.multiarray", "numpy._core.multiarray")
}


def cached(name: str) -> str:
    """The path of a data set's file; FileNotFoundError with where to put it."""
    path = cache_folder() / "datasets" / name  # an absolute name is itself
    if not path.is_file():
        raise FileNotFoundError(f"{path} is not there, and nothing is downloaded. Put {_ORIGIN}{path.name} there.")
    return str(path)


def load_npz(name: str, members: Sequence[str]) -> list[npt.NDArray[Any]]:
    """The arrays ``members`` of an .npz file in the cache folder.

    Raises
    ------
    FileNotFoundError
        If there is no such file.
    ValueError
        For a file without one of them, or with a pickle of anything but arrays of lists of numbers.
    """
    path = cached(name)
    try:
        with zipfile.ZipFile(path) as archive:
            return [_read(archive.read(f"{member}.npy")) for member in members]
    except (KeyError, zipfile.BadZipFile, pickle.UnpicklingError, EOFError) as error:
        raise ValueError(f"{path} is not the file that it should be: {error}. Delete it and put a good one there.") from error


def load_json(name: str) -> Any:
    """The value of a JSON file in the cache folder."""
    with open(cached(name), encoding="utf-8") as file:
        return json.load(file)


class _Unpickler(pickle.Unpickler):
    """Reads arrays, lists and numbers, and nothing that is code."""

    def find_class(self, module: str, name: str) -> Any:
        if (module, name) not in _ALLOWED:
            raise pickle.UnpicklingError(f"it asks for {module}.{name}, which no array needs")
        return super().find_class(module, name)


def _read(raw: bytes) -> npt.NDArray[Any]:
    file = io.BytesIO(raw)
    version = np.lib.format.read_magic(file)
    header = np.lib.format.read_array_header_1_0 if version == (1, 0) else np.lib.format.read_array_header_2_0
    if header(file)[2] != np.dtype(object):
        file.seek(0)
        return np.asarray(np.lib.format.read_array(file, allow_pickle=False))
    array = _Unpickler(file).load()
    if not isinstance(array, np.ndarray):
        raise pickle.UnpicklingError("its pickle is no array")
    return array
