"""JSON from a file that nobody vouches for: no duplicates, no NaN, no huge numbers, no abyss.

Python's :mod:`json` keeps the last of duplicate keys, reads ``NaN`` and ``1e999``, and lets a number have any length; two
programs may then read two different models from one file.
"""

from __future__ import annotations

import json
import math
from typing import Any, NoReturn

from .errors import FileFormatError

DEPTH = 64  #: levels of lists and objects
DIGITS = 20  #: of a whole number, its sign included; enough for 64 bits
LETTERS = 65_536  #: of a key or a text, unless more are allowed
VALUES = 100_000  #: in all; an empty list takes 3 bytes in a file and 80 in memory


def loads(text: str, what: str, letters: int = LETTERS) -> Any:
    """The value of a JSON text.

    Parameters
    ----------
    text : str
        The JSON text; its length is the caller's to bound.
    what : str
        What the text is, for the error's sentence.
    letters : int
        The longest key or text in it.

    Raises
    ------
    FileFormatError
        For anything but plain JSON within the limits above.
    """
    if sum(map(text.count, "[{,")) > VALUES:
        raise FileFormatError(f"{what} has more than {VALUES:,} values.")
    try:
        value = json.loads(text, object_pairs_hook=_object, parse_constant=_constant, parse_int=_integer, parse_float=_float)
    except FileFormatError as error:
        raise FileFormatError(f"{what} {error}") from None
    except RecursionError:
        raise FileFormatError(f"{what} is nested deeper than {DEPTH} levels.") from None
    except ValueError as error:
        raise FileFormatError(f"{what} is not JSON: {error}.") from error
    if len(text) > letters and (longest := _longest(value)) > letters:
        raise FileFormatError(f"{what} has a text of {longest:,} letters; allowed are {letters:,}.")
    if _is_deep(value):
        raise FileFormatError(f"{what} is nested deeper than {DEPTH} levels.")
    try:
        json.dumps(value, ensure_ascii=False).encode()
    except UnicodeEncodeError:
        raise FileFormatError(f"{what} contains half a character (a lone surrogate).") from None
    return value


def _object(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    found = dict(pairs)
    if len(found) != len(pairs):
        seen: set[str] = set()
        twice = next(key for key, _ in pairs if key in seen or seen.add(key))  # type: ignore[func-returns-value]
        raise FileFormatError(f"has the key {twice[:80]!r} twice.")
    return found


def _constant(name: str) -> NoReturn:
    raise FileFormatError(f"contains {name}, which is not a number in JSON.")


def _integer(digits: str) -> int:
    if len(digits) > DIGITS:
        raise FileFormatError(f"contains a whole number of {len(digits):,} digits.")
    return int(digits)


def _float(digits: str) -> float:
    value = float(digits)
    if not math.isfinite(value):
        raise FileFormatError(f"contains {digits[:40]}, which is too large for a number.")
    return value


def _longest(value: Any) -> int:
    """The letters of the longest key or text, at any depth."""
    longest, left = 0, [value]
    while left:
        node = left.pop()
        if isinstance(node, str):
            longest = max(longest, len(node))
        elif isinstance(node, dict):
            left += [*node, *node.values()]
        elif isinstance(node, list):
            left += node
    return longest


def _is_deep(value: Any) -> bool:
    level = [value] if isinstance(value, (dict, list)) else []
    for _ in range(DEPTH):  # without recursion, since depth is the question
        children = (child for node in level for child in (node.values() if isinstance(node, dict) else node))
        level = [child for child in children if isinstance(child, (dict, list))]
    return bool(level)
