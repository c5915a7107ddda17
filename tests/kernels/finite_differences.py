"""Central finite differences, in float64: what every hand-written gradient of the reference is held against."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import numpy.typing as npt
from tolerances import FINITE_DIFFERENCES

STEP = 1e-5


def numeric_gradient(f: Callable[[npt.NDArray[Any]], float], x: npt.NDArray[Any]) -> npt.NDArray[Any]:
    """The gradient of a scalar function at ``x``, element by element."""
    gradient = np.empty_like(x)
    for index in np.ndindex(x.shape):
        ahead, behind = x.copy(), x.copy()
        ahead[index] += STEP
        behind[index] -= STEP
        gradient[index] = (f(ahead) - f(behind)) / (2 * STEP)
    return gradient


def assert_gradient(gradient: npt.NDArray[Any], f: Callable[[npt.NDArray[Any]], float], x: npt.NDArray[Any]) -> None:
    """Fail unless ``gradient`` is that of ``f`` at ``x``, in relative norm."""
    numeric = numeric_gradient(f, x)
    assert gradient.shape == numeric.shape
    assert np.linalg.norm(numeric) > 1e-4, "this case proves nothing: its gradient is zero"
    found = np.linalg.norm(gradient - numeric) / np.linalg.norm(numeric)
    assert found < FINITE_DIFFERENCES, f"relative error {found:.2e}"
