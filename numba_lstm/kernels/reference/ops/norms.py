"""Layer normalization, over the features of a row, and batch normalization, over the rows of a feature."""

from __future__ import annotations

from typing import Any, NamedTuple

import numpy as np
import numpy.typing as npt

Array = npt.NDArray[Any]

#: The constant that Keras adds to the number of unmasked rows.
MASKED_COUNT_EPSILON = 1e-7


class LayerNormTape(NamedTuple):
    """What :func:`layer_norm_backward` needs: the normalized rows n, their ``1 / sqrt(var + epsilon)``, and the weights."""

    n: Array
    r: Array
    gamma: Any
    beta: Any


class BatchNormTape(NamedTuple):
    """What :func:`batch_norm_backward` needs. m is the weight of each row (None with the moving statistics), s their sum."""

    n: Array
    r: Array
    e: Array
    m: Array | None
    s: float
    gamma: Any
    beta: Any


def affine(n: Array, gamma: Any, beta: Any) -> Array:
    """``gamma * n + beta``."""
    scaled = n if gamma is None else gamma.value * n
    return scaled if beta is None else scaled + beta.value


def sums(n: Array, dy: Array, gamma: Any, beta: Any) -> tuple[Array | None, Array | None]:
    """Return ``dgamma`` and ``dbeta``: sums over all leading axes."""
    rows = tuple(range(dy.ndim - 1))
    dgamma = None if gamma is None else np.sum(dy * n, axis=rows)
    return dgamma, None if beta is None else np.sum(dy, axis=rows)


def layer_norm_forward(
    x: Array, gamma: Any, beta: Any, epsilon: float, *, training: bool = False
) -> tuple[Array, LayerNormTape | None]:
    """Mean and variance by NumPy."""
    r = 1 / np.sqrt(np.var(x, axis=-1, keepdims=True) + epsilon)
    n = (x - np.mean(x, axis=-1, keepdims=True)) * r
    return affine(n, gamma, beta), LayerNormTape(n, r, gamma, beta) if training else None


def layer_norm_backward(tape: LayerNormTape, dy: Array, *, need_dx: bool) -> tuple[Array | None, Array | None, Array | None]:
    """Includes the gradients through ``mean`` and ``var`` of the row."""
    n, r, gamma, beta = tape
    dgamma, dbeta = sums(n, dy, gamma, beta)
    if not need_dx:
        return None, dgamma, dbeta
    g = affine(dy, gamma, None)
    dx = r * (g - np.mean(g, axis=-1, keepdims=True) - n * np.mean(g * n, axis=-1, keepdims=True))
    return dx, dgamma, dbeta


def batch_norm_forward(
    x: Array,
    gamma: Any,
    beta: Any,
    moving_mean: Any,
    moving_variance: Any,
    epsilon: float,
    *,
    momentum: float | None = None,
    mask: Array | None = None,
    training: bool = False,
) -> tuple[Array, BatchNormTape | None]:
    """Masked rows count as zeros of weight zero."""
    mean, variance, m, s, excess = moving_mean.value.copy(), moving_variance.value.copy(), None, 1.0, 0.0
    if momentum is not None:
        m = np.ones((*x.shape[:-1], 1), x.dtype) if mask is None else mask[..., None].astype(x.dtype)
        rows, excess = tuple(range(x.ndim - 1)), 0.0 if mask is None else MASKED_COUNT_EPSILON
        s = float(np.sum(m)) + excess
        mean = np.sum(np.where(m > 0, x, 0), axis=rows) / s
        variance = np.sum(np.where(m > 0, x - mean, 0) ** 2, axis=rows) / s
        for moving, value in ((moving_mean, mean), (moving_variance, variance)):
            moving.writable()[...] = moving.value * momentum + value * (1 - momentum)
            moving.written()
    r = 1 / np.sqrt(variance + epsilon)
    n = (x - mean) * r
    return affine(n, gamma, beta), BatchNormTape(n, r, mean * r * excess / s, m, s, gamma, beta) if training else None


def batch_norm_backward(tape: BatchNormTape, dy: Array, *, need_dx: bool) -> tuple[Array | None, Array | None, Array | None]:
    """Includes the gradients through the statistics of the batch."""
    n, r, e, m, s, gamma, beta = tape
    dgamma, dbeta = sums(n, dy, gamma, beta)
    if not need_dx:
        return None, dgamma, dbeta
    dx = dy
    if m is not None:
        rows = tuple(range(dy.ndim - 1))
        dx = dy - m * ((n - e) * np.sum(dy * n, axis=rows) + np.sum(dy, axis=rows)) / s
    return affine(r * dx, gamma, None), dgamma, dbeta
