"""Losses that are means over outputs: functions ``(z, q, settings) -> (term, slope)`` of an output and its target."""

from __future__ import annotations

import math
from functools import cache
from typing import Any

import numpy as np
import numpy.typing as npt

from ....specs import LossSpec
from ...compiler.jit import inlined, kernel
from ...gemm.layout import NUMBA
from .numbers import at_least, clip, log1p_exp_minus, sigmoid

ELEMENTWISE = (
    "mean_squared_error",
    "mean_absolute_error",
    "mean_absolute_percentage_error",
    "mean_squared_logarithmic_error",
    "huber",
    "log_cosh",
    "poisson",
    "hinge",
    "squared_hinge",
    "binary_crossentropy",
    "binary_focal_crossentropy",
    "quantile",
)
SQUARED, ABSOLUTE, PERCENTAGE, LOGARITHMIC, HUBER, LOG_COSH, POISSON, HINGE, SQUARED_HINGE, BINARY, FOCAL, QUANTILE = range(12)
LOG_2 = math.log(2.0)
SMOOTHING, DELTA, LOW, HIGH, ALPHA, GAMMA, BALANCED = range(7)  #: indices of the settings


def settings(spec: LossSpec, dtype: Any) -> npt.NDArray[np.float64]:
    """Return the settings of a kernel. Bounds are rounded to the outputs' dtype: 1 - 1e-7 is 1 - 1.2e-7 in float32."""
    number = np.dtype(dtype).type
    low, high = number(spec.epsilon), number(1) - number(spec.epsilon)
    balanced = float(spec.apply_class_balancing)
    return np.array([spec.label_smoothing, spec.delta, low, high, spec.alpha, spec.gamma, balanced], np.float64)


@inlined
def percentage(z, q, s):
    """Absolute error in percent of the target."""
    scale = 100.0 / max(abs(q), s[LOW])
    return scale * abs(z - q), scale * np.sign(z - q)


@inlined
def logarithmic(z, q, s):
    """Squared difference of logarithms."""
    bounded = at_least(z, s[LOW])
    e = math.log(bounded + 1.0) - math.log(at_least(q, s[LOW]) + 1.0)
    return e * e, (2.0 * e / (bounded + 1.0) if bounded == z else 0.0 * z)


@inlined
def huber(z, q, s):
    """A parabola up to delta, its tangent beyond."""
    e, delta = z - q, s[DELTA]
    term = e * e / 2.0 if abs(e) <= delta else delta * (abs(e) - delta / 2.0)
    return term, (min(max(e, -delta), delta) if e == e else e)


@inlined
def log_cosh(z, q, s):
    """Logarithm of the hyperbolic cosine."""
    e = abs(z - q)
    return e + log1p_exp_minus(2.0 * e) - LOG_2, math.tanh(z - q)


@inlined
def poisson(z, q, s):
    """Minus the logarithm of a Poisson likelihood, without its constant."""
    return z - q * math.log(z + s[LOW]), 1.0 - q / (z + s[LOW])


@inlined
def hinge(z, q, s):
    """Distance below the margin."""
    margin = 1.0 - q * z
    return at_least(margin, 0.0), (0.0 if margin <= 0.0 else 0.0 * margin - q)


@inlined
def squared_hinge(z, q, s):
    """Squared distance below the margin."""
    margin = at_least(1.0 - q * z, 0.0)
    return margin * margin, -2.0 * margin * q


@inlined
def entropy(z, q, s):
    """Binary cross-entropy of a probability z."""
    p = clip(z, s[LOW], s[HIGH])
    term = -(q * math.log(p) + (1.0 - q) * math.log(1.0 - p))
    return term, ((p - q) / (p * (1.0 - p)) if p == z else 0.0 * z)


@inlined
def binary(z, q, s, from_logits):
    """Binary cross-entropy of a probability or logit z."""
    q = q * (1.0 - s[SMOOTHING]) + s[SMOOTHING] / 2.0
    if from_logits:
        return max(z, 0.0) - z * q + log1p_exp_minus(abs(z)), sigmoid(z) - q
    return entropy(z, q, s)


@inlined
def focal(z, q, s, from_logits):
    """Binary cross-entropy times a power of the probability of the wrong class."""
    q = q * (1.0 - s[SMOOTHING]) + s[SMOOTHING] / 2.0
    p = sigmoid(z) if from_logits else z
    term, slope = entropy(p, q, s)
    rest, gamma = 1.0 - (q * p + (1.0 - q) * (1.0 - p)), s[GAMMA]
    balance = q * s[ALPHA] + (1.0 - q) * (1.0 - s[ALPHA]) if s[BALANCED] != 0.0 else 1.0
    factor = math.pow(rest, gamma)
    slope = balance * (factor * slope - gamma * math.pow(rest, gamma - 1.0) * (2.0 * q - 1.0) * term)
    return balance * factor * term, (slope * p * (1.0 - p) if from_logits else slope)


@inlined
def quantile(z, q, u):
    """Error weighted by the side of the target that z is on."""
    e = q - z
    return max(u * e, (u - 1.0) * e), (-u if e >= 0.0 else 1.0 - u) + 0.0 * e


@inlined
def are_binary(target):
    """Whether each target is 0 or 1."""
    for t in range(target.shape[0]):
        for n in range(target.shape[1]):
            for c in range(target.shape[2]):
                if target[t, n, c] != 0.0 and target[t, n, c] != 1.0:
                    return False
    return True


@cache
def elementwise(code: int, from_logits: bool, dtype: str) -> Any:
    """Return the kernel of a loss that is a mean over C of one term per output."""

    def elementwise_loss(y, target, weight, dy, value, s, quantiles):
        T, N, C = y.shape
        weighted, gradient = weight.size > 0, dy.size > 0
        signs = are_binary(target) if code in (HINGE, SQUARED_HINGE) else False
        total = 0.0
        for t in range(T):
            for n in range(N):
                w = np.float64(weight[t, n]) if weighted else 1.0
                row = 0.0
                for c in range(C):
                    z, q = np.float64(y[t, n, c]), np.float64(target[t, n, 0 if code == QUANTILE else c])
                    q = 2.0 * q - 1.0 if signs else q
                    if code == SQUARED:
                        term, slope = (z - q) * (z - q), 2.0 * (z - q)
                    elif code == ABSOLUTE:
                        term, slope = abs(z - q), np.sign(z - q)
                    elif code == PERCENTAGE:
                        term, slope = percentage(z, q, s)
                    elif code == LOGARITHMIC:
                        term, slope = logarithmic(z, q, s)
                    elif code == HUBER:
                        term, slope = huber(z, q, s)
                    elif code == LOG_COSH:
                        term, slope = log_cosh(z, q, s)
                    elif code == POISSON:
                        term, slope = poisson(z, q, s)
                    elif code == HINGE:
                        term, slope = hinge(z, q, s)
                    elif code == SQUARED_HINGE:
                        term, slope = squared_hinge(z, q, s)
                    elif code == BINARY:
                        term, slope = binary(z, q, s, from_logits)
                    elif code == FOCAL:
                        term, slope = focal(z, q, s, from_logits)
                    else:
                        term, slope = quantile(z, q, quantiles[c])
                    row += term
                    if gradient:
                        dy[t, n, c] = w * slope / (C * T * N)
                total += w * (row / C)
        value[0] = total / (T * N)

    name = f"loss_{ELEMENTWISE[code]}_{int(from_logits)}_{dtype}"
    return kernel(elementwise_loss, name, NUMBA[dtype], "x3 x3 x2 f3 e1 e1 e1")
