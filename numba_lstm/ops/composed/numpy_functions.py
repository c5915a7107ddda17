"""Functions that only arrays have: NumPy computes them by the same arguments, and tensors are refused."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

from ..tensor import Operand, Tensor, UntraceableError, is_traced

__all__ = [
    "allclose",
    "arccos",
    "arcsin",
    "arctan",
    "arctan2",
    "argsort",
    "array",
    "bincount",
    "ceil",
    "convert_to_numpy",
    "cos",
    "cumprod",
    "deg2rad",
    "digitize",
    "floor",
    "floor_divide",
    "is_tensor",
    "isclose",
    "linspace",
    "logspace",
    "median",
    "meshgrid",
    "mod",
    "nonzero",
    "percentile",
    "quantile",
    "rad2deg",
    "round",
    "searchsorted",
    "sin",
    "sort",
    "take_along_axis",
    "tan",
    "top_k",
    "trunc",
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
arccos = _function("arccos")
arcsin = _function("arcsin")
arctan = _function("arctan")
arctan2 = _function("arctan2")
argsort = _function("argsort")
array = _function("array")
bincount = _function("bincount")
ceil = _function("ceil")
cos = _function("cos")
cumprod = _function("cumprod")
deg2rad = _function("deg2rad")
digitize = _function("digitize")
floor = _function("floor")
floor_divide = _function("floor_divide")
isclose = _function("isclose")
linspace = _function("linspace")
logspace = _function("logspace")
median = _function("median")
meshgrid = _function("meshgrid")
mod = _function("mod")
nonzero = _function("nonzero")
percentile = _function("percentile")
quantile = _function("quantile")
rad2deg = _function("rad2deg")
round = _function("round")
searchsorted = _function("searchsorted")
sin = _function("sin")
sort = _function("sort")
take_along_axis = _function("take_along_axis")
tan = _function("tan")
trunc = _function("trunc")
unique = _function("unique")


def top_k(x: Any, k: int, sorted: bool = True) -> tuple[Any, Any]:
    """Return the ``k`` largest elements of the last axis of an array, the largest first, and their indices."""
    if is_traced(x):
        raise UntraceableError("top_k takes arrays alone, and no tensors. Compute it of what the model predicts.")
    array = np.asarray(x)
    places = np.argsort(-array, axis=-1, kind="stable")[..., :k]
    return np.take_along_axis(array, places, axis=-1), places


def convert_to_numpy(x: Any) -> Any:
    """Return an array, a variable or a sequence as an array of NumPy. A tensor has no values yet, and is refused."""
    return x.operand if isinstance(x, Operand) else np.asarray(x)


def is_tensor(x: Any) -> bool:
    """Return whether x is an array, a traced tensor or a variable."""
    return isinstance(x, (np.ndarray, Tensor, Operand))
