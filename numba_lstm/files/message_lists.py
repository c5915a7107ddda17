"""Lists of names in messages: in natural order, and a readable number of them."""

from __future__ import annotations

import heapq
import re
from collections.abc import Collection

_LETTERS = 200  # of all names in a list
_LONGEST = 80  # letters of one


def natural_sort_key(name: str) -> tuple[tuple[str, int], ...]:
    """Return a sort key that puts ``vars/2`` before ``vars/10``; it ignores the end of a long name."""
    pieces = re.findall(r"([^0-9]*)([0-9]{0,18})", name[:_LONGEST])
    return tuple((text, int(digits or -1)) for text, digits in pieces)


def join_names(names: Collection[str]) -> str:
    """Join the first of ``names``, and say how many more there are.

    >>> join_names(["b", "a10", "a9"])
    'a9, a10, b'
    """
    selected: list[str] = []
    for name in heapq.nsmallest(_LETTERS, names, key=natural_sort_key):  # each has a letter at least; sorting all takes memory
        shortened = name if len(name) <= _LONGEST else f"{name[:_LONGEST]}…"
        selected.append(shortened if shortened.isprintable() else ascii(shortened))
        if sum(map(len, selected)) > _LETTERS:
            selected.pop()
            break
    more = len(names) - len(selected)
    return ", ".join(selected) + (f" and {more:,} more" if more else "")


def describe_difference(model: Collection[str], file: Collection[str]) -> str:
    """Describe which names only a model or only a file has; "" if there are none.

    >>> describe_difference({"a", "b"}, {"b", "c"})
    'only in the model: a; only in the file: c'
    """
    sides = (("model", set(model) - set(file)), ("file", set(file) - set(model)))
    return "; ".join(f"only in the {side}: {join_names(names)}" for side, names in sides if names)
