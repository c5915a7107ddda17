"""A ``.pt`` file of ``torch.save``: a zip of one pickle, which says what the tensors are, and a member for each storage.

The members are ``<root>/data.pkl``, ``<root>/data/<key>``, ``<root>/byteorder`` and some that say nothing of tensors.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import numpy.typing as npt

from ...files.errors import FileFormatError
from ..zips import Zip, open_zip
from . import pickle_reader, pickle_tensors
from .tensor_source import Form, Source

MAX_PICKLE = 4 << 20  #: bytes


@contextmanager
def opened(path: str) -> Iterator[Source]:
    """The tensors of a ``.pt`` file; a storage is read when a tensor in it is asked for.

    Raises
    ------
    FileFormatError
        For any other file, TorchScript and old formats among them, and for what is no tensor.
    """
    with open_zip(path) as archive:
        root = _root(archive)
        tensors = pickle_tensors.named(
            pickle_reader.loads(
                archive.read(f"{root}/data.pkl", MAX_PICKLE), pickle_tensors.CONSTRUCTORS, pickle_tensors.persistent
            )
        )
        storages: dict[str, tuple[pickle_tensors.Storage, bytes]] = {}
        left = archive.size

        def read(name: str) -> npt.NDArray[Any]:
            nonlocal left
            tensor = tensors[name]
            left -= tensor.nbytes
            if left < 0:
                raise FileFormatError(f"its tensors, up to {name!r:.100}, take more bytes than the file has.")
            storage = tensor.storage
            if storage.key not in storages:
                storages[storage.key] = storage, _content(archive, root, storage)
            known, data = storages[storage.key]
            if known != storage:
                raise FileFormatError(f"its storage {storage.key:.20} is described in two ways.")
            return tensor.of(data)

        yield Source(tuple(tensors), read, {name: Form(t.storage.dtype, t.shape) for name, t in tensors.items()})


def _root(archive: Zip) -> str:
    """The folder of all members, when it is a file of ``torch.save``."""
    roots = {name.partition("/")[0] for name in archive.names}
    root = roots.pop() if len(roots) == 1 else ""
    if f"{root}/data.pkl" not in archive.names:
        raise FileFormatError("it is a zip file, but none of torch.save: it has no data.pkl in a folder with all the rest.")
    if f"{root}/constants.pkl" in archive.names or any(name.startswith(f"{root}/code/") for name in archive.names):
        raise FileFormatError("it is a TorchScript program, not tensors. Save those: torch.save(model.state_dict(), path).")
    if f"{root}/byteorder" in archive.names and archive.read(f"{root}/byteorder", 16) != b"little":
        raise FileFormatError("its numbers are not little-endian. Save it again on a little-endian machine.")
    return root


def _content(archive: Zip, root: str, storage: pickle_tensors.Storage) -> bytes:
    data = archive.read(f"{root}/data/{storage.key:.20}", min(storage.nbytes, archive.size))
    if len(data) != storage.nbytes:
        raise FileFormatError(f"its storage {storage.key:.20} has {len(data):,} bytes, but should have {storage.nbytes:,}.")
    return data
