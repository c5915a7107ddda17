"""Read all groups, datasets and attributes of an HDF5 file.

The subset is what h5py writes by default (``libver="earliest"``): groups as B-trees of names, attributes that are texts, and
datasets in one contiguous piece of numbers. The reader refuses everything else: links, external files, virtual datasets, chunks
and filters, references, shared messages. It visits each structure once and checks every number before it uses it, so the size
of the file bounds the work.

Source: "HDF5 File Format Specification Version 3.0", The HDF Group.
"""

from __future__ import annotations

import math
import struct
from dataclasses import dataclass, field
from typing import Any

import numpy as np
import numpy.typing as npt

from ...files.errors import FileFormatError
from ...files.formats import HDF5
from .attributes import AttributeReader
from .datatypes import Text, parse_shape, parse_type
from .members import read_members
from .source import Source

MAX_DEPTH = 24  #: groups in groups
MAX_PATH = 4_096  #: letters of a name with those of the groups around it
MAX_LETTERS = 1 << 24  #: of all such names, since a group's name comes again in those of its members
_SPACE, _TYPE, _LAYOUT, _ATTRIBUTE, _CONTINUATION, _SYMBOLS = 0x1, 0x3, 0x8, 0xC, 0x10, 0x11
#: Padding, fill values (no piece is left unwritten), comments, times of change.
_IGNORED = {0x0, 0x4, 0x5, 0xD, 0xE, 0x12}
_REFUSED = {0x2: "links of a newer form", 0x6: "links of a newer form", 0x7: "external files", 0xB: "filters"}


@dataclass
class Contents:
    """Arrays and attributes of a file, by path: names joined by ``/``, the empty name for the root.

    Attributes
    ----------
    arrays : dict of str to array
        The datasets, as views of the file's bytes.
    attributes : dict of str to dict
        The attributes of each group and dataset that has any: a str, or a list of str.
    """

    arrays: dict[str, npt.NDArray[Any]] = field(default_factory=dict)
    attributes: dict[str, dict[str, str | list[str]]] = field(default_factory=dict)


def read(data: bytes) -> Contents:
    """Read all groups, datasets and attributes of the bytes of an HDF5 file.

    Raises
    ------
    FileFormatError
        If it is damaged, or has anything outside of the subset above.
    """
    return _Reader(data).contents


class _Reader:
    def __init__(self, data: bytes) -> None:
        self._source = Source(data)
        self._attributes = AttributeReader(self._source)
        self._extents: list[tuple[int, int, str]] = []  # begin and end of the bytes of each dataset, and its name
        self._letters_left = MAX_LETTERS
        self.contents = Contents()
        self._object("", self._superblock(), 0)
        self._extents.sort()
        for (_, end, name), (begin, _, other) in zip(self._extents, self._extents[1:], strict=False):
            if begin < end:
                raise FileFormatError(f"its datasets {name!r:.100} and {other!r:.100} overlap.")

    # -- structure ----------------------------------------------------------------------------------------------------

    def _superblock(self) -> int:
        """The address of the root group's header."""
        if self._source.data[:8] != HDF5:
            raise FileFormatError("it is not an HDF5 file.")
        versions = self._source.take(8, 8, "the superblock")
        if versions[0] != 0 or versions[1:6] != b"\0\0\0\0\x08" or versions[6] != 8:
            raise FileFormatError("it is an HDF5 file of another form than Keras writes (h5py with libver='earliest').")
        base, _, end, _, _, root = self._source.unpack("<6Q", 24, "the superblock")
        if base or end != len(self._source.data):
            raise FileFormatError(
                f"its HDF5 part has {len(self._source.data):,} bytes where {end:,} are declared. Was it cut off?"
            )
        return int(root)

    def _object(self, name: str, address: int, depth: int) -> None:
        """Read the group or dataset ``name``, whose header is at ``address``."""
        self._source.enter(address, f"the header of {name!r:.100}")
        self._letters_left -= len(name)
        if len(name) > MAX_PATH or self._letters_left < 0:
            raise FileFormatError(
                f"the names of its groups take more than {MAX_PATH:,} letters each, or {MAX_LETTERS:,} in all."
            )
        if depth > MAX_DEPTH:
            raise FileFormatError(f"its groups are nested deeper than {MAX_DEPTH} levels.")
        try:
            messages, attributes = self._messages(address)
            if attributes:
                self.contents.attributes[name] = attributes
            if messages.keys() == {_SYMBOLS}:
                children = read_members(self._source, messages[_SYMBOLS])
            elif messages.keys() == {_SPACE, _TYPE, _LAYOUT}:
                children = {}
                self.contents.arrays[name] = self._array(name, messages[_TYPE], messages[_SPACE], messages[_LAYOUT])
            else:
                raise FileFormatError("it is neither a group nor a dataset of numbers.")
        except FileFormatError as error:
            raise FileFormatError(f"HDF5 object {name or '/'!r:.100}: {error}") from error
        for child, child_address in children.items():
            self._object(f"{name}/{child}" if name else child, child_address, depth + 1)

    def _messages(self, address: int) -> tuple[dict[int, bytes], dict[str, str | list[str]]]:
        """The messages of an object's header that describe it, by kind, and its attributes."""
        version, _, count, _, size = self._source.unpack("<BBHLL", address, "its header")
        if version != 1:
            raise FileFormatError("its header is damaged, or of a newer form than Keras writes.")
        messages: dict[int, bytes] = {}
        attributes: dict[str, str | list[str]] = {}
        blocks = [(address + 16, size)]
        for begin, length in blocks:
            end = begin + length
            if end > len(self._source.data):
                raise FileFormatError("its header lies beyond the end of the HDF5 file.")
            while begin + 8 <= end and count:
                count -= 1
                self._source.step()
                kind, size, flags = self._source.unpack("<HHB3x", begin, "its header")
                body = self._source.take(begin + 8, size, "its header")
                begin += 8 + size
                if begin > end:
                    raise FileFormatError("its header is damaged: a message is longer than its block.")
                if kind in _REFUSED or flags & 2:
                    raise FileFormatError(f"it has {_REFUSED.get(kind, 'shared messages')}, which are not read.")
                if kind == _CONTINUATION:
                    blocks.append(self._continuation(body))
                elif kind == _ATTRIBUTE:
                    name, value = self._attributes.read(body)
                    if name in attributes:
                        raise FileFormatError(f"it has the attribute {name!r:.100} twice.")
                    attributes[name] = value
                elif kind not in _IGNORED:
                    if kind in messages or kind not in (_SPACE, _TYPE, _LAYOUT, _SYMBOLS):
                        raise FileFormatError(f"it has a message of kind {kind:#x} twice, or one that Keras does not write.")
                    messages[kind] = body
        if count:
            raise FileFormatError("its header is damaged: messages are missing.")
        return messages, attributes

    def _continuation(self, body: bytes) -> tuple[int, int]:
        if len(body) < 16:
            raise FileFormatError("its header is damaged: a continuation is cut off.")
        address, length = struct.unpack_from("<QQ", body)
        self._source.enter(address, "a continuation of its header")
        return address, length

    def _array(self, name: str, kind: bytes, space: bytes, layout: bytes) -> npt.NDArray[Any]:
        dtype, shape = parse_type(kind), parse_shape(space)
        if isinstance(dtype, Text):
            raise FileFormatError("it is a dataset of texts, where weights are numbers.")
        if len(layout) < 18 or layout[:2] not in (b"\3\1", b"\4\1"):
            kinds = {0: "compact", 2: "chunked", 3: "virtual"}
            layout_kind = kinds.get(layout[1], "unknown") if len(layout) > 1 else "missing"
            raise FileFormatError(f"its layout is {layout_kind}, where Keras writes one contiguous piece.")
        address, size = struct.unpack_from("<QQ", layout, 2)
        if size != math.prod(shape) * dtype.itemsize or not size:
            raise FileFormatError(f"its shape {shape} of {dtype} does not take the {size:,} bytes that it has.")
        if address + size > len(self._source.data):
            raise FileFormatError("its piece of numbers lies beyond the end of the HDF5 file.")
        self._extents.append((address, address + size, name))
        return np.frombuffer(self._source.data, dtype, math.prod(shape), address).reshape(shape)
