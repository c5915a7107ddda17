"""One step of a simple RNN and its gradient, as in :meth:`..contract.Ops.rnn_forward`."""

from __future__ import annotations

from typing import Any, NamedTuple

import numpy as np
import numpy.typing as npt

from ...contract import RNNNoise, RNNWeights
from ...specs import RNNSpec
from ..functions.activations import slope, value
from ..lstm.terms import product, product_gradient

Array = npt.NDArray[Any]


class Step(NamedTuple):
    """What :func:`backward` needs of :func:`forward`."""

    x: Array  #: (N, D)
    h: Array  #: (N, H)
    noise: RNNNoise
    z: Array  #: (N, H), the argument of the activation


def forward(x: Array, h: Array, weights: RNNWeights, noise: RNNNoise, spec: RNNSpec) -> tuple[Array, Step]:
    """Return the next h, and what the gradient needs."""
    W, U, b = weights
    z = product(x, W, noise.inputs) + product(h, U, noise.recurrent)
    z = z if b is None else z + b
    return value(spec.activation, z), Step(x, h, noise, z)


def backward(step: Step, dh: Array, weights: RNNWeights, spec: RNNSpec) -> tuple[Array, Array, RNNWeights]:
    """Return ``dx``, ``dh`` of the previous step and the gradients of the weights."""
    W, U, b = weights
    x, h, noise, z = step
    dz = dh * slope(spec.activation, z)
    dx, dW = product_gradient(dz, x, W, noise.inputs)
    dh, dU = product_gradient(dz, h, U, noise.recurrent)
    return dx, dh, RNNWeights(dW, dU, None if b is None else np.sum(dz, axis=0))
