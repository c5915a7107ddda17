"""Symmetric int8 quantization with one scale per column: the float32 weights of a quantized layer on every device.

The scale of a column has 16 significant bits. The weights are integers from -127 to 127 times that scale. So a weight on the
grid is a float32 without rounding, the largest weight of a column is 127 scales, and :func:`quantize` recovers the scales and
the integers from the weights exactly.
"""

from __future__ import annotations

from typing import Any

import numpy as np
import numpy.typing as npt

Array = npt.NDArray[Any]

LARGEST = 127

#: Columns of smaller weights become zero, since their scale would be denormal. 127 scales of larger weights would overflow.
SMALLEST, LARGEST_WEIGHT = 2.0**-100, 2.0**127

#: The bits of the float32 mantissa that a scale does not use.
_UNUSED = np.uint32(0xFF)


def quantize(W: Array) -> tuple[Array, Array]:
    """Quantize weights W (K, C) float32 to integers (K, C) int8 and scales (C,), rounded to the nearest grid point.

    A column that is not finite, or too large, gets zeros and the scale NaN.
    """
    largest = np.abs(W).max(axis=0, initial=0)
    scales = (largest / np.float32(LARGEST)).astype(np.float32)
    scales = ((scales.view(np.uint32) + _UNUSED) & ~_UNUSED).view(np.float32)
    scales[largest < SMALLEST] = 0
    scales[~(largest < LARGEST_WEIGHT)] = np.nan
    integers = np.divide(W, scales, out=np.zeros_like(W), where=scales > 0)
    return np.rint(integers).astype(np.int8), scales


def fake_quantize(W: Array) -> Array:
    """Round weights W to the nearest grid point: quantize, then dequantize."""
    integers, scales = quantize(W)
    return integers * scales
