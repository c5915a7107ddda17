"""Gaussian noise from Philox words, by pairs (Box & Muller 1958)."""

from __future__ import annotations

from typing import Any

import numpy as np
import numpy.typing as npt

from .dropout import places, words

Array = npt.NDArray[Any]


def normal(key: Any, n: int) -> npt.NDArray[np.float64]:
    """Return the first ``n`` standard normal numbers at ``key``."""
    w = words(key, 4 * -(-n // 2)).reshape(-1, 4).astype(np.float64)
    u, v = ((np.floor(w[:, k] / 2**5) * 2**26 + np.floor(w[:, k + 1] / 2**6)) / 2**53 for k in (0, 2))
    radius, angle = np.sqrt(-2 * np.log1p(-u)), 2 * np.pi * v
    return np.stack([radius * np.cos(angle), radius * np.sin(angle)], axis=1).ravel()[:n]


def noise_forward(x: Array, stddev: float, key: Any) -> Array:
    """Rounds the noise to the dtype of x before the addition."""
    drawn = places(key, x.shape)
    return x + (stddev * normal(key, drawn.max(initial=-1) + 1)[drawn]).astype(x.dtype).reshape(x.shape)
