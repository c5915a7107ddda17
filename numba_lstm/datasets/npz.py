"""Arrays of an .npz file, read without running what a pickle in it says."""

from __future__ import annotations

import io
import pickle
import zipfile
from collections.abc import Sequence
from typing import Any

import numpy as np
import numpy.typing as npt

#: All that a pickle of lists of whole numbers needs, under NumPy 1's and 2's names.
_ALLOWED = {("numpy", "ndarray"), ("numpy", "dtype")} | {
    (module, "_reconstruct") for module in ("numpy.core.multiarray", "numpy._core.multiarray")
}


def read(path: str, members: Sequence[str]) -> list[npt.NDArray[Any]]:
    """The arrays ``members`` of a file; ValueError if it has them not, or with a pickle of anything but arrays of numbers."""
    try:
        with zipfile.ZipFile(path) as archive:
            return [_read(archive.read(f"{member}.npy")) for member in members]
    except (KeyError, zipfile.BadZipFile, pickle.UnpicklingError, EOFError) as error:
        raise ValueError(f"{path} is not the file that it should be: {error}. Delete it and put a good one there.") from error


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
