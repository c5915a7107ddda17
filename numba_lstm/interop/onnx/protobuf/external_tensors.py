"""Read tensors from external files: only below the model's folder, never through a link or past a file's end."""

from __future__ import annotations

import os
import stat

from ....files.errors import FileFormatError
from .wire import Message

_KEYS = {"location", "offset", "length"}


def refuse(tensor: Message, size: int) -> memoryview:
    """Refuse external data, which the caller did not allow."""
    raise FileFormatError(
        f"tensor {tensor.get('name', '')!r:.100} lies in a file of its own. If you trust that, load with external_data=True."
    )


class Folder:
    """Reader of external tensors in the folder of a model."""

    def __init__(self, path: str) -> None:
        self.path = path
        self.bytes_left: dict[str, int] = {}  #: bytes of each file that no tensor has taken yet

    def read(self, tensor: Message, size: int) -> memoryview:
        """Read the ``size`` bytes of a tensor.

        Raises
        ------
        FileFormatError
            For a path outside of the folder, a range outside of the file, a link in the path, and another length.
        """
        what = f"tensor {tensor.get('name', '')!r:.100}"
        entries = [(entry.get("key", ""), entry.get("value", "")) for entry in tensor.get("external_data", [])]
        description = dict(entries)
        if len(description) != len(entries) or "location" not in description or description.keys() - _KEYS:
            raise FileFormatError(f"{what}: external data are described by location, offset and length, each once.")
        location = description["location"]
        offset, length = (_number(description.get(key), what, key) for key in ("offset", "length"))
        names = location.split("/")
        if any(name in ("", ".", "..") for name in names) or "\\" in location or ":" in location or not location.isprintable():
            raise FileFormatError(f"{what}: {location!r:.100} is no plain name below the model's folder.")
        if length is not None and length != size:
            raise FileFormatError(f"{what} has {length:,} bytes in {location!r:.100}, but its dims need {size:,}.")
        return self._bytes(what, names, offset or 0, size)

    def _bytes(self, what: str, names: list[str], offset: int, size: int) -> memoryview:
        location = "/".join(names)
        try:
            file = _open(self.path, names)
        except OSError as error:
            raise FileFormatError(f"{what}: {location!r:.100} cannot be opened without following links: {error}.") from None
        try:
            status = os.fstat(file)
            if not stat.S_ISREG(status.st_mode):
                raise FileFormatError(f"{what}: {location!r:.100} is not a regular file.")
            if offset + size > status.st_size:
                raise FileFormatError(f"{what} reaches past the {status.st_size:,} bytes of {location!r:.100}.")
            left = self.bytes_left.get(location, status.st_size) - size
            if left < 0:
                raise FileFormatError(f"{what}: tensors share the bytes of {location!r:.100}.")
            self.bytes_left[location] = left
            data = os.pread(file, size, offset)
        finally:
            os.close(file)
        if len(data) != size:
            raise FileFormatError(f"{what}: {location!r:.100} became shorter while it was read.")
        return memoryview(data)


def _number(text: str | None, what: str, key: str) -> int | None:
    if text is None:
        return None
    if not (text.isascii() and text.isdigit() and len(text) < 19):
        raise FileFormatError(f"{what}: the {key} of its external data is {text!r:.40}, no whole number from 0 up.")
    return int(text)


def _open(folder: str, names: list[str]) -> int:
    """Open the file ``names`` below ``folder``, folder by folder, so that none of them can be a link."""
    flags = os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK
    parent = os.open(folder, os.O_RDONLY | os.O_DIRECTORY)
    for index, name in enumerate(names):
        try:
            inner = os.open(name, flags | (os.O_DIRECTORY if index < len(names) - 1 else 0), dir_fd=parent)
        finally:
            os.close(parent)
        parent = inner
    return parent
