"""Read the members of an HDF5 group: a B-tree of nodes with addresses, and a heap of names."""

from __future__ import annotations

import struct

from ...files.errors import FileFormatError
from .source import UNDEFINED, Source


def read_members(source: Source, symbol_table: bytes) -> dict[str, int]:
    """Return the address of the header of each member, by name.

    Parameters
    ----------
    source : Source
        The file.
    symbol_table : bytes
        The symbol table message in the group's header.

    Raises
    ------
    FileFormatError
        For damaged structures, links, and a name that occurs twice.
    """
    if len(symbol_table) < 16:
        raise FileFormatError("its table of members is cut off.")
    tree, heap = struct.unpack_from("<QQ", symbol_table)
    source.enter(heap, "its heap of names")
    magic, size, _, begin = source.unpack("<8sQQQ", heap, "its heap of names")
    if magic != b"HEAP\0\0\0\0":
        raise FileFormatError("its heap of names is damaged.")
    members: dict[str, int] = {}
    for node in _leaves(source, tree, None):
        source.enter(node, "a node of its members")
        magic, count = source.unpack("<6sH", node, "a node of its members")
        if magic != b"SNOD\x01\0":
            raise FileFormatError("a node of its members is damaged.")
        for number in range(count):
            source.step()
            offset, address, cached = source.unpack("<QQL", node + 8 + 40 * number, "a node of its members")
            name = source.name(begin + offset, begin + size)
            if cached > 1 or address == UNDEFINED:
                raise FileFormatError(f"its member {name!r:.100} is a link, which is not followed.")
            if name in members:
                raise FileFormatError(f"it has the member {name!r:.100} twice.")
            members[name] = address
    return members


def _leaves(source: Source, address: int, level: int | None) -> list[int]:
    """Addresses of the symbol nodes below a B-tree node; ``level`` is the level of that node, None for the root."""
    source.enter(address, "a node of its B-tree")
    magic, kind, height, count = source.unpack("<4sBBH", address, "a node of its B-tree")
    if magic != b"TREE" or kind or height > 8 or (level is not None and height != level):
        raise FileFormatError("a node of its B-tree is damaged.")
    children = [_child(source, address, index) for index in range(count)]
    return children if height == 0 else [leaf for child in children for leaf in _leaves(source, child, height - 1)]


def _child(source: Source, node: int, index: int) -> int:
    source.step()
    return int(source.unpack("<Q", node + 32 + 16 * index, "a node of its B-tree")[0])
