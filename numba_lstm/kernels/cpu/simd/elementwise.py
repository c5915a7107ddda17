"""The activations by name and their derivatives, on vectors; :mod:`.custom_activation` has those of users."""

from __future__ import annotations

from ...specs import ACTIVATIONS, Activation
from ..compiler.jit import inlined, overload_by_types
from . import custom_activation
from .arithmetic import absolute, by_dtype, fma, select
from .vector import like
from .vmath import exp, expm1_negative, gelu, maximum, minimum, normal_cdf, normal_pdf, sigmoid, silu, softplus, tanh

SELU_ALPHA = 1.6732632423543772
SELU_SCALE = 1.0507009873554805

#: The codes of activations in kernels. Those of custom activations are far above these.
LINEAR, TANH, SIGMOID, HARD_SIGMOID, RELU, LEAKY_RELU, ELU, SELU, SOFTPLUS, SOFTSIGN, EXPONENTIAL, SILU, GELU = range(13)
CODES = {
    "linear": LINEAR, "tanh": TANH, "sigmoid": SIGMOID, "hard_sigmoid": HARD_SIGMOID, "relu": RELU, "leaky_relu": LEAKY_RELU,
    "elu": ELU, "selu": SELU, "softplus": SOFTPLUS, "softsign": SOFTSIGN, "exponential": EXPONENTIAL, "silu": SILU,
    "gelu": GELU,
}  # fmt: skip


def code(activation: Activation) -> tuple[int, float]:
    """Return ``(code, parameter)`` of an activation."""
    if activation.function is not None:
        return custom_activation.code(activation), 0.0
    parameters = activation.parameters or ACTIVATIONS[activation.name][1]
    return CODES[activation.name], float(parameters[0]) if parameters else 0.0


def label(activation: Activation) -> str:
    """Return an activation as a part of a kernel's name."""
    if activation.function is not None:
        return f"custom_{custom_activation.code(activation):015x}"
    return "_".join([activation.name, *(float(p).hex().replace(".", "p").replace("-", "m") for p in activation.parameters)])


def keeps_z(activation: Activation) -> bool:
    """Whether the tape keeps the argument instead of the value."""
    return activation.keeps == "z"


def activate(code, parameter, z):
    """The activation ``code`` (a literal) of the vector z."""


def slope(code, parameter, kept):
    """The derivative of the activation ``code`` at what the tape keeps of it."""


_VALUES = {
    LINEAR: lambda code, parameter, z: z,
    TANH: lambda code, parameter, z: tanh(z),
    SIGMOID: lambda code, parameter, z: sigmoid(z),
    HARD_SIGMOID: lambda code, parameter, z: minimum(maximum(z + 3.0, like(z, 0.0)), like(z, 6.0)) * (1.0 / 6.0),
    RELU: lambda code, parameter, z: maximum(z, like(z, 0.0)),
    LEAKY_RELU: lambda code, parameter, z: select(z > 0.0, z, z * parameter),
    ELU: lambda code, parameter, z: select(z > 0.0, z, expm1_negative(z) * parameter),
    SELU: lambda code, parameter, z: select(z > 0.0, z * SELU_SCALE, expm1_negative(z) * (SELU_SCALE * SELU_ALPHA)),
    SOFTPLUS: lambda code, parameter, z: softplus(z),
    SOFTSIGN: lambda code, parameter, z: z / (absolute(z) + 1.0),
    EXPONENTIAL: lambda code, parameter, z: exp(z),
    SILU: lambda code, parameter, z: silu(z),
    GELU: lambda code, parameter, z: gelu(z),
}


@inlined
def _silu_slope(z):
    s = sigmoid(z)
    return select(z < by_dtype(z, -87.0, -707.0), 0.0, fma(z * s, 1.0 - s, s))


@inlined
def _gelu_slope(z):
    return select(z < by_dtype(z, -13.0, -36.7), 0.0, fma(z, normal_pdf(z), normal_cdf(z)))


@inlined
def _softsign_slope(y):
    rest = 1.0 - absolute(y)
    return rest * rest


_SLOPES = {
    LINEAR: lambda code, parameter, kept: like(kept, 1.0),
    TANH: lambda code, parameter, kept: fma(-kept, kept, like(kept, 1.0)),
    SIGMOID: lambda code, parameter, kept: fma(-kept, kept, kept),
    HARD_SIGMOID: lambda code, parameter, kept: select(kept > 0.0, select(kept < 1.0, like(kept, 1.0 / 6.0), 0.0), 0.0),
    RELU: lambda code, parameter, kept: select(kept > 0.0, like(kept, 1.0), 0.0),
    LEAKY_RELU: lambda code, parameter, kept: select(kept > 0.0, like(kept, 1.0), parameter),
    ELU: lambda code, parameter, kept: select(kept > 0.0, 1.0, kept + parameter),
    SELU: lambda code, parameter, kept: select(kept > 0.0, SELU_SCALE, kept + SELU_SCALE * SELU_ALPHA),
    SOFTPLUS: lambda code, parameter, kept: sigmoid(kept),
    SOFTSIGN: lambda code, parameter, kept: _softsign_slope(kept),
    EXPONENTIAL: lambda code, parameter, kept: kept,
    SILU: lambda code, parameter, kept: _silu_slope(kept),
    GELU: lambda code, parameter, kept: _gelu_slope(kept),
}


@overload_by_types(activate)
def _activate(code, parameter, z):
    number = code.literal_value
    return custom_activation.value(number) if custom_activation.is_custom(number) else _VALUES[number]


@overload_by_types(slope)
def _slope(code, parameter, kept):
    number = code.literal_value
    return custom_activation.slope(number) if custom_activation.is_custom(number) else _SLOPES[number]
