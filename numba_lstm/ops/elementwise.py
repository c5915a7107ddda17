"""Functions of each element, and of pairs of elements."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

from .tensor import Tensor, as_tensor, elementwise, is_traced


def function_of(operation: str, name: str, document: str) -> Callable[..., Any]:
    """Return NumPy's function of this name, which records ``operation`` on tensors."""
    computed = getattr(np, name)

    def function(*values: Any) -> Any:
        return elementwise(operation, *values) if is_traced(*values) else computed(*values)

    function.__name__ = function.__qualname__ = name
    function.__doc__ = document
    return function


add = function_of("add", "add", "Return ``x1 + x2``.")
subtract = function_of("subtract", "subtract", "Return ``x1 - x2``.")
multiply = function_of("multiply", "multiply", "Return ``x1 * x2``.")
divide = function_of("divide", "divide", "Return ``x1 / x2``.")
true_divide = divide
negative = function_of("negative", "negative", "Return ``-x``.")
absolute = function_of("absolute", "absolute", "Return the absolute value.")
abs = absolute
reciprocal = function_of("reciprocal", "reciprocal", "Return ``1 / x``.")
square = function_of("square", "square", "Return ``x * x``.")
sqrt = function_of("sqrt", "sqrt", "Return the square root.")
exp = function_of("exp", "exp", "Return the exponential.")
expm1 = function_of("expm1", "expm1", "Return ``exp(x) - 1``.")
log = function_of("log", "log", "Return the natural logarithm.")
log1p = function_of("log1p", "log1p", "Return ``log(1 + x)``.")
tanh = function_of("tanh", "tanh", "Return the hyperbolic tangent.")
sign = function_of("sign", "sign", "Return -1, 0 or 1.")
maximum = function_of("maximum", "maximum", "Return the larger of two. At equal ones each has half of the gradient.")
minimum = function_of("minimum", "minimum", "Return the smaller of two. At equal ones each has half of the gradient.")
greater = function_of("greater", "greater", "Return ``x1 > x2``.")
greater_equal = function_of("greater_equal", "greater_equal", "Return ``x1 >= x2``.")
less = function_of("less", "less", "Return ``x1 < x2``.")
less_equal = function_of("less_equal", "less_equal", "Return ``x1 <= x2``.")
equal = function_of("equal", "equal", "Return ``x1 == x2``.")
not_equal = function_of("not_equal", "not_equal", "Return ``x1 != x2``.")


def positive(x: Any) -> Any:
    """Return x."""
    return x


def power(x1: Any, x2: Any) -> Any:
    """Return ``x1 ** x2``."""
    if not is_traced(x1, x2):
        return np.power(x1, x2)
    exponent = as_tensor(x2)
    if exponent.is_constant:
        simple: Callable[..., Any] | None = {1.0: positive, 2.0: square, 0.5: sqrt, -1.0: reciprocal}.get(exponent.detail)
        if simple is not None:
            return simple(x1)
        if exponent.detail == 3:
            return multiply(square(x1), x1)
    return elementwise("power", x1, x2)


def where(condition: Any, x1: Any, x2: Any) -> Any:
    """Return ``x1`` where the condition holds, else ``x2``."""
    return elementwise("where", condition, x1, x2) if is_traced(condition, x1, x2) else np.where(condition, x1, x2)


def clip(x: Any, x_min: Any, x_max: Any) -> Any:
    """Return x, bounded by two limits. Where a limit holds, the gradient is 0."""
    if not is_traced(x, x_min, x_max):
        return np.clip(x, x_min, x_max)
    return where(greater(x, x_max), x_max, where(less(x, x_min), x_min, x))


def sigmoid(x: Any) -> Any:
    """Return ``1 / (1 + exp(-x))``."""
    if is_traced(x):
        return elementwise("sigmoid", x)
    with np.errstate(over="ignore"):
        return 1 / (1 + np.exp(-np.asarray(x)))


def relu(x: Any) -> Any:
    """Return x where it is positive, else 0."""
    return where(greater(x, 0), x, zeros_like(x))


def leaky_relu(x: Any, negative_slope: float = 0.2) -> Any:
    """Return x where it is positive, else ``negative_slope * x``."""
    return where(greater(x, 0), x, multiply(x, negative_slope))


def elu(x: Any, alpha: float = 1.0) -> Any:
    """Return x where it is positive, else ``alpha * (exp(x) - 1)``."""
    return where(greater(x, 0), x, multiply(expm1(minimum(x, 0)), alpha))


def silu(x: Any) -> Any:
    """Return ``x * sigmoid(x)``."""
    return multiply(x, sigmoid(x))


def softplus(x: Any) -> Any:
    """Return ``log(1 + exp(x))``."""
    return add(relu(x), log1p(exp(negative(absolute(x)))))


def softsign(x: Any) -> Any:
    """Return ``x / (1 + abs(x))``."""
    return divide(x, add(absolute(x), 1))


def logical_and(x1: Any, x2: Any) -> Any:
    """Return where two conditions hold."""
    return where(x1, not_equal(x2, 0), False) if is_traced(x1, x2) else np.logical_and(x1, x2)


def logical_or(x1: Any, x2: Any) -> Any:
    """Return where any of two conditions holds."""
    return where(x1, True, not_equal(x2, 0)) if is_traced(x1, x2) else np.logical_or(x1, x2)


def logical_not(x: Any) -> Any:
    """Return where a condition does not hold."""
    return equal(x, 0) if is_traced(x) else np.logical_not(x)


def cast(x: Any, dtype: Any) -> Any:
    """Return x as ``dtype``. In a program numbers have the model's dtype, and a cast to bool compares with 0.

    A cast of traced numbers to whole ones is an error, since it has no gradient.
    """
    name = np.dtype("float32" if dtype is None else dtype)
    if not is_traced(x):
        return np.asarray(x).astype(name)
    if name.kind == "b":
        return x if x.kind == "b" else not_equal(x, 0)
    if name.kind in "iu":
        return x
    return x if x.kind == "f" else elementwise("copy", x)


def zeros_like(x: Any) -> Any:
    """Return zeros in the shape of x."""
    return as_tensor(0.0) if is_traced(x) and not x.shape else _filled(x, 0.0)


def ones_like(x: Any) -> Any:
    """Return ones in the shape of x."""
    return _filled(x, 1.0)


def full_like(x: Any, fill_value: float) -> Any:
    """Return one number in the shape of x."""
    return _filled(x, fill_value)


def _filled(x: Any, value: float) -> Any:
    if isinstance(x, Tensor):
        return Tensor("constant", (), float(value), x.shape)
    return np.full_like(x, value)


def stop_gradient(x: Any) -> Any:
    """Return x, whose gradient is 0."""
    return Tensor("stop", (x,), None, x.shape, x.kind) if isinstance(x, Tensor) else x


def convert_to_tensor(x: Any, dtype: Any = None) -> Any:
    """Return a traced tensor as it is, and anything else as an array."""
    return x if is_traced(x) else np.asarray(x, dtype)


def arange(start: float, stop: float | None = None, step: float = 1, dtype: Any = None) -> Any:
    """Return an array of evenly spaced numbers, as ``numpy.arange``."""
    first, last = (0, start) if stop is None else (start, stop)
    return np.arange(first, last, step, dtype=dtype)


def zeros(shape: Any, dtype: Any = None) -> Any:
    """Return an array of zeros."""
    return np.zeros(shape, dtype or "float32")


def ones(shape: Any, dtype: Any = None) -> Any:
    """Return an array of ones."""
    return np.ones(shape, dtype or "float32")


def rsqrt(x: Any) -> Any:
    """Return ``1 / sqrt(x)``."""
    return reciprocal(sqrt(x))


def relu6(x: Any) -> Any:
    """Return x, bounded by 0 and 6."""
    return clip(x, 0.0, 6.0)


def hard_sigmoid(x: Any) -> Any:
    """Return ``relu6(x + 3) / 6``."""
    return multiply(relu6(add(x, 3.0)), 1 / 6)
