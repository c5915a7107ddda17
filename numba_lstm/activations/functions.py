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
from ..ops.tensor import is_traced
from .element_formulas import element_formula

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


def gelu(x: npt.ArrayLike, approximate: bool = False) -> Any:
    """Gaussian error linear unit: ``x * P(X <= x)`` for a standard normal X (Hendrycks and Gimpel 2016).

    With ``approximate`` the probability is ``(1 + tanh(sqrt(2 / pi) * (x + 0.044715 * x**3))) / 2``.
    """
    return _apply(x, element_formula("gelu", (float(approximate),)))


def celu(x: npt.ArrayLike, alpha: float = 1.0) -> Any:
    """Continuously differentiable :func:`elu`: ``x`` where positive, else ``alpha * (exp(x / alpha) - 1)`` (Barron 2017)."""
    return _apply(x, element_formula("celu", (float(alpha),)))


def hard_shrink(x: npt.ArrayLike, threshold: float = 0.5) -> Any:
    """``x`` where ``abs(x) > threshold``, else 0."""
    return _apply(x, element_formula("hard_shrink", (float(threshold),)))


def soft_shrink(x: npt.ArrayLike, threshold: float = 0.5) -> Any:
    """``x``, closer to 0 by ``threshold``."""
    return _apply(x, element_formula("soft_shrink", (float(threshold),)))


def tanh_shrink(x: npt.ArrayLike) -> Any:
    """``x - tanh(x)``."""
    return _apply(x, element_formula("tanh_shrink", ()))


def hard_silu(x: npt.ArrayLike) -> Any:
    """``x * hard_sigmoid(x)``, also called hard_swish."""
    return _apply(x, element_formula("hard_silu", ()))


def hard_tanh(x: npt.ArrayLike) -> Any:
    """``x``, bounded by -1 and 1."""
    return _apply(x, element_formula("hard_tanh", ()))


def log_sigmoid(x: npt.ArrayLike) -> Any:
    """Logarithm of the sigmoid, ``-log(1 + exp(-x))``."""
    return _apply(x, element_formula("log_sigmoid", ()))


def mish(x: npt.ArrayLike) -> Any:
    """``x * tanh(softplus(x))`` (Misra 2019)."""
    return _apply(x, element_formula("mish", ()))


def relu6(x: npt.ArrayLike) -> Any:
    """``x``, bounded by 0 and 6."""
    return _apply(x, element_formula("relu6", ()))


def sparse_plus(x: npt.ArrayLike) -> Any:
    """``(x + 1)**2 / 4`` from -1 to 1, 0 below and ``x`` above."""
    return _apply(x, element_formula("sparse_plus", ()))


def sparse_sigmoid(x: npt.ArrayLike) -> Any:
    """``(x + 1) / 2``, bounded by 0 and 1."""
    return _apply(x, element_formula("sparse_sigmoid", ()))


def squareplus(x: npt.ArrayLike, b: float = 4) -> Any:
    """``(x + sqrt(x**2 + b)) / 2``."""
    return _apply(x, element_formula("squareplus", (float(b),)))


def threshold(x: npt.ArrayLike, threshold: float, default_value: float) -> Any:
    """``x`` where it is above ``threshold``, else ``default_value``."""
    return _apply(x, element_formula("threshold", (float(threshold), float(default_value))))


def log_softmax(x: npt.ArrayLike, axis: int = -1) -> Any:
    """Logarithm of the softmax over an axis."""
    return ops.log_softmax(_of_rows(x, "log_softmax"), axis)


def sparsemax(x: npt.ArrayLike, axis: int = -1) -> Any:
    """Nearest probabilities to an axis of x, some of which are 0 (Martins and Astudillo 2016)."""
    return ops.sparsemax(_of_rows(x, "sparsemax"), axis)


def glu(x: npt.ArrayLike, axis: int = -1) -> Any:
    """First half of an axis times the sigmoid of the second half (Dauphin et al. 2017)."""
    return ops.glu(_of_rows(x, "glu"), axis)


def softmax(x: npt.ArrayLike) -> Any:
    """Softmax over the last axis, ``exp(x) / sum(exp(x))``."""
    return _apply(x, Activation("softmax"))


swish = silu
hard_swish = hard_silu

#: The functions by name.
FUNCTIONS: dict[str, Callable[..., Values]] = {
    function.__name__: function
    for function in (
        *(linear, tanh, sigmoid, hard_sigmoid, relu, leaky_relu, elu, selu),
        *(softplus, softsign, exponential, silu, gelu, softmax),
    )
}
#: The functions of elements that kernels compute by their formulas.
FORMULA_FUNCTIONS: dict[str, Callable[..., Values]] = {
    function.__name__: function
    for function in (
        *(celu, hard_shrink, hard_silu, hard_tanh, log_sigmoid, mish, relu6, soft_shrink),
        *(sparse_plus, sparse_sigmoid, squareplus, tanh_shrink, threshold),
    )
}
#: The functions of an axis, which no layer takes as its activation but Lambda.
ROW_FUNCTIONS: dict[str, Callable[..., Values]] = {"glu": glu, "log_softmax": log_softmax, "sparsemax": sparsemax}
#: Other names -> the names of the same functions.
ALIASES = {"swish": "silu", "hard_swish": "hard_silu"}
#: All names of this package's activations.
NAMES = (*FUNCTIONS, *FORMULA_FUNCTIONS, *ROW_FUNCTIONS, *ALIASES)
#: Names of the parameters of the functions that have some.
PARAMETERS = {
    "leaky_relu": ("negative_slope",),
    "elu": ("alpha",),
    "celu": ("alpha",),
    "gelu": ("approximate",),
    "hard_shrink": ("threshold",),
    "soft_shrink": ("threshold",),
    "squareplus": ("b",),
    "threshold": ("threshold", "default_value"),
}


#: Names of activations -> their functions of tensors, where their names differ.
_OF_TENSORS: dict[str, Callable[..., Any]] = {
    "linear": lambda x: x,
    "exponential": ops.exp,
    "mish": lambda x: ops.multiply(x, ops.tanh(ops.softplus(x))),
}


def _of_tensor(x: Any, activation: Activation) -> Any:
    """Return the activation of a traced or symbolic tensor."""
    if activation.name == "gelu":
        return ops.gelu(x, approximate=activation.function is not None)
    function: Callable[..., Any] = _OF_TENSORS.get(activation.name) or getattr(ops, activation.name)
    return function(x, *activation.parameters)


def _of_rows(x: Any, name: str) -> Any:
    """Return a tensor, or an array of floating numbers."""
    if is_traced(x) or has_symbolic([x]):
        return x
    array = as_real(x, f"the argument of {name}")
    return array if array.dtype == np.float64 else array.astype(np.float32)


def _apply(x: Any, activation: Activation) -> Any:
    if is_traced(x) or has_symbolic([x]):
        return _of_tensor(x, activation)
    array = as_real(x, f"the argument of {activation.name}")
    dtype = "float64" if array.dtype == np.float64 else "float32"
    rows = array.reshape(-1, array.shape[-1]) if array.ndim else array.reshape(1, 1)
    device = get_ops()
    y, _ = device.activation_forward(device.gather(rows, slice(None), dtype), activation)
    return np.array(device.to_host(y), copy=True).reshape(array.shape)
