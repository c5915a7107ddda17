"""Indices of an exported stream: whole numbers that a C program gives as real ones."""

from __future__ import annotations

from functools import cache
from typing import Any

import numpy as np
import numpy.typing as npt

from ..compiler.jit import kernel
from ..gemm.layout import NUMBA, dtype_name
from ..runtime.graph import run_eagerly
from ..runtime.memory import empty
from ..runtime.task import KernelCall
from ..simd.vector import data

Array = npt.NDArray[Any]


@cache
def _as_indices(dtype: str) -> Any:
    def real_indices(x, largest, out):
        x_ = data(x)
        for t in range(out.shape[0]):
            for n in range(out.shape[1]):
                at = t * (x.strides[0] // x.itemsize) + n * (x.strides[1] // x.itemsize)
                for k in range(out.shape[2]):
                    value = x_[at + k]
                    index = int(value) if 0.0 < value < largest else 0  # NaN is 0 too
                    out[t, n, k] = int(largest) if value >= largest else index

    return kernel(real_indices, f"real_indices_{dtype}", NUMBA[dtype], "x3 d n3")


def as_indices(x: Array, largest: int) -> Array:
    """Return x (1, N) or (1, N, F) as int64, without fractions, and no less than 0 and no more than ``largest``."""
    out = empty(x.shape if x.ndim == 3 else (*x.shape, 1), np.int64)
    run_eagerly([KernelCall(_as_indices(dtype_name(x.dtype)), x.reshape(out.shape), float(largest), out)])
    return out if x.ndim == 3 else out[..., 0]
