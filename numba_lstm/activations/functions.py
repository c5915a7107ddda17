"""Activation functions of arrays. The contract's ``activation_forward`` has the formulas, the default device computes."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import numpy.typing as npt

from ..device import get_ops
from ..inputs import as_real
from ..kernels.specs import Activation

Values = npt.NDArray[Any]


def linear(x: npt.ArrayLike) -> Values:
    """Identity: ``x``, unchanged."""
    return _apply(x, Activation("linear"))


def tanh(x: npt.ArrayLike) -> Values:
    """Hyperbolic tangent."""
    return _apply(x, Activation("tanh"))


def sigmoid(x: npt.ArrayLike) -> Values:
    """Logistic sigmoid, ``1 / (1 + exp(-x))``."""
    return _apply(x, Activation("sigmoid"))


def hard_sigmoid(x: npt.ArrayLike) -> Values:
    """Piecewise linear sigmoid, ``relu6(x + 3) / 6``."""
    return _apply(x, Activation("hard_sigmoid"))


def relu(x: npt.ArrayLike) -> Values:
    """Rectified linear unit, ``max(x, 0)``."""
    return _apply(x, Activation("relu"))


def leaky_relu(x: npt.ArrayLike, negative_slope: float = 0.2) -> Values:
    """Leaky rectified linear unit: ``x`` where positive, else ``negative_slope * x``."""
    return _apply(x, Activation("leaky_relu", (float(negative_slope),)))


def elu(x: npt.ArrayLike, alpha: float = 1.0) -> Values:
    """Exponential linear unit: ``x`` where positive, else ``alpha * (exp(x) - 1)`` (Clevert et al. 2016)."""
    return _apply(x, Activation("elu", (float(alpha),)))


def selu(x: npt.ArrayLike) -> Values:
    """Scaled exponential linear unit, which preserves mean and variance (Klambauer et al. 2017)."""
    return _apply(x, Activation("selu"))


def softplus(x: npt.ArrayLike) -> Values:
    """Smooth rectifier, ``log(1 + exp(x))``."""
    return _apply(x, Activation("softplus"))


def softsign(x: npt.ArrayLike) -> Values:
    """Sigmoid with polynomial tails, ``x / (1 + abs(x))``."""
    return _apply(x, Activation("softsign"))


def exponential(x: npt.ArrayLike) -> Values:
    """Exponential function, ``exp(x)``."""
    return _apply(x, Activation("exponential"))


def silu(x: npt.ArrayLike) -> Values:
    """Sigmoid linear unit, ``x * sigmoid(x)``, also called swish (Ramachandran et al. 2017)."""
    return _apply(x, Activation("silu"))


def gelu(x: npt.ArrayLike) -> Values:
    """Gaussian error linear unit, exact: ``x * P(X <= x)`` for a standard normal X (Hendrycks and Gimpel 2016)."""
    return _apply(x, Activation("gelu"))


def softmax(x: npt.ArrayLike) -> Values:
    """Softmax over the last axis, ``exp(x) / sum(exp(x))``."""
    return _apply(x, Activation("softmax"))


swish = silu

#: The functions by name.
FUNCTIONS: dict[str, Callable[..., Values]] = {
    function.__name__: function
    for function in (
        *(linear, tanh, sigmoid, hard_sigmoid, relu, leaky_relu, elu, selu),
        *(softplus, softsign, exponential, silu, gelu, softmax),
    )
}
#: Other names -> the names of the same functions.
ALIASES = {"swish": "silu"}
#: All names of this package's activations.
NAMES = (*FUNCTIONS, *ALIASES)
#: Names of the parameters of the functions that have some.
PARAMETERS = {"leaky_relu": ("negative_slope",), "elu": ("alpha",)}


def _apply(x: npt.ArrayLike, activation: Activation) -> Values:
    array = as_real(x, f"the argument of {activation.name}")
    dtype = "float64" if array.dtype == np.float64 else "float32"
    rows = array.reshape(-1, array.shape[-1]) if array.ndim else array.reshape(1, 1)
    ops = get_ops()
    y, _ = ops.activation_forward(ops.gather(rows, slice(None), dtype), activation)
    return np.array(ops.to_host(y), copy=True).reshape(array.shape)
