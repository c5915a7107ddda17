"""Dtypes in foreign files, by their names in safetensors files."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Any

import numpy as np
import numpy.typing as npt

#: NumPy has no bfloat16: this dtype holds its two bytes, and :func:`decode` widens them.
BFLOAT16 = np.dtype([("bfloat16", "<u2")])

#: Name -> dtype of the bytes.
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
    """Whether NumPy can make an array of a shape, also if an axis without elements hides the size of others."""
    return math.prod(max(size, 1) for size in shape) < 1 << 48


def decode(array: npt.NDArray[Any]) -> npt.NDArray[Any]:
    """Convert an array of :data:`BFLOAT16` to float32; return any other as it is."""
    if array.dtype != BFLOAT16:
        return array
    return (array["bfloat16"].astype("<u4") << 16).view("<f4")  # a bfloat16 is the upper half of a float32
