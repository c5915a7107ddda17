"""Writes a static library, the format of ``ar`` with the symbol index that linkers read."""

from __future__ import annotations

from collections.abc import Sequence
from struct import pack

_MAGIC = b"!<arch>\n"


def archive(name: str, content: bytes, symbols: Sequence[str]) -> bytes:
    """Return a library of one object, which defines ``symbols``. The name of the object is cut to the 16 bytes of its field."""
    names = b"".join(symbol.encode() + b"\0" for symbol in symbols)
    index_size = 4 + 4 * len(symbols) + len(names)
    first = len(_MAGIC) + 60 + index_size + index_size % 2
    index = pack(f">{1 + len(symbols)}I", len(symbols), *[first] * len(symbols)) + names
    return _MAGIC + _member("", index) + _member(name, content)


def _member(name: str, content: bytes) -> bytes:
    header = f"{name[:15] + '/':<16}{0:<12}{0:<6}{0:<6}{'100644':<8}{len(content):<10}`\n".encode()
    return header + content + b"\n" * (len(content) % 2)
