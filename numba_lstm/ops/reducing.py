"""Reductions over axes."""

from __future__ import annotations

import builtins
import math
from collections.abc import Callable
from typing import Any

import numpy as np

from .elementwise import add, cast, divide, equal, exp, log, multiply, not_equal, square, subtract
from .shaping import axes_of, reshape
from .tensor import Tensor, constant, is_traced


def reduced(x: Tensor, kind: str, axis: Any, keepdims: bool) -> Tensor:
    """Record a reduction over axes."""
    x = cast(x, "float32")
    axes = axes_of(axis, x.ndim)
    target = tuple(n for k, n in enumerate(x.shape) if k not in axes)
    if not axes:
        y = x
    elif x.is_constant and kind == "sum":
        y = constant(x.detail * math.prod(x.shape[k] for k in axes), target)
    else:
        y = Tensor(kind, (x,), axes, target, "i" if kind.startswith("arg") else "f")
    return reshape(y, tuple(1 if k in axes else n for k, n in enumerate(x.shape))) if keepdims else y


def host_axis(axis: Any) -> Any:
    """Return axes as NumPy takes them."""
    return tuple(axis) if isinstance(axis, list) else axis


def _reduction(kind: str) -> Callable[..., Any]:
    computed = getattr(np, kind)

    def function(x: Any, axis: Any = None, keepdims: bool = False) -> Any:
        return reduced(x, kind, axis, keepdims) if is_traced(x) else computed(x, axis=host_axis(axis), keepdims=keepdims)

    function.__name__ = function.__qualname__ = kind
    function.__doc__ = f"Return the {kind} over axes, of all elements by default."
    return function


sum = _reduction("sum")
max = _reduction("max")
min = _reduction("min")
amax, amin = max, min


def _index(kind: str) -> Callable[..., Any]:
    computed = getattr(np, kind)

    def function(x: Any, axis: int | None = None, keepdims: bool = False) -> Any:
        return reduced(x, kind, axis, keepdims) if is_traced(x) else computed(x, axis=axis, keepdims=keepdims)

    function.__name__ = function.__qualname__ = kind
    function.__doc__ = f"Return the index of the first {kind[3:]}imum along an axis. It has no gradient."
    return function


argmax, argmin = _index("argmax"), _index("argmin")


def mean(x: Any, axis: Any = None, keepdims: bool = False) -> Any:
    """Return the mean over axes, of all elements by default."""
    if not is_traced(x):
        return np.mean(x, axis=host_axis(axis), keepdims=keepdims)
    count = math.prod(x.shape[k] for k in axes_of(axis, x.ndim))
    return multiply(reduced(x, "sum", axis, keepdims), 1 / builtins.max(count, 1))


def var(x: Any, axis: Any = None, keepdims: bool = False) -> Any:
    """Return the mean of the squared differences from the mean."""
    return mean(square(subtract(x, mean(x, axis, True))), axis, keepdims)


def std(x: Any, axis: Any = None, keepdims: bool = False) -> Any:
    """Return the square root of the variance."""
    return var(x, axis, keepdims) ** 0.5


def any(x: Any, axis: Any = None, keepdims: bool = False) -> Any:
    """Return whether any element over axes is not 0."""
    if not is_traced(x):
        return np.any(x, axis=host_axis(axis), keepdims=keepdims)
    return not_equal(reduced(cast(cast(x, "bool"), "float32"), "max", axis, keepdims), 0)


def all(x: Any, axis: Any = None, keepdims: bool = False) -> Any:
    """Return whether all elements over axes are not 0."""
    if not is_traced(x):
        return np.all(x, axis=host_axis(axis), keepdims=keepdims)
    return not_equal(reduced(cast(cast(x, "bool"), "float32"), "min", axis, keepdims), 0)


def logsumexp(x: Any, axis: Any = None, keepdims: bool = False) -> Any:
    """Return the logarithm of the sum of exponentials."""
    largest = max(x, axis, True)
    total = sum(exp(subtract(x, largest)), axis, True)
    y = add(log(total), largest)
    if keepdims:
        return y
    shape = tuple(n for k, n in enumerate(np.shape(x) if not is_traced(x) else x.shape) if k not in axes_of(axis, len(y.shape)))
    return reshape(y, shape)


def softmax(x: Any, axis: int = -1) -> Any:
    """Return ``exp(x) / sum(exp(x))`` over an axis."""
    if not is_traced(x):
        e = np.exp(x - np.max(x, axis=axis, keepdims=True))
        return e / np.sum(e, axis=axis, keepdims=True)
    x = cast(x, "float32")
    if axes_of(axis, x.ndim)[0] == x.ndim - 1:
        return Tensor("softmax", (x,), None, x.shape)
    e = exp(subtract(x, max(x, axis, True)))
    return divide(e, sum(e, axis, True))


def log_softmax(x: Any, axis: int = -1) -> Any:
    """Return the logarithm of :func:`softmax`."""
    return subtract(x, logsumexp(x, axis, True))


def one_hot(x: Any, num_classes: int, axis: int = -1, dtype: Any = None) -> Any:
    """Return 1 at the index that x says on a new last axis, and 0 elsewhere."""
    if not is_traced(x):
        return (np.asarray(x)[..., None] == np.arange(num_classes)).astype(dtype or "float32")
    return cast(equal(reshape(x, (*x.shape, 1)), np.arange(num_classes)), "float32")
