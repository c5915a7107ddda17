"""Activation functions of arrays, and of tensors. The contract's ``activation_forward`` has the formulas.

The default device computes those of arrays. Traced tensors and symbolic tensors of a graph take functions of
:mod:`numba_lstm.ops`.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import numpy.typing as npt

from .. import ops
from ..device import get_ops
from ..inputs import as_real
from ..kernels.specs import Activation
from ..ops.symbolic import has_symbolic
from ..ops.tensor import UntraceableError, is_traced

Values = npt.NDArray[Any]


def linear(x: npt.ArrayLike) -> Any:
    """Identity: ``x``, unchanged."""
    return _apply(x, Activation("linear"))


def tanh(x: npt.ArrayLike) -> Any:
    """Hyperbolic tangent."""
    return _apply(x, Activation("tanh"))


def sigmoid(x: npt.ArrayLike) -> Any:
    """Logistic sigmoid, ``1 / (1 + exp(-x))``."""
    return _apply(x, Activation("sigmoid"))


def hard_sigmoid(x: npt.ArrayLike) -> Any:
    """Piecewise linear sigmoid, ``relu6(x + 3) / 6``."""
    return _apply(x, Activation("hard_sigmoid"))


def relu(x: npt.ArrayLike) -> Any:
    """Rectified linear unit, ``max(x, 0)``."""
    return _apply(x, Activation("relu"))


def leaky_relu(x: npt.ArrayLike, negative_slope: float = 0.2) -> Any:
    """Leaky rectified linear unit: ``x`` where positive, else ``negative_slope * x``."""
    return _apply(x, Activation("leaky_relu", (float(negative_slope),)))


def elu(x: npt.ArrayLike, alpha: float = 1.0) -> Any:
    """Exponential linear unit: ``x`` where positive, else ``alpha * (exp(x) - 1)`` (Clevert et al. 2016)."""
    return _apply(x, Activation("elu", (float(alpha),)))


def selu(x: npt.ArrayLike) -> Any:
    """Scaled exponential linear unit, which preserves mean and variance (Klambauer et al. 2017)."""
    return _apply(x, Activation("selu"))


def softplus(x: npt.ArrayLike) -> Any:
    """Smooth rectifier, ``log(1 + exp(x))``."""
    return _apply(x, Activation("softplus"))


def softsign(x: npt.ArrayLike) -> Any:
    """Sigmoid with polynomial tails, ``x / (1 + abs(x))``."""
    return _apply(x, Activation("softsign"))


def exponential(x: npt.ArrayLike) -> Any:
    """Exponential function, ``exp(x)``."""
    return _apply(x, Activation("exponential"))


def silu(x: npt.ArrayLike) -> Any:
    """Sigmoid linear unit, ``x * sigmoid(x)``, also called swish (Ramachandran et al. 2017)."""
    return _apply(x, Activation("silu"))


def gelu(x: npt.ArrayLike) -> Any:
    """Gaussian error linear unit, exact: ``x * P(X <= x)`` for a standard normal X (Hendrycks and Gimpel 2016)."""
    return _apply(x, Activation("gelu"))


def softmax(x: npt.ArrayLike) -> Any:
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


def _selu(x: Any) -> Any:
    return ops.multiply(ops.elu(x, 1.6732632423543772), 1.0507009873554805)


#: Names of activations -> their functions of tensors, where their names differ.
_OF_TENSORS: dict[str, Callable[..., Any]] = {"linear": lambda x: x, "exponential": ops.exp, "selu": _selu}


def _of_tensor(x: Any, activation: Activation) -> Any:
    """Return the activation of a traced or symbolic tensor."""
    function = _OF_TENSORS.get(activation.name, getattr(ops, activation.name, None))
    if function is None:
        layer = f"layers.Activation({activation.name!r})"
        raise UntraceableError(f"{activation.name} has no function of tensors. Take the layer {layer}.")
    return function(x, *activation.parameters)


def _apply(x: Any, activation: Activation) -> Any:
    if is_traced(x) or has_symbolic([x]):
        return _of_tensor(x, activation)
    array = as_real(x, f"the argument of {activation.name}")
    dtype = "float64" if array.dtype == np.float64 else "float32"
    rows = array.reshape(-1, array.shape[-1]) if array.ndim else array.reshape(1, 1)
    device = get_ops()
    y, _ = device.activation_forward(device.gather(rows, slice(None), dtype), activation)
    return np.array(device.to_host(y), copy=True).reshape(array.shape)
