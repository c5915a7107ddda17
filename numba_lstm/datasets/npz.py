"""Safe reading of .npz files: pickles of arrays are read, but no code in a pickle runs."""

from __future__ import annotations

import io
import pickle
import zipfile
from collections.abc import Sequence
from typing import Any

import numpy as np
import numpy.typing as npt

#: Globals that a pickle of lists of whole numbers needs, with the names of NumPy 1 and 2.
_ALLOWED = {("numpy", "ndarray"), ("numpy", "dtype")} | {
    (module, "_reconstruct") for module in ("numpy.core.multiarray", "numpy._core.multiarray")
}


def read(path: str, members: Sequence[str]) -> list[npt.NDArray[Any]]:
    """Return the arrays ``members`` of a file. Raise ValueError if one is missing or a pickle of anything but numbers."""
    try:
        with zipfile.ZipFile(path) as archive:
            return [_read(archive.read(f"{member}.npy")) for member in members]
    except (KeyError, zipfile.BadZipFile, pickle.UnpicklingError, EOFError) as error:
        raise ValueError(f"{path} is not the file that it should be: {error}. Delete it and put a good one there.") from error


class _Unpickler(pickle.Unpickler):
    """Unpickler of arrays, lists and numbers, which refuses any other global."""

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
