"""Random changes to good files: the same for the same seed, so that a number is all it takes to repeat a failure."""

from __future__ import annotations

import copy
from collections.abc import Iterator
from random import Random
from typing import Any

#: Bytes that stand for sizes, offsets and ends in most formats.
PIECES = (
    *(bytes(8), b"\xff" * 8, b"\x01" + bytes(7), bytes(7) + b"\x80", b"\xff" * 7 + b"\x7f", b"\xff\xff\xff\xff", bytes(4)),
    *(b"\xff\xff", b"\0", b"\xff", b"\x7f", b"\x80", b"[", b'"', b"{", b"/", b"..", b"\n", b"e999"),
)
#: What a value of a document may become.
VALUES: tuple[Any, ...] = (
    *(None, True, False, 0, -1, 1, 2, 64, 2**31, 2**62, 10**19, 0.5, -0.5, 1e308, 5e-324, [], {}, [None], [[]], "", "/", "\0"),
    *("os", "LSTM", "RNN", "relu", "softmax", "float64", "2f4", "(2,)f4", "O", "name", "١", "é" * 300, [1] * 40, {"0": 0}),
    *({"class_name": name, "config": {}} for name in ("Dense", "Lambda", "Bidirectional", "GlorotUniform", "Adam", "L2")),
    {"module": "os", "class_name": "system", "config": {"command": "true"}},
)


def mutated(data: bytes, random: Random) -> bytes:
    """``data`` after one to four changes of its bytes, and perhaps a cut."""
    raw = bytearray(data)
    for _ in range(random.randint(1, 4)):
        at = random.randrange(len(raw) + 1)
        size = random.choice((1, 1, 2, 4, 8, random.randint(1, 300)))
        match random.randrange(8):
            case 0 | 1:
                piece = random.choice(PIECES)
                raw[at : at + len(piece)] = piece
            case 2 | 3:
                piece = random.randbytes(min(size, 8))
                raw[at : at + len(piece)] = piece
            case 4 if at < len(raw):
                raw[at] ^= 1 << random.randrange(8)
            case 5:
                del raw[at : at + size]
            case 6:
                raw[at:at] = random.choice(PIECES)
            case _:
                source = random.randrange(len(raw) + 1)
                piece = raw[source : source + size]
                raw[at : at + random.choice((0, len(piece)))] = piece
    return bytes(raw if random.random() < 0.9 else raw[: random.randrange(len(raw) + 1)])


def places(value: Any, path: tuple[Any, ...] = ()) -> Iterator[tuple[Any, ...]]:
    """The paths of all values inside a JSON value."""
    items = value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ()
    for key, item in items:
        yield (*path, key)
        yield from places(item, (*path, key))


def rewritten(document: Any, random: Random) -> Any:
    """A copy of a JSON value after one to three changes: of a value, a key, or of one value for another of its own."""
    document = copy.deepcopy(document)
    for _ in range(random.randint(1, 3)):
        paths = list(places(document))
        if not paths:
            break
        *path, last = random.choice(paths)
        node = _at(document, path)
        match random.randrange(8):
            case 0:
                del node[last]
            case 1 if isinstance(node, dict):
                node[random.choice(("name", "units", "layer", "module", "extra"))] = node.pop(last)
            case 2 if isinstance(node, list):
                node.insert(last, copy.deepcopy(node[last]))
            case 3 | 4:
                node[last] = copy.deepcopy(_at(document, random.choice(paths)))
            case _:
                node[last] = copy.deepcopy(random.choice(VALUES))
    return document


def _at(document: Any, path: Any) -> Any:
    for key in path:
        document = document[key]
    return document
