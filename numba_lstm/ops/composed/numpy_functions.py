"""Functions that only arrays have: NumPy computes them by the same arguments, and tensors are refused."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

from ..tensor import Operand, Tensor, UntraceableError, is_traced

__all__ = [
    "allclose",
    "array",
    "bincount",
    "convert_to_numpy",
    "is_tensor",
    "linspace",
    "logspace",
    "meshgrid",
    "nonzero",
    "unique",
]


def _function(name: str) -> Callable[..., Any]:
    computed = getattr(np, name)

    def function(*arguments: Any, **options: Any) -> Any:
        if is_traced(*arguments, *options.values()):
            raise UntraceableError(f"{name} takes arrays alone, and no tensors. Compute it before the model, as an input.")
        return computed(*arguments, **options)

    function.__name__ = function.__qualname__ = name
    function.__doc__ = f"Return ``numpy.{name}`` of arrays."
    return function


allclose = _function("allclose")
array = _function("array")
bincount = _function("bincount")
linspace = _function("linspace")
logspace = _function("logspace")
meshgrid = _function("meshgrid")
nonzero = _function("nonzero")
unique = _function("unique")


def convert_to_numpy(x: Any) -> Any:
    """Return an array, a variable or a sequence as an array of NumPy. A tensor has no values yet, and is refused."""
    return x.operand if isinstance(x, Operand) else np.asarray(x)


def is_tensor(x: Any) -> bool:
    """Return whether x is an array, a traced tensor or a variable."""
    return isinstance(x, (np.ndarray, Tensor, Operand))
