"""Access to the bytes of an HDF5 file with a budget that bounds time and memory, whatever the file contains."""

from __future__ import annotations

import struct
from typing import Any

from ...files.errors import FileFormatError

MAX_STEPS = 200_000  #: nodes, messages, names and texts in all
MAX_NAME = 1_024  #: bytes
UNDEFINED = (1 << 64) - 1  #: the address of what a file does not have


class Source:
    """The bytes of a file, and the rest of the budget."""

    def __init__(self, data: bytes) -> None:
        self.data = data
        self._steps = 0
        self._left = 4 * len(data) + (1 << 20)  # bytes to take, which bounds the work that overlapping structures cause
        self._entered: set[int] = set()  # addresses of headers, nodes and heaps, each of which belongs to one object

    def take(self, begin: int, size: int, what: str) -> bytes:
        """Return the ``size`` bytes from ``begin`` on."""
        if begin + size > len(self.data):
            raise FileFormatError(f"{what} lies beyond the end of the HDF5 file.")
        self._left -= size
        if self._left < 0:
            raise FileFormatError("the parts of its HDF5 structure overlap.")
        return self.data[begin : begin + size]

    def unpack(self, form: str, begin: int, what: str) -> tuple[Any, ...]:
        """Unpack the values from ``begin`` on, in a format of :mod:`struct`."""
        return struct.unpack(form, self.take(begin, struct.calcsize(form), what))

    def step(self) -> None:
        """Count one more structure."""
        self._steps += 1
        if self._steps > MAX_STEPS:
            raise FileFormatError(f"its HDF5 structure has more than {MAX_STEPS:,} parts.")

    def enter(self, address: int, what: str) -> None:
        """Mark the structure at ``address`` as read; a second time means a cycle or two names of one structure."""
        self.step()
        if address in self._entered:
            raise FileFormatError(f"{what} is used twice: its HDF5 structure has a cycle or two names for one thing.")
        self._entered.add(address)

    def name(self, begin: int, end: int) -> str:
        """Return the name that begins at ``begin`` and ends with a zero before ``end``.

        Raises
        ------
        FileFormatError
            If there is none, and for a name that could be a path.
        """
        raw = self.take(begin, max(0, min(MAX_NAME + 1, end - begin)), "a name")
        return as_name(raw.partition(b"\0")[0] if b"\0" in raw else b"")


def as_name(raw: bytes) -> str:
    """Decode a name; FileFormatError for one that is empty, too long, or could be a path."""
    name = as_text(raw)
    if not name or name in (".", "..") or "/" in name or not name.isprintable() or len(raw) > MAX_NAME:
        raise FileFormatError(f"it has a name that is none: {name!r:.100}.")
    return name


def as_text(raw: bytes) -> str:
    """Decode a text without its padding of zeros."""
    try:
        return raw.rstrip(b"\0").decode()
    except UnicodeDecodeError:
        raise FileFormatError(f"it has a text that is not UTF-8: {raw!r:.100}.") from None
