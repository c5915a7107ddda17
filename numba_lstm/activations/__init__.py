"""Activations, as ``keras.activations``: functions of arrays, custom functions, and the specs that layers pass to their ops."""

from __future__ import annotations

from typing import TYPE_CHECKING

from ..kernels.specs import Activation
from ..naming.absent import absent
from .custom_functions import custom, is_registered, register
from .functions import (
    NAMES,
    elu,
    exponential,
    gelu,
    hard_sigmoid,
    leaky_relu,
    linear,
    relu,
    selu,
    sigmoid,
    silu,
    softmax,
    softplus,
    softsign,
    swish,
    tanh,
)
from .specs import as_spec, get, serialize

__all__ = [
    "NAMES",
    "Activation",
    "as_spec",
    "custom",
    "elu",
    "exponential",
    "gelu",
    "get",
    "hard_sigmoid",
    "is_registered",
    "leaky_relu",
    "linear",
    "register",
    "relu",
    "selu",
    "serialize",
    "sigmoid",
    "silu",
    "softmax",
    "softplus",
    "softsign",
    "swish",
    "tanh",
]

if not TYPE_CHECKING:
    __getattr__ = absent(__name__)
