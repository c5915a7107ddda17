"""Convert activations: names and parameters in ONNX to specs of this package, and back."""

from __future__ import annotations

import math
from functools import cache
from typing import NamedTuple

import numpy as np

from ....kernels.specs import ACTIVATIONS, Activation
from ....objects.serialization import nearest

_SIXTH = 1 / 6  # the slope of hard_sigmoid in Keras and here


class _Function(NamedTuple):
    """Defaults of the parameters of a function; None for a parameter that it does not take."""

    alpha: float | None = None
    beta: float | None = None


#: By lower-case name, as ONNX Runtime compares them; the functions of the LSTM operator (onnx, Operators.md).
_FUNCTIONS = {
    "relu": _Function(),
    "tanh": _Function(),
    "sigmoid": _Function(),
    "softsign": _Function(),
    "softplus": _Function(),
    "leakyrelu": _Function(0.01),
    "elu": _Function(1.0),
    "thresholdedrelu": _Function(1.0),
    "affine": _Function(1.0, 0.0),
    "scaledtanh": _Function(1.0, 1.0),
    "hardsigmoid": _Function(0.2, 0.5),
}
_UNCHANGED = ("relu", "tanh", "sigmoid", "softsign", "softplus")


def parse(names: list[str], alphas: list[float], betas: list[float]) -> list[Activation]:
    """Convert the ``activations`` of an LSTM to specs; each takes its alpha and beta from the front of the lists.

    Raises
    ------
    ValueError
        For an unknown name, and for more parameters than the functions take.
    """
    alphas, betas = alphas[:], betas[:]
    specs = []
    for name in names:
        function = _FUNCTIONS.get(name.lower())
        if function is None:
            raise ValueError(f"unknown activation {name!r:.40} of an LSTM{nearest(name, _FUNCTIONS)}")
        alpha = alphas.pop(0) if alphas and function.alpha is not None else function.alpha
        beta = betas.pop(0) if betas and function.beta is not None else function.beta
        specs.append(spec(name.lower(), alpha, beta))
    if alphas or betas:
        raise ValueError(f"activation_alpha and activation_beta have {len(alphas)} and {len(betas)} values too many.")
    return specs


@cache
def spec(name: str, alpha: float | None = None, beta: float | None = None) -> Activation:
    """Return the spec of a function by its lower-case name; the same object for the same parameters, so kernels are reused.

    Raises
    ------
    ValueError
        For NaN and infinity as parameters.
    """
    if not all(parameter is None or math.isfinite(parameter) for parameter in (alpha, beta)):
        raise ValueError(f"the parameters of {name} must be finite, got alpha={alpha} and beta={beta}.")
    if name in _UNCHANGED:
        return Activation(name)
    assert alpha is not None
    if name == "leakyrelu" and alpha >= 0:
        return Activation("leaky_relu", (alpha,))
    if name == "elu" and alpha >= 0:
        return Activation("elu", (alpha,))
    match name:
        case "leakyrelu":
            return Activation(f"leakyrelu_{alpha}", function=lambda x: np.where(x > 0, x, alpha * x))
        case "elu":
            return Activation(f"elu_{alpha}", function=lambda x: np.where(x > 0, x, alpha * np.expm1(np.minimum(x, 0.0))))
        case "thresholdedrelu":
            return Activation(f"thresholdedrelu_{alpha}", function=lambda x: np.where(x > alpha, x, 0.0))
    assert beta is not None
    if (name, alpha, beta) == ("affine", 1.0, 0.0):
        return Activation("linear")
    if (name, beta) == ("hardsigmoid", 0.5) and abs(alpha - _SIXTH) < 1e-7:
        return Activation("hard_sigmoid")
    match name:
        case "affine":
            return Activation(f"affine_{alpha}_{beta}", function=lambda x: alpha * x + beta)
        case "scaledtanh":
            return Activation(f"scaledtanh_{alpha}_{beta}", function=lambda x: alpha * np.tanh(beta * x))
    return Activation(f"hardsigmoid_{alpha}_{beta}", function=lambda x: np.maximum(np.minimum(alpha * x + beta, 1.0), 0.0))


def onnx_name(activation: Activation, where: str) -> tuple[str, list[float], list[float]]:
    """Return ONNX's name of an LSTM's activation, its alphas and its betas.

    Raises
    ------
    ValueError
        For one that ONNX's LSTM does not have; ``where`` names its owner.
    """
    defaults = ACTIVATIONS.get(activation.name, ("", ()))[1]
    parameters = list(activation.parameters or defaults)
    names = {"relu": "Relu", "tanh": "Tanh", "sigmoid": "Sigmoid", "softsign": "Softsign", "softplus": "Softplus"}
    if activation.function is None and activation.name in names:
        return names[activation.name], [], []
    match activation.name if activation.function is None else None:
        case "leaky_relu":
            return "LeakyRelu", parameters, []
        case "elu":
            return "Elu", parameters, []
        case "linear":
            return "Affine", [1.0], [0.0]
        case "hard_sigmoid":
            return "HardSigmoid", [_SIXTH], [0.5]
    raise ValueError(
        f"{where}={activation.name!r}, which ONNX's LSTM has not. Its own are Relu, Tanh, Sigmoid and some others."
    )
