"""One step of a GRU and its gradient, with one line for each equation of :meth:`..contract.Ops.rnn_forward`."""

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
    """What :func:`backward` needs of :func:`forward`: its arguments and intermediate results."""

    x: Array  #: (N, D)
    h: Array  #: (N, H)
    noise: RNNNoise
    arguments: tuple[Array, ...]  #: of the activations of z, r and g, (N, H) each
    gates: tuple[Array, ...]  #: z, r and g
    u_g: Array  #: (N, H), the share of h in the argument of g, before its product with r if ``reset_after``


def forward(x: Array, h: Array, weights: RNNWeights, noise: RNNNoise, spec: RNNSpec) -> tuple[Array, Step]:
    """Return the next h, and what the gradient needs."""
    W, U, b = weights
    s, a = spec.recurrent_activation, spec.activation
    (U_zr, U_g), (masks_zr, masks_g) = split(U), split_masks(noise.recurrent)

    x_zr, x_g = split(product(x, W, noise.inputs))
    u_zr = product(h, U_zr, masks_zr)
    c_g: Any = 0
    if b is not None:
        (b_zr, b_g), (c_zr, c_g) = split(b[0] if spec.reset_after else b), split(b[1] if spec.reset_after else 0 * b)
        x_zr, x_g, u_zr = x_zr + b_zr, x_g + b_g, u_zr + c_zr
    z_z, z_r = np.split(x_zr + u_zr, 2, axis=-1)
    z, r = value(s, z_z), value(s, z_r)
    u_g = product(h, U_g, masks_g) + c_g if spec.reset_after else product(r * h, U_g, masks_g)
    z_g = x_g + r * u_g if spec.reset_after else x_g + u_g
    g = value(a, z_g)
    return z * h + (1 - z) * g, Step(x, h, noise, (z_z, z_r, z_g), (z, r, g), u_g)


def backward(step: Step, dh: Array, weights: RNNWeights, spec: RNNSpec) -> tuple[Array, Array, RNNWeights]:
    """Return ``dx``, ``dh`` of the previous step and the gradients of the weights: :func:`forward` in reverse."""
    W, U, b = weights
    s, a = spec.recurrent_activation, spec.activation
    (U_zr, U_g), (masks_zr, masks_g) = split(U), split_masks(step.noise.recurrent)
    x, h, noise, (z_z, z_r, z_g), (z, r, g), u_g = step

    dz_z = dh * (h - g) * slope(s, z_z)
    dz_g = dh * (1 - z) * slope(a, z_g)
    dh_old = dh * z
    du_g = dz_g * r if spec.reset_after else dz_g
    dh_g, dU_g = product_gradient(du_g, h if spec.reset_after else r * h, U_g, masks_g)
    dr = dz_g * u_g if spec.reset_after else dh_g * h
    dh_old = dh_old + (dh_g if spec.reset_after else dh_g * r)
    dz_zr = np.concatenate([dz_z, dr * slope(s, z_r)], axis=-1)
    dh_zr, dU_zr = product_gradient(dz_zr, h, U_zr, masks_zr)
    dz = np.concatenate([dz_zr, dz_g], axis=-1)
    dx, dW = product_gradient(dz, x, W, noise.inputs)

    db = None
    if b is not None:
        db = np.sum(dz, axis=0)
        db = np.stack([db, np.sum(np.concatenate([dz_zr, du_g], axis=-1), axis=0)]) if spec.reset_after else db
    return dx, dh_old + dh_zr, RNNWeights(dW, np.concatenate([dU_zr, dU_g], axis=-1), db)


def split(z: Array) -> tuple[Array, Array]:
    """Return the columns of z and r, and those of g."""
    H = z.shape[-1] // 3
    return z[..., : 2 * H], z[..., 2 * H :]


def split_masks(masks: Array | None) -> tuple[Array | None, Array | None]:
    """Return the dropout masks of z and r, and that of g."""
    return (None, None) if masks is None else (masks[:2], masks[2:])
