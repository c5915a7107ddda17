"""Parse untrusted JSON: without duplicate keys, NaN, huge numbers and deep nesting.

Python's :mod:`json` keeps the last of duplicate keys, reads ``NaN`` and ``1e999``, and accepts numbers of any length, so two
programs may read two different models from one file.
"""

from __future__ import annotations

import json
import math
from typing import Any, NoReturn

from .errors import FileFormatError

DEPTH = 64  #: levels of lists and objects
DIGITS = 20  #: of an integer with its sign; enough for 64 bits
LETTERS = 65_536  #: of a key or a text, unless more are allowed
VALUES = 100_000  #: in all; an empty list takes 3 bytes in a file and 80 in memory


def loads(text: str, what: str, letters: int = LETTERS) -> Any:
    """Parse a JSON text.

    Parameters
    ----------
    text : str
        The JSON text; the caller bounds its length.
    what : str
        What the text is, for messages.
    letters : int
        Maximal length of a key or a text in it.

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
    value = dict(pairs)
    if len(value) != len(pairs):
        seen: set[str] = set()
        duplicate = next(key for key, _ in pairs if key in seen or seen.add(key))  # type: ignore[func-returns-value]
        raise FileFormatError(f"has the key {duplicate[:80]!r} twice.")
    return value


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
    """The length of the longest key or text, at any depth."""
    longest, pending = 0, [value]
    while pending:
        node = pending.pop()
        if isinstance(node, str):
            longest = max(longest, len(node))
        elif isinstance(node, dict):
            pending += [*node, *node.values()]
        elif isinstance(node, list):
            pending += node
    return longest


def _is_deep(value: Any) -> bool:
    level = [value] if isinstance(value, (dict, list)) else []
    for _ in range(DEPTH):  # a loop, since recursion fails at great depth
        children = (child for node in level for child in (node.values() if isinstance(node, dict) else node))
        level = [child for child in children if isinstance(child, (dict, list))]
    return bool(level)
