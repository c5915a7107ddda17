"""Comparison of two forecasts: whether a difference of their losses is more than chance."""

from __future__ import annotations

from statistics import NormalDist
from typing import Any, NamedTuple

import numpy as np
import numpy.typing as npt


class Comparison(NamedTuple):
    """Difference of two forecasts, from :func:`diebold_mariano`."""

    difference: float  #: mean of the losses of the first less those of the second; negative: the first is better
    statistic: float  #: about standard normal if both are equally good
    p_value: float  #: two-sided


def diebold_mariano(loss: Any, other: Any, horizon: int = 1) -> Comparison:
    """Test whether two forecasts have the same expected loss (Diebold and Mariano 1995).

    The variance of the mean difference counts the autocovariances of ``horizon - 1`` lags, and the statistic is corrected for
    short series (Harvey, Leybourne and Newbold 1997, equation 9). It is compared with the normal distribution.

    Parameters
    ----------
    loss, other : array-like (n,)
        Losses of both forecasts of the same values, in the order of time, such as squared errors.
    horizon : int
        Steps ahead of the forecasts: errors of neighbouring forecasts overlap so far.

    Raises
    ------
    ValueError
        For losses of unequal shape, for fewer than ``2 * horizon`` of them, and for differences without variance.
    """
    difference = _difference(loss, other)
    n = len(difference)
    if horizon < 1 or n < 2 * horizon:
        raise ValueError(f"horizon must be at least 1 and at most half of the {n} losses, got {horizon}.")
    mean = float(difference.mean())
    centred = difference - mean
    covariances = [float(centred[lag:] @ centred[: n - lag]) / n for lag in range(horizon)]
    variance = (covariances[0] + 2 * sum(covariances[1:])) / n
    if variance <= 0:
        raise ValueError("the differences of the losses have no positive variance. Give more losses, or a shorter horizon.")
    correction = (n + 1 - 2 * horizon + horizon * (horizon - 1) / n) / n
    statistic = mean / variance**0.5 * correction**0.5
    return Comparison(mean, statistic, 2 * NormalDist().cdf(-abs(statistic)))


def block_bootstrap(
    loss: Any, other: Any, *, block: int, coverage: float = 0.95, samples: int = 2000, seed: int = 0
) -> tuple[float, float]:
    """Return an interval of the mean difference of two forecasts' losses, by a circular block bootstrap.

    Blocks of neighbouring differences are drawn with replacement (Politis and Romano 1992), so that the dependence within a
    block is that of the series. If the interval contains 0, the losses do not tell which forecast is better.

    Parameters
    ----------
    loss, other : array-like (n,)
        Losses of both forecasts of the same values, in the order of time.
    block : int
        Length of a block, beyond which differences hardly depend on each other.
    coverage : float
        Of the interval between quantiles of the drawn means.
    samples, seed : int
        Number of means that are drawn, and the seed.
    """
    difference = _difference(loss, other)
    n = len(difference)
    if not 1 <= block <= n:
        raise ValueError(f"block must be at least 1 and at most the {n} losses, got {block}.")
    generator = np.random.default_rng(seed)
    blocks = -(-n // block)
    means = np.empty(samples)
    for k in range(samples):
        rows = (generator.integers(0, n, blocks)[:, None] + np.arange(block)).reshape(-1)[:n] % n
        means[k] = difference[rows].mean()
    lower, upper = np.quantile(means, ((1 - coverage) / 2, (1 + coverage) / 2))
    return float(lower), float(upper)


def _difference(loss: Any, other: Any) -> npt.NDArray[np.float64]:
    one, two = np.asarray(loss, np.float64), np.asarray(other, np.float64)
    if one.ndim != 1 or one.shape != two.shape:
        raise ValueError(f"losses must be two arrays of one length, got the shapes {one.shape} and {two.shape}.")
    return one - two
