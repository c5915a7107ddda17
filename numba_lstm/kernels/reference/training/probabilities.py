"""Probabilities that losses bound away from 0 and 1."""

from __future__ import annotations

from typing import Any

import numpy as np
import numpy.typing as npt

Array = npt.NDArray[Any]


def clip_probability(p: Array, epsilon: float) -> tuple[Array, Array]:
    """Clip ``p`` to ``[epsilon, 1 - epsilon]``. Returns it, and where it was inside already."""
    clipped = np.clip(p, epsilon, 1 - epsilon)
    return clipped, clipped == p
