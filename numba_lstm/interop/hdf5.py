"""HDF5 files that nobody vouches for: the part of the format in which Keras keeps weights, read without the C library.

That part is what h5py writes by default ("earliest"): groups as B-trees of names, attributes that are texts, and datasets that
are one contiguous piece of numbers. Everything else that the format has (links, external files, virtual datasets, chunks and
filters, references, shared messages) is refused, each thing in the file is visited once, and every number is checked before it
is used, so that the work is bounded by the file's size.

Source: "HDF5 File Format Specification Version 3.0", The HDF Group.
"""

from __future__ import annotations

import math
import struct
from dataclasses import dataclass, field
from typing import Any

import numpy as np
import numpy.typing as npt

from ..files.errors import FileFormatError
from .hdf5_bytes import Source, as_name, as_text
from .hdf5_types import Text, parse_shape, parse_type

SIGNATURE = b"\x89HDF\r\n\x1a\n"
MAX_DEPTH = 24  #: groups in groups
MAX_PATH = 4_096  #: letters of a name with those of the groups around it
MAX_LETTERS = 1 << 24  #: of all such names, since a group's name comes again in those of its members
_UNDEFINED = (1 << 64) - 1
_SPACE, _TYPE, _LAYOUT, _ATTRIBUTE, _CONTINUATION, _SYMBOLS = 0x1, 0x3, 0x8, 0xC, 0x10, 0x11
#: Padding, fill values (no piece is left unwritten), comments, times of change.
_IGNORED = {0x0, 0x4, 0x5, 0xD, 0xE, 0x12}
_REFUSED = {0x2: "links of a newer form", 0x6: "links of a newer form", 0x7: "external files", 0xB: "filters"}


@dataclass
class Contents:
    """All that was read: names are joined by ``/``, and the root's is empty.

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
    """All groups, datasets and attributes of an HDF5 file's bytes.

    Raises
    ------
    FileFormatError
        If it is damaged, or has anything but what is said above.
    """
    return _Reader(data).contents


class _Reader:
    def __init__(self, data: bytes) -> None:
        self._source = Source(data)
        self._pieces: list[tuple[int, int, str]] = []  # what datasets occupy
        self._text_left, self._letters_left = len(data), MAX_LETTERS
        self._collections: dict[int, dict[int, tuple[int, int]]] = {}
        self.contents = Contents()
        self._object("", self._superblock(), 0)
        self._pieces.sort()
        for (_, end, name), (begin, _, other) in zip(self._pieces, self._pieces[1:], strict=False):
            if begin < end:
                raise FileFormatError(f"its datasets {name!r:.100} and {other!r:.100} overlap.")

    # -- structure ----------------------------------------------------------------------------------------------------

    def _superblock(self) -> int:
        """The address of the root group's header."""
        if self._source.data[:8] != SIGNATURE:
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
            parts, attributes = self._messages(address)
            if attributes:
                self.contents.attributes[name] = attributes
            if parts.keys() == {_SYMBOLS}:
                children = self._children(parts[_SYMBOLS])
            elif parts.keys() == {_SPACE, _TYPE, _LAYOUT}:
                children = {}
                self.contents.arrays[name] = self._array(name, parts[_TYPE], parts[_SPACE], parts[_LAYOUT])
            else:
                raise FileFormatError("it is neither a group nor a dataset of numbers.")
        except FileFormatError as error:
            raise FileFormatError(f"HDF5 object {name or '/'!r:.100}: {error}") from error
        for child, where in children.items():
            self._object(f"{name}/{child}" if name else child, where, depth + 1)

    def _messages(self, address: int) -> tuple[dict[int, bytes], dict[str, str | list[str]]]:
        """The messages of an object's header that say what it is, one of a kind, and its attributes."""
        version, _, count, _, size = self._source.unpack("<BBHLL", address, "its header")
        if version != 1:
            raise FileFormatError("its header is damaged, or of a newer form than Keras writes.")
        found: dict[int, bytes] = {}
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
                    name, value = self._attribute(body)
                    if name in attributes:
                        raise FileFormatError(f"it has the attribute {name!r:.100} twice.")
                    attributes[name] = value
                elif kind not in _IGNORED:
                    if kind in found or kind not in (_SPACE, _TYPE, _LAYOUT, _SYMBOLS):
                        raise FileFormatError(f"it has a message of kind {kind:#x} twice, or one that Keras does not write.")
                    found[kind] = body
        if count:
            raise FileFormatError("its header is damaged: messages are missing.")
        return found, attributes

    def _continuation(self, body: bytes) -> tuple[int, int]:
        if len(body) < 16:
            raise FileFormatError("its header is damaged: a continuation is cut off.")
        address, length = struct.unpack_from("<QQ", body)
        self._source.enter(address, "a continuation of its header")
        return address, length

    # -- groups -------------------------------------------------------------------------------------------------------

    def _children(self, symbols: bytes) -> dict[str, int]:
        """Name -> address of the header, for all members of a group."""
        if len(symbols) < 16:
            raise FileFormatError("its table of members is cut off.")
        tree, heap = struct.unpack_from("<QQ", symbols)
        self._source.enter(heap, "its heap of names")
        magic, size, _, begin = self._source.unpack("<8sQQQ", heap, "its heap of names")
        if magic != b"HEAP\0\0\0\0":
            raise FileFormatError("its heap of names is damaged.")
        found: dict[str, int] = {}
        for node in self._leaves(tree, None):
            self._source.enter(node, "a node of its members")
            magic, count = self._source.unpack("<6sH", node, "a node of its members")
            if magic != b"SNOD\x01\0":
                raise FileFormatError("a node of its members is damaged.")
            for index in range(count):
                self._source.step()
                place, address, cached = self._source.unpack("<QQL", node + 8 + 40 * index, "a node of its members")
                name = self._source.name(begin + place, begin + size)
                if cached > 1 or address == _UNDEFINED:
                    raise FileFormatError(f"its member {name!r:.100} is a link, which is not followed.")
                if name in found:
                    raise FileFormatError(f"it has the member {name!r:.100} twice.")
                found[name] = address
        return found

    def _leaves(self, address: int, level: int | None) -> list[int]:
        """The addresses of the nodes of members below a B-tree's node, which is at ``level`` if that is known."""
        self._source.enter(address, "a node of its B-tree")
        magic, kind, height, used = self._source.unpack("<4sBBH", address, "a node of its B-tree")
        if magic != b"TREE" or kind or height > 8 or (level is not None and height != level):
            raise FileFormatError("a node of its B-tree is damaged.")
        children = [self._child(address, index) for index in range(used)]
        return children if height == 0 else [leaf for child in children for leaf in self._leaves(child, height - 1)]

    def _child(self, node: int, index: int) -> int:
        self._source.step()
        return int(self._source.unpack("<Q", node + 32 + 16 * index, "a node of its B-tree")[0])

    # -- datasets and attributes --------------------------------------------------------------------------------------

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
        self._pieces.append((address, address + size, name))
        return np.frombuffer(self._source.data, dtype, math.prod(shape), address).reshape(shape)

    def _attribute(self, body: bytes) -> tuple[str, str | list[str]]:
        if len(body) < 8 or body[0] not in (1, 2, 3) or (body[0] > 1 and body[1]):
            raise FileFormatError("an attribute is damaged, or of a form that Keras does not write.")
        sizes = struct.unpack_from("<3H", body, 2)
        position, parts = 8 + (body[0] == 3), []
        for size in sizes:
            parts.append(body[position : position + size])
            position += -(-size // 8) * 8 if body[0] == 1 else size
        name = as_name(parts[0].partition(b"\0")[0])
        try:
            return name, self._texts(parts[1], parse_shape(parts[2]), body[position:])
        except FileFormatError as error:
            raise FileFormatError(f"attribute {name!r:.100}: {error}") from error

    def _texts(self, raw: bytes, shape: tuple[int, ...], data: bytes) -> str | list[str]:
        if shape == (0,):
            return []  # whatever the type: h5py writes an empty list as floats
        kind = parse_type(raw)
        if not isinstance(kind, Text) or len(shape) > 1:
            raise FileFormatError("it is not a text or a list of texts.")
        count = math.prod(shape)
        if count * kind.size > len(data):
            raise FileFormatError(f"its {count:,} texts do not fit into the {len(data):,} bytes that it has.")
        pieces = [data[i * kind.size : (i + 1) * kind.size] for i in range(count)]
        texts = [as_text(self._variable(piece) if kind.variable else piece) for piece in pieces]
        return texts if shape else texts[0]

    def _variable(self, reference: bytes) -> bytes:
        """A text that lies in a collection of the global heap."""
        self._source.step()
        length, address, index = struct.unpack("<LQL", reference)
        if not length and address in (0, _UNDEFINED):
            return b""
        if address not in self._collections:
            self._collections[address] = self._collection(address)
        begin, size = self._collections[address].get(index, (0, -1))
        self._text_left -= length
        if length > size or self._text_left < 0:
            raise FileFormatError("a text is not where it should be, or stands for several.")
        return self._source.take(begin, length, "a text")

    def _collection(self, address: int) -> dict[int, tuple[int, int]]:
        """Index -> place and size, of all objects of a collection."""
        magic, size = self._source.unpack("<8sQ", address, "a heap of texts")
        if magic != b"GCOL\x01\0\0\0" or address + size > len(self._source.data):
            raise FileFormatError("a heap of texts is damaged.")
        found: dict[int, tuple[int, int]] = {}
        position, end = address + 16, address + size
        while position + 16 <= end:
            self._source.step()
            index, length = self._source.unpack("<H6xQ", position, "a heap of texts")
            if index == 0:  # the free space, which is last
                break
            position += 16
            if index in found or position + length > end:
                raise FileFormatError("a heap of texts is damaged.")
            found[index] = position, length
            position += -(-length // 8) * 8
        return found
