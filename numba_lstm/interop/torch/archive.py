"""Read ``.pt`` files of ``torch.save``: zip files of a pickle, which describes the tensors, and a member for each storage.

The members are ``<root>/data.pkl``, ``<root>/data/<key>``, ``<root>/byteorder`` and some that do not concern tensors.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from typing import Any, NamedTuple

import numpy.typing as npt

from ...files.errors import FileFormatError
from ..zips import Zip, open_zip
from . import pickle_reader, pickle_tensors

MAX_PICKLE = 4 << 20  #: bytes


class TensorInfo(NamedTuple):
    """Dtype and shape of a tensor that is not read yet."""

    dtype: str  #: a name of :data:`..dtypes.DTYPES`
    shape: tuple[int, ...]


class TensorSource(NamedTuple):
    """Names of tensors, a function that reads one by name, and for a file dtype and shape of each."""

    names: Sequence[str]
    read: Callable[[str], npt.NDArray[Any]]
    infos: Mapping[str, TensorInfo] = {}


@contextmanager
def open_archive(path: str) -> Iterator[TensorSource]:
    """Open a ``.pt`` file; a storage is read with the first of its tensors.

    Raises
    ------
    FileFormatError
        For any other file, such as TorchScript and older formats, and for objects that are no tensors.
    """
    with open_zip(path) as archive:
        root = _root(archive)
        tensors = pickle_tensors.find_tensors(
            pickle_reader.loads(
                archive.read(f"{root}/data.pkl", MAX_PICKLE), pickle_tensors.CONSTRUCTORS, pickle_tensors.persistent
            )
        )
        storages: dict[str, tuple[pickle_tensors.Storage, bytes]] = {}
        bytes_left = archive.size

        def read(name: str) -> npt.NDArray[Any]:
            nonlocal bytes_left
            tensor = tensors[name]
            bytes_left -= tensor.nbytes
            if bytes_left < 0:
                raise FileFormatError(f"its tensors, up to {name!r:.100}, take more bytes than the file has.")
            storage = tensor.storage
            if storage.key not in storages:
                storages[storage.key] = storage, _read_storage(archive, root, storage)
            first_storage, data = storages[storage.key]
            if first_storage != storage:
                raise FileFormatError(f"its storage {storage.key:.20} is described in two ways.")
            return tensor.to_array(data)

        yield TensorSource(tuple(tensors), read, {name: TensorInfo(t.storage.dtype, t.shape) for name, t in tensors.items()})


def _root(archive: Zip) -> str:
    """Return the folder of all members; FileFormatError unless it is a file of ``torch.save``."""
    roots = {name.partition("/")[0] for name in archive.names}
    root = roots.pop() if len(roots) == 1 else ""
    if f"{root}/data.pkl" not in archive.names:
        raise FileFormatError("it is a zip file, but none of torch.save: it has no data.pkl in a folder with all the rest.")
    if f"{root}/constants.pkl" in archive.names or any(name.startswith(f"{root}/code/") for name in archive.names):
        raise FileFormatError("it is a TorchScript program, not tensors. Save those: torch.save(model.state_dict(), path).")
    if f"{root}/byteorder" in archive.names and archive.read(f"{root}/byteorder", 16) != b"little":
        raise FileFormatError("its numbers are not little-endian. Save it again on a little-endian machine.")
    return root


def _read_storage(archive: Zip, root: str, storage: pickle_tensors.Storage) -> bytes:
    data = archive.read(f"{root}/data/{storage.key:.20}", min(storage.nbytes, archive.size))
    if len(data) != storage.nbytes:
        raise FileFormatError(f"its storage {storage.key:.20} has {len(data):,} bytes, but should have {storage.nbytes:,}.")
    return data
