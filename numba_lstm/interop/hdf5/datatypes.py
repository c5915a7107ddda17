"""Parse the datatypes and dataspaces of HDF5 files, as far as arrays of numbers and texts need them."""

from __future__ import annotations

import math
import struct
from dataclasses import dataclass
from typing import Any

import numpy as np

from ...files.errors import FileFormatError

MAX_RANK = 8

#: Supported numbers by their description in a file: class and version, bits, size, and position of exponent and mantissa.
NUMBERS: dict[bytes, np.dtype[Any]] = {
    bytes.fromhex("11201f00 04000000 0000200017080017 7f000000"): np.dtype("<f4"),
    bytes.fromhex("11203f00 08000000 00004000340b0034 ff030000"): np.dtype("<f8"),
    bytes.fromhex("10080000 04000000 00002000"): np.dtype("<i4"),
    bytes.fromhex("10080000 08000000 00004000"): np.dtype("<i8"),
    bytes.fromhex("10000000 04000000 00002000"): np.dtype("<u4"),
    bytes.fromhex("10000000 08000000 00004000"): np.dtype("<u8"),
}
_CLASSES = [
    "whole numbers",
    "floats",
    "times",
    "texts",
    "bits",
    "opaque bytes",
    "compounds",
    "references",
    "enumerations",
    "lists",
    "arrays",
]
_TEXT, _VARIABLE = 3, 9


@dataclass(frozen=True)
class Text:
    """Texts of ``size`` bytes each; ``variable`` ones are references of 16 bytes to the text."""

    size: int
    variable: bool = False


def parse_type(raw: bytes) -> np.dtype[Any] | Text:
    """Parse a datatype message.

    Raises
    ------
    FileFormatError
        For anything but little-endian numbers of 32 and 64 bits, and texts.
    """
    for known, dtype in NUMBERS.items():
        if raw[: len(known)] == known and not any(raw[len(known) :]):
            return dtype
    if len(raw) < 8:
        raise FileFormatError("its type is cut off.")
    kind, version = raw[0] & 15, raw[0] >> 4
    size = int.from_bytes(raw[4:8], "little")
    if kind == _TEXT and version == 1 and size:
        return Text(size)
    if kind == _VARIABLE and version == 1 and raw[1] & 15 == 1 and size == 16:
        return Text(size, variable=True)
    what = _CLASSES[kind] if kind < len(_CLASSES) else f"of class {kind}"
    raise FileFormatError(f"its type is {what} of {size:,} bytes; numbers of 4 and 8 bytes and texts are read.")


def parse_shape(raw: bytes) -> tuple[int, ...]:
    """Parse a dataspace message to a shape; () is one element.

    Raises
    ------
    FileFormatError
        For another form, more than ``MAX_RANK`` axes, and 2^63 elements or more.
    """
    if len(raw) < 4 or raw[0] not in (1, 2) or raw[1] > MAX_RANK:
        raise FileFormatError("its shape is damaged, or of a form that Keras does not write.")
    version, rank = raw[:2]
    begin = 8 if version == 1 else 4
    if len(raw) < begin + 8 * rank or (version == 2 and raw[3] != bool(rank)):
        raise FileFormatError("its shape is damaged, or of a form that Keras does not write.")
    shape = struct.unpack_from(f"<{rank}Q", raw, begin)
    if math.prod(shape) >= 1 << 63:
        raise FileFormatError(f"its shape {shape} is larger than any file.")
    return shape
