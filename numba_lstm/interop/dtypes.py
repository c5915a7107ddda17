"""The number formats that other people's files use, by the names that safetensors gives them."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Any

import numpy as np
import numpy.typing as npt

#: NumPy has no such number: its two bytes are read under this name, and :func:`decode` widens them.
BFLOAT16 = np.dtype([("bfloat16", "<u2")])

#: Name -> the dtype of the bytes.
DTYPES: dict[str, np.dtype[Any]] = {
    "BOOL": np.dtype("?"),
    "U8": np.dtype("u1"),
    "I8": np.dtype("i1"),
    "U16": np.dtype("<u2"),
    "I16": np.dtype("<i2"),
    "F16": np.dtype("<f2"),
    "BF16": BFLOAT16,
    "U32": np.dtype("<u4"),
    "I32": np.dtype("<i4"),
    "F32": np.dtype("<f4"),
    "U64": np.dtype("<u8"),
    "I64": np.dtype("<i8"),
    "F64": np.dtype("<f8"),
}


def is_possible(shape: Sequence[int]) -> bool:
    """Whether NumPy can make an array of a shape, whose axes without elements hide how long the others are."""
    return math.prod(max(size, 1) for size in shape) < 1 << 48


def decode(array: npt.NDArray[Any]) -> npt.NDArray[Any]:
    """Numbers as NumPy knows them: an array of :data:`BFLOAT16` comes out as float32, any other as it is."""
    if array.dtype != BFLOAT16:
        return array
    return (array["bfloat16"].astype("<u4") << 16).view("<f4")  # a bfloat16 is the upper half of a float32
