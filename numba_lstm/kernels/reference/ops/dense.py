"""The dense layer and activations."""

from __future__ import annotations

from typing import Any, NamedTuple

import numpy as np
import numpy.typing as npt

from ..functions.activations import gradient, saved_of, value

Array = npt.NDArray[Any]


class DenseTape(NamedTuple):
    """What :func:`dense_backward` needs. ``saved`` is the value or the argument of the activation."""

    x: Array
    kernel: Array
    has_bias: bool
    activation: Any
    saved: Array


class ActivationTape(NamedTuple):
    """What :func:`activation_backward` needs."""

    activation: Any
    saved: Array


def dense_forward(
    x: Array, kernel: Any, bias: Any, activation: Any, *, training: bool = False
) -> tuple[Array, DenseTape | None]:
    """The product is NumPy's, whose order of summation differs from the contract."""
    W, b = kernel.value, 0 if bias is None else bias.value
    z = x @ W + b
    y = value(activation, z)
    return y, DenseTape(x, W, bias is not None, activation, saved_of(activation, z, y)) if training else None


def dense_backward(tape: DenseTape, dy: Array, *, need_dx: bool) -> tuple[Array | None, Array, Array | None]:
    """All leading axes are rows."""
    dz = gradient(tape.activation, tape.saved, dy)
    rows, drows = tape.x.reshape(-1, tape.x.shape[-1]), dz.reshape(-1, dz.shape[-1])
    dx = dz @ tape.kernel.T if need_dx else None
    dW = rows.T @ drows
    db = np.sum(drows, axis=0) if tape.has_bias else None
    return dx, dW, db


def activation_forward(x: Array, activation: Any, *, training: bool = False) -> tuple[Array, ActivationTape | None]:
    """The equations are in :mod:`.activations`."""
    y = value(activation, x)
    return y, ActivationTape(activation, saved_of(activation, x, y)) if training else None


def activation_backward(tape: ActivationTape, dy: Array) -> Array:
    """The equations are in :mod:`.activations`."""
    return gradient(tape.activation, tape.saved, dy)
