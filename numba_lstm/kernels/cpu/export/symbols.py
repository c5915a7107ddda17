"""Reads the symbols of an object of ELF or COFF: what it defines for others, and what it needs of them."""

from __future__ import annotations

from collections.abc import Iterator
from struct import unpack_from

#: The storage class of symbols of COFF that other objects see.
_EXTERNAL = 2

#: Types of sections and of symbols, and the binding of local symbols.
_SYMBOL_TABLE, _SECTION, _FILE, _LOCAL = 2, 3, 4, 0


def _symbols(content: bytes) -> Iterator[tuple[str, int, int, int]]:
    """Yield name, binding, type and section of each symbol."""
    wide = content[4] == 2
    start = unpack_from("<Q", content, 40)[0] if wide else unpack_from("<I", content, 32)[0]
    size, count = unpack_from("<HH", content, 58 if wide else 46)
    sections = []
    for k in range(count):
        at = start + k * size
        kind = unpack_from("<I", content, at + 4)[0]
        offset, length = unpack_from("<QQ", content, at + 24) if wide else unpack_from("<II", content, at + 16)
        sections.append((kind, offset, length, unpack_from("<I", content, at + (40 if wide else 24))[0]))
    for kind, offset, length, link in sections:
        if kind != _SYMBOL_TABLE:
            continue
        names = sections[link][1]
        for at in range(offset, offset + length, 24 if wide else 16):
            name, info, section = unpack_from("<IBxH", content, at) if wide else unpack_from("<I8xBxH", content, at)
            text = content[names + name : content.index(b"\0", names + name)].decode()
            yield text, info >> 4, info & 15, section


def _coff_symbols(content: bytes) -> Iterator[tuple[str, int]]:
    """Yield name and section of each symbol of a COFF object that is not local."""
    start, count = unpack_from("<II", content, 8)
    names, skipped = start + 18 * count, 0
    for at in range(start, names, 18):
        if skipped:
            skipped -= 1
            continue
        section, storage, skipped = unpack_from("<hxxBB", content, at + 12)
        zeros, place = unpack_from("<II", content, at)
        text = content[at : at + 8] if zeros else content[names + place : content.index(b"\0", names + place)]
        if storage == _EXTERNAL:
            yield text.rstrip(b"\0").decode(), section


def undefined(content: bytes) -> set[str]:
    """Return the names that an object of ELF or COFF needs of others."""
    if not content.startswith(b"\x7fELF"):
        return {name for name, section in _coff_symbols(content) if section == 0}
    return {name for name, _, kind, section in _symbols(content) if name and section == 0 and kind not in (_SECTION, _FILE)}


def exported(content: bytes) -> list[str]:
    """Return the names that an ELF object defines for others."""
    return [name for name, binding, _, section in _symbols(content) if name and section and binding != _LOCAL]
