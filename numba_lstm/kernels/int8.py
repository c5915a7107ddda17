"""The grid of int8 weights: which float32 weights a quantized layer has, on every device.

Each column has a scale of 16 significant bits, and its weights are whole numbers from -127 to 127 times that scale. So a weight
on the grid is a float32 without rounding, the largest of a column is 127 scales, and whoever has the weights finds scales and
whole numbers again without a loss.
"""

from __future__ import annotations

from typing import Any

import numpy as np
import numpy.typing as npt

Array = npt.NDArray[Any]

LARGEST = 127

#: Columns of smaller weights alone are zero, since scales would be denormal; 127 scales of larger ones would be infinite.
SMALLEST, HUGEST = 2.0**-100, 2.0**127

#: The bits of a float32's mantissa that a scale does not use.
_UNUSED = np.uint32(0xFF)


def split(W: Array) -> tuple[Array, Array]:
    """The whole numbers (K, C) int8 and the scales (C,) of weights W (K, C) float32, rounded to the nearest on the grid.

    A column that is not finite, or huge, has zeros and the scale NaN.
    """
    largest = np.abs(W).max(axis=0, initial=0)
    scales = (largest / np.float32(LARGEST)).astype(np.float32)
    scales = ((scales.view(np.uint32) + _UNUSED) & ~_UNUSED).view(np.float32)
    scales[largest < SMALLEST] = 0
    scales[~(largest < HUGEST)] = np.nan
    whole = np.divide(W, scales, out=np.zeros_like(W), where=scales > 0)
    return np.rint(whole).astype(np.int8), scales


def rounded(W: Array) -> Array:
    """The weights on the grid that are nearest to W."""
    whole, scales = split(W)
    return whole * scales
