"""The terms of an LSTM's equations that more than one of them has, each with its gradient."""

from __future__ import annotations

from typing import Any

import numpy as np
import numpy.typing as npt

from .activations import slope, value

Array = npt.NDArray[Any]


def product(x: Array, W: Array, factors: Array | None) -> Array:
    """``x W`` (N, 4H), where each gate's block of columns sees x through its own of the four ``factors``."""
    if factors is None:
        return x @ W
    return np.concatenate([(x * factor) @ W_k for factor, W_k in zip(factors, blocks(W), strict=True)], axis=-1)


def product_gradient(dy: Array, x: Array, W: Array, factors: Array | None) -> tuple[Array, Array]:
    """``dx = dy W^T`` and ``dW = x^T dy``, each gate's through its factor."""
    if factors is None:
        return dy @ W.T, x.T @ dy
    gates = list(zip(factors, blocks(W), blocks(dy), strict=True))
    dx = sum(factor * (dy_k @ W_k.T) for factor, W_k, dy_k in gates)
    dW = np.concatenate([(x * factor).T @ dy_k for factor, _, dy_k in gates], axis=-1)
    return dx, dW


def blocks(z: Array) -> list[Array]:
    """The blocks of i, f, g and o."""
    return np.split(z, 4, axis=-1)


def norm(v: Array, epsilon: float) -> Array:
    """Each row with mean 0 and variance 1, or a little less (Ba, Kiros & Hinton 2016, equation 4)."""
    return (v - np.mean(v, axis=-1, keepdims=True)) / np.sqrt(np.var(v, axis=-1, keepdims=True) + epsilon)


def norm_gradient(dn: Array, v: Array, epsilon: float) -> Array:
    """``dv`` for ``n = norm(v)``: mean and variance take their share of ``dn`` away."""
    n, deviation = norm(v, epsilon), np.sqrt(np.var(v, axis=-1, keepdims=True) + epsilon)
    return (dn - np.mean(dn, axis=-1, keepdims=True) - n * np.mean(dn * n, axis=-1, keepdims=True)) / deviation


def gate(activation: Any, z: Array, clip: float | None) -> Array:
    """``activation(min(max(z, -clip), clip))``; None is no bound."""
    return value(activation, z if clip is None else np.clip(z, -clip, clip))


def gate_slope(activation: Any, z: Array, clip: float | None) -> Array:
    """The slope of :func:`gate` in z: 0 where the magnitude of z is ``clip`` or more."""
    return slope(activation, z) if clip is None else slope(activation, np.clip(z, -clip, clip)) * (np.abs(z) < clip)


def zoneout(new: Array, old: Array, kept: Array | None, rate: float) -> Array:
    """``old`` where ``kept``, else ``new``; without masks what that is in the mean, when ``rate`` of them are kept."""
    if kept is not None:
        return np.where(kept, old, new)
    return rate * old + (1 - rate) * new if rate else new


def zoneout_gradient(d: Array, kept: Array | None) -> tuple[Array, Array]:
    """``dnew`` and ``dold``, in training."""
    return (d, np.zeros_like(d)) if kept is None else (np.where(kept, 0, d), np.where(kept, d, 0))
