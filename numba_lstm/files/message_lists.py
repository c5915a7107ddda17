"""Names in messages: in the order that people count, and only as many as can be read."""

from __future__ import annotations

import heapq
import re
from collections.abc import Collection

_LETTERS = 200  # of all names that are listed
_LONGEST = 80  # letters of one


def natural(name: str) -> tuple[tuple[str, int], ...]:
    """A key to sort by, in which ``vars/2`` stands before ``vars/10``; the end of a long name does not count."""
    parts = re.findall(r"([^0-9]*)([0-9]{0,18})", name[:_LONGEST])
    return tuple((text, int(digits or -1)) for text, digits in parts)


def listed(names: Collection[str]) -> str:
    """Some of ``names``, whole, and how many there are besides.

    >>> listed(["b", "a10", "a9"])
    'a9, a10, b'
    """
    shown: list[str] = []
    for name in heapq.nsmallest(_LETTERS, names, key=natural):  # each has a letter at least; sorting all takes memory
        cut = name if len(name) <= _LONGEST else f"{name[:_LONGEST]}…"
        shown.append(cut if cut.isprintable() else ascii(cut))
        if sum(map(len, shown)) > _LETTERS:
            shown.pop()
            break
    more = len(names) - len(shown)
    return ", ".join(shown) + (f" and {more:,} more" if more else "")


def differing(own: Collection[str], read: Collection[str]) -> str:
    """What of two sets of names stands in one of them only, or ""; ``own`` are a model's and ``read`` a file's.

    >>> differing({"a", "b"}, {"b", "c"})
    'only in the model: a; only in the file: c'
    """
    sides = (("model", set(own) - set(read)), ("file", set(read) - set(own)))
    return "; ".join(f"only in the {side}: {listed(names)}" for side, names in sides if names)
