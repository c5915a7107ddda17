"""Common terms of the LSTM equations, each with its gradient."""

from __future__ import annotations

from typing import Any

import numpy as np
import numpy.typing as npt

from ..functions.activations import slope, value

Array = npt.NDArray[Any]


def product(x: Array, W: Array, masks: Array | None) -> Array:
    """``x W`` of all gates. With dropout ``masks``, one for each gate, the columns of a gate multiply x by its mask."""
    if masks is None:
        return x @ W
    columns = np.split(W, len(masks), axis=-1)
    return np.concatenate([(x * mask) @ W_k for mask, W_k in zip(masks, columns, strict=True)], axis=-1)


def product_gradient(dy: Array, x: Array, W: Array, masks: Array | None) -> tuple[Array, Array]:
    """``dx = dy W^T`` and ``dW = x^T dy``, each gate with its mask."""
    if masks is None:
        return dy @ W.T, x.T @ dy
    gates = list(zip(masks, np.split(W, len(masks), axis=-1), np.split(dy, len(masks), axis=-1), strict=True))
    dx = sum(mask * (dy_k @ W_k.T) for mask, W_k, dy_k in gates)
    dW = np.concatenate([(x * mask).T @ dy_k for mask, _, dy_k in gates], axis=-1)
    return dx, dW


def blocks(z: Array) -> list[Array]:
    """Split into the blocks of i, f, g and o."""
    return np.split(z, 4, axis=-1)


def norm(v: Array, epsilon: float) -> Array:
    """Normalize each row to mean 0 and variance 1, or a little less (Ba, Kiros & Hinton 2016, equation 4)."""
    return (v - np.mean(v, axis=-1, keepdims=True)) / np.sqrt(np.var(v, axis=-1, keepdims=True) + epsilon)


def norm_gradient(dn: Array, v: Array, epsilon: float) -> Array:
    """``dv`` for ``n = norm(v)``, including the gradients through mean and variance."""
    n, deviation = norm(v, epsilon), np.sqrt(np.var(v, axis=-1, keepdims=True) + epsilon)
    return (dn - np.mean(dn, axis=-1, keepdims=True) - n * np.mean(dn * n, axis=-1, keepdims=True)) / deviation


def gate(activation: Any, z: Array, clip: float | None) -> Array:
    """``activation(min(max(z, -clip), clip))``; None means no bound."""
    return value(activation, z if clip is None else np.clip(z, -clip, clip))


def gate_slope(activation: Any, z: Array, clip: float | None) -> Array:
    """The slope of :func:`gate` in z: 0 where the magnitude of z is ``clip`` or more."""
    return slope(activation, z) if clip is None else slope(activation, np.clip(z, -clip, clip)) * (np.abs(z) < clip)


def zoneout(new: Array, old: Array, mask: Array | None, rate: float) -> Array:
    """``old`` where ``mask``, else ``new``. Without a mask, the expectation for the zoneout ``rate``."""
    if mask is not None:
        return np.where(mask, old, new)
    return rate * old + (1 - rate) * new if rate else new


def zoneout_gradient(d: Array, mask: Array | None) -> tuple[Array, Array]:
    """``dnew`` and ``dold``, in training."""
    return (d, np.zeros_like(d)) if mask is None else (np.where(mask, 0, d), np.where(mask, d, 0))
