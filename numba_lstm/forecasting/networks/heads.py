"""Heads of the network: what its outputs mean, which loss trains them, and the quantiles that they give."""

from __future__ import annotations

import math
from collections.abc import Sequence
from statistics import NormalDist
from typing import Any

import numpy as np
import numpy.typing as npt

from ...layers import Concatenate, Dense
from ...losses import GaussianNLL, Loss, Quantile, StudentTNLL
from ...losses import get as get_loss

Values = npt.NDArray[Any]


class Head:
    """Base class of heads. Outputs are (..., outputs), in scaled units."""

    loss: Loss  #: of training
    gives_quantiles = True  #: whether :meth:`quantiles` and :meth:`sample` are defined
    point_is_mean = True  #: whether point forecasts of paths are their means, else their medians

    def connect(self, x: Any) -> Any:
        """Return the outputs of the network, a symbolic tensor, from its last layer."""
        raise NotImplementedError

    def point(self, outputs: Values) -> Values:
        """Return the point forecasts (...)."""
        raise NotImplementedError

    def spread(self, outputs: Values) -> Values:
        """Return the uncertainty of each forecast (...), above 0, by which conformal intervals are scaled."""
        return np.ones(outputs.shape[:-1])

    def quantiles(self, outputs: Values, quantiles: Sequence[float]) -> Values:
        """Return the quantiles (..., len(quantiles)), ascending if ``quantiles`` are."""
        raise NotImplementedError

    def sample(self, outputs: Values, generator: np.random.Generator) -> Values:
        """Draw a value of each distribution, (...)."""
        raise NotImplementedError


class PointHead(Head):
    """One number for each step."""

    gives_quantiles = False

    def __init__(self, loss: Any) -> None:
        self.loss = get_loss(loss)

    def connect(self, x: Any) -> Any:
        return Dense(1)(x)

    def point(self, outputs: Values) -> Values:
        return outputs[..., 0]


class QuantileHead(Head):
    """Quantiles that cannot cross: the middle one, and positive distances from each to the next."""

    point_is_mean = False

    def __init__(self, quantiles: Sequence[float]) -> None:
        self.levels = tuple(quantiles)
        self.loss = Quantile(self.levels)
        self.middle = min(range(len(self.levels)), key=lambda k: abs(self.levels[k] - 0.5))

    def connect(self, x: Any) -> Any:
        count = len(self.levels)
        if count == 1:
            return Dense(1)(x)
        sums = Dense(count, use_bias=False, trainable=False, name="sums_of_distances")
        outputs = sums(Concatenate()([Dense(1)(x), Dense(count - 1, activation="softplus")(x)]))
        sums.set_weights([self._signs()])
        return outputs

    def _signs(self) -> Values:
        """Return the matrix (1 + distances, quantiles) that adds distances above the middle and subtracts those below."""
        signs = np.zeros((len(self.levels), len(self.levels)))
        signs[0] = 1
        for distance in range(len(self.levels) - 1):
            if distance < self.middle:
                signs[1 + distance, : distance + 1] = -1
            else:
                signs[1 + distance, distance + 1 :] = 1
        return signs

    def point(self, outputs: Values) -> Values:
        """Return the quantile nearest to the median."""
        return outputs[..., self.middle]

    def spread(self, outputs: Values) -> Values:
        """Return the distance of the outermost quantiles."""
        spread: Values = np.maximum(outputs[..., -1] - outputs[..., 0], 1e-6)
        return spread

    def quantiles(self, outputs: Values, quantiles: Sequence[float]) -> Values:
        missing = [level for level in quantiles if level not in self.levels]
        if missing:
            raise ValueError(f"the forecaster learned the quantiles {self.levels}, not {missing[0]}. Fit it with that one too.")
        ascending = np.maximum.accumulate(outputs, axis=-1)
        found: Values = ascending[..., [self.levels.index(level) for level in quantiles]]
        return found

    def sample(self, outputs: Values, generator: np.random.Generator) -> Values:
        """Draw from the distribution that is linear between quantiles; beyond them it continues the outermost lines."""
        if len(self.levels) == 1:
            return outputs[..., 0]
        u = generator.random(outputs.shape[:-1])
        levels = np.asarray(self.levels)
        k = np.clip(np.searchsorted(levels, u) - 1, 0, len(levels) - 2)
        lower = np.take_along_axis(outputs, k[..., None], axis=-1)[..., 0]
        upper = np.take_along_axis(outputs, k[..., None] + 1, axis=-1)[..., 0]
        found: Values = lower + (upper - lower) * (u - levels[k]) / (levels[k + 1] - levels[k])
        return found


class DistributionHead(Head):
    """Mean and the logarithm of a scale, for a distribution that is symmetric."""

    factor: float  #: of the second output, for the logarithm of the scale

    def connect(self, x: Any) -> Any:
        return Dense(2)(x)

    def point(self, outputs: Values) -> Values:
        return outputs[..., 0]

    def spread(self, outputs: Values) -> Values:
        spread: Values = np.exp(self.factor * outputs[..., 1].astype(np.float64))
        return spread

    def standard_quantile(self, level: float) -> float:
        """Return a quantile of the distribution with mean 0 and scale 1."""
        raise NotImplementedError

    def quantiles(self, outputs: Values, quantiles: Sequence[float]) -> Values:
        standard = np.array([self.standard_quantile(level) for level in quantiles])
        found: Values = self.point(outputs)[..., None] + self.spread(outputs)[..., None] * standard
        return found


class GaussianHead(DistributionHead):
    """A normal distribution, from its mean and the logarithm of its variance."""

    factor = 0.5

    def __init__(self) -> None:
        self.loss = GaussianNLL()

    def standard_quantile(self, level: float) -> float:
        return NormalDist().inv_cdf(level)

    def sample(self, outputs: Values, generator: np.random.Generator) -> Values:
        return self.point(outputs) + self.spread(outputs) * generator.standard_normal(outputs.shape[:-1])


class StudentTHead(DistributionHead):
    """Student's t distribution of ``df`` degrees of freedom, from its mean and the logarithm of its scale."""

    factor = 1.0
    point_is_mean = False

    def __init__(self, df: float) -> None:
        self.df, self.loss = df, StudentTNLL(df)

    def standard_quantile(self, level: float) -> float:
        return student_t_quantile(level, self.df)

    def sample(self, outputs: Values, generator: np.random.Generator) -> Values:
        return self.point(outputs) + self.spread(outputs) * generator.standard_t(self.df, outputs.shape[:-1])


def student_t_quantile(level: float, df: float) -> float:
    """Return a quantile of Student's t distribution, for ``df`` above 1.

    With ``t = sqrt(df) tan(a)`` the density in a is proportional to ``cos(a)^(df - 1)``. It is integrated by Gauss and Legendre
    with 64 nodes, and a is found by bisection.
    """
    nodes, weights = np.polynomial.legendre.leggauss(64)
    constant = math.exp(math.lgamma((df + 1) / 2) - math.lgamma(df / 2)) / math.sqrt(math.pi)
    low, high, wanted = 0.0, math.pi / 2, abs(level - 0.5)
    for _ in range(60):
        angle = (low + high) / 2
        share = constant * angle / 2 * float(weights @ np.cos(angle / 2 * (nodes + 1)) ** (df - 1))
        low, high = (angle, high) if share < wanted else (low, angle)
    return math.copysign(math.sqrt(df) * math.tan(low), level - 0.5)


def make_head(loss: Any, quantiles: Sequence[float] | None, distribution: str | None, df: float) -> Head:
    """Return the head of a forecaster's arguments."""
    if quantiles is not None:
        return QuantileHead(quantiles)
    if distribution == "gaussian":
        return GaussianHead()
    if distribution == "student_t":
        return StudentTHead(df)
    return PointHead(loss)
