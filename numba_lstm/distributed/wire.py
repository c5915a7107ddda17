"""bfloat16 on the wire: half the bytes of float32, with 8 bits of precision."""

from __future__ import annotations

from typing import Any

import numpy as np
import numpy.typing as npt


def to_bfloat16(values: npt.NDArray[np.float32]) -> npt.NDArray[np.uint16]:
    """Round to the nearest bfloat16, ties to even, returned as the upper 16 bits; the relative error is at most 2**-8.

    Values that are not finite stay what they are; those beyond the largest bfloat16 become infinite.
    """
    bits = np.ascontiguousarray(values, np.float32).view(np.uint32)
    rounded = ((bits + (0x7FFF + ((bits >> 16) & 1))) >> 16).astype(np.uint16)
    nan = np.isnan(values)
    if nan.any():
        rounded[nan] = 0x7FC0
    return rounded


def from_bfloat16(bits: npt.NDArray[np.uint16]) -> npt.NDArray[Any]:
    """Return the float32 numbers of bfloat16 bits."""
    return (bits.astype(np.uint32) << 16).view(np.float32)
