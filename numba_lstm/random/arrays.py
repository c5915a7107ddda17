"""Distributions of random arrays, float64, by keys; of further ones than :mod:`numba_lstm.philox` has."""

from __future__ import annotations

from typing import Any

import numpy as np
import numpy.typing as npt

from ..kernels.specs import Key
from ..philox import branch, normal, uniform

Array = npt.NDArray[np.float64]

#: Trials up to which a binomial number is counted, trial by trial.
_COUNTED = 24


def gamma(key: Key, alpha: Array) -> Array:
    """Draw gamma numbers of the shapes ``alpha`` > 0 and of scale 1 (Marsaglia and Tsang 2000)."""
    below = alpha < 1
    d = np.where(below, alpha + 1, alpha) - 1 / 3
    c, found, missing = 1 / np.sqrt(9 * d), np.empty(alpha.shape), np.ones(alpha.shape, bool)
    for attempt in range(1000):
        x, u = normal(branch(key, 2 * attempt), alpha.shape), uniform(branch(key, 2 * attempt + 1), alpha.shape)
        v = np.maximum(1 + c * x, 0) ** 3
        with np.errstate(divide="ignore"):
            accepted = missing & (v > 0) & (np.log1p(-u) < 0.5 * x * x + d * (1 - v + np.log(v)))
        found[accepted] = (d * v)[accepted]
        missing &= ~accepted
        if not missing.any():
            break
    boost = 1 - uniform(branch(key, 2**20), alpha.shape)
    return np.where(below, found * boost ** (1 / np.where(below, alpha, 1.0)), found)


def beta(key: Key, a: Array, b: Array) -> Array:
    """Draw beta numbers of the parameters ``a`` and ``b``, as a quotient of gamma numbers."""
    x, y = gamma(branch(key, 0), a), gamma(branch(key, 1), b)
    return x / (x + y)


def binomial(key: Key, counts: npt.NDArray[np.int64], probabilities: Array) -> npt.NDArray[np.int64]:
    """Draw the number of successes of ``counts`` trials.

    While there are many trials, the middle one of as many sorted uniform numbers, which has a beta distribution, tells which
    half of them is decided (Relles 1972). The others are counted.
    """
    n, p = counts.copy(), probabilities.astype(np.float64)
    found, halving = np.zeros(n.shape, np.int64), 0
    while (many := n > _COUNTED).any():
        place = 1 + n // 2
        sides = (np.where(many, side, 1).astype(np.float64) for side in (place, n + 1 - place))
        middle = beta(branch(key, halving), *sides)
        inside = middle <= p
        found += np.where(many & inside, place, 0)
        with np.errstate(divide="ignore", invalid="ignore"):
            p = np.where(many, np.where(inside, (p - middle) / (1 - middle), p / middle), p)
        n = np.where(many, np.where(inside, n - place, place - 1), n)
        halving += 1
    trials = uniform(branch(key, 2**20), (*n.shape, _COUNTED)) < p[..., None]
    return found + np.sum(trials & (np.arange(_COUNTED) < n[..., None]), axis=-1)  # type: ignore[no-any-return]


def categorical(key: Key, logits: Array, count: int) -> npt.NDArray[np.int64]:
    """Draw ``count`` classes for each row of ``logits`` (N, C), (N, count), by the inverse of the distribution function."""
    shifted = np.exp(logits - logits.max(axis=-1, keepdims=True))
    bounds = np.cumsum(shifted, axis=-1)
    u = uniform(key, (len(logits), count)) * bounds[:, -1:]
    found = np.sum(bounds[:, None, :] <= u[..., None], axis=-1)
    return np.minimum(found, logits.shape[-1] - 1)  # type: ignore[no-any-return]


def as_array(value: Any, name: str, shape: tuple[int, ...], dtype: Any = np.float64) -> Any:
    """Return a parameter of a distribution in the shape of a draw."""
    array = np.asarray(value, dtype)
    try:
        return np.broadcast_to(array, shape)
    except ValueError:
        raise ValueError(f"{name} of shape {array.shape} does not fit draws of shape {shape}. Give a number.") from None
