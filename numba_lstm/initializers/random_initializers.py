"""Initializers that draw random numbers."""

from __future__ import annotations

import math
from typing import Any

import numpy as np

from .. import philox
from ..kernels.specs import Key
from ..objects import serialization
from .base import Initializer, Values


class RandomInitializer(Initializer):
    """Base class of the initializers that draw random numbers, with a ``seed``."""

    def __init__(self, seed: int | None = None) -> None:
        self.seed = None if seed is None else philox.check_seed(seed)

    def key(self) -> Key:
        """Return the key that this call draws from."""
        return philox.next_key() if self.seed is None else Key(self.seed)

    def get_config(self) -> dict[str, Any]:
        return {"seed": self.seed}


class RandomUniform(RandomInitializer):
    """Uniform distribution in [``minval``, ``maxval``)."""

    def __init__(self, minval: float = -0.05, maxval: float = 0.05, seed: int | None = None) -> None:
        super().__init__(seed)
        self.minval, self.maxval = float(minval), float(maxval)

    def draw(self, shape: tuple[int, ...]) -> Values:
        return self.minval + (self.maxval - self.minval) * philox.uniform(self.key(), shape)

    def get_config(self) -> dict[str, Any]:
        return {"minval": self.minval, "maxval": self.maxval, "seed": self.seed}


class RandomNormal(RandomInitializer):
    """Normal distribution with ``mean`` and standard deviation ``stddev``."""

    def __init__(self, mean: float = 0.0, stddev: float = 0.05, seed: int | None = None) -> None:
        super().__init__(seed)
        self.mean, self.stddev = float(mean), float(stddev)

    def draw(self, shape: tuple[int, ...]) -> Values:
        return self.mean + self.stddev * philox.normal(self.key(), shape)

    def get_config(self) -> dict[str, Any]:
        return {"mean": self.mean, "stddev": self.stddev, "seed": self.seed}


class TruncatedNormal(RandomNormal):
    """Normal distribution without values beyond two standard deviations."""

    def draw(self, shape: tuple[int, ...]) -> Values:
        return self.mean + self.stddev * philox.truncated_normal(self.key(), shape)


class VarianceScaling(RandomInitializer):
    """Distribution of variance ``scale / n``, as ``keras.initializers.VarianceScaling``.

    Parameters
    ----------
    scale : float
        Scale of the variance, above 0.
    mode : "fan_in", "fan_out" or "fan_avg"
        n is the number of inputs of the weight, the number of outputs, or their mean.
    distribution : "truncated_normal" (or "normal"), "untruncated_normal" or "uniform"
        Distribution of the values.
    seed : int, optional
        Seed of the values.
    """

    MODES = ("fan_in", "fan_out", "fan_avg")
    DISTRIBUTIONS = ("truncated_normal", "untruncated_normal", "uniform")

    def __init__(
        self, scale: float = 1.0, mode: str = "fan_in", distribution: str = "truncated_normal", seed: int | None = None
    ) -> None:
        super().__init__(seed)
        if not scale > 0:
            raise ValueError(f"the scale of VarianceScaling must be above 0, got {scale!r}.")
        self.scale = float(scale)
        self.mode = serialization.choose(mode, self.MODES, "mode")
        distribution = "truncated_normal" if distribution == "normal" else distribution
        self.distribution = serialization.choose(distribution, self.DISTRIBUTIONS, "distribution")

    def draw(self, shape: tuple[int, ...]) -> Values:
        fan_in, fan_out = fans(shape)
        n = {"fan_in": fan_in, "fan_out": fan_out, "fan_avg": (fan_in + fan_out) / 2}[self.mode]
        deviation = math.sqrt(self.scale / max(1.0, n))
        if self.distribution == "uniform":
            return math.sqrt(3) * deviation * (2 * philox.uniform(self.key(), shape) - 1)
        if self.distribution == "untruncated_normal":
            return deviation * philox.normal(self.key(), shape)
        return deviation / _TRUNCATED * philox.truncated_normal(self.key(), shape)

    def get_config(self) -> dict[str, Any]:
        return {"scale": self.scale, "mode": self.mode, "distribution": self.distribution, "seed": self.seed}


#: Standard deviation of a standard normal distribution that is truncated at 2.
_TRUNCATED = 0.87962566103423978


class _Scaled(VarianceScaling):
    """A :class:`VarianceScaling` whose arguments are fixed, except the seed."""

    arguments: tuple[float, str, str]

    def __init__(self, seed: int | None = None) -> None:
        super().__init__(*self.arguments, seed)

    def get_config(self) -> dict[str, Any]:
        return {"seed": self.seed}


class GlorotUniform(_Scaled):
    """Uniform distribution within ``sqrt(6 / (fan_in + fan_out))`` (Glorot and Bengio 2010)."""

    arguments = 1.0, "fan_avg", "uniform"


class GlorotNormal(_Scaled):
    """Truncated normal distribution of variance ``2 / (fan_in + fan_out)`` (Glorot and Bengio 2010)."""

    arguments = 1.0, "fan_avg", "truncated_normal"


class HeUniform(_Scaled):
    """Uniform distribution within ``sqrt(6 / fan_in)`` (He et al. 2015)."""

    arguments = 2.0, "fan_in", "uniform"


class HeNormal(_Scaled):
    """Truncated normal distribution of variance ``2 / fan_in`` (He et al. 2015)."""

    arguments = 2.0, "fan_in", "truncated_normal"


class LecunUniform(_Scaled):
    """Uniform distribution within ``sqrt(3 / fan_in)`` (LeCun et al. 1998)."""

    arguments = 1.0, "fan_in", "uniform"


class LecunNormal(_Scaled):
    """Truncated normal distribution of variance ``1 / fan_in`` (LeCun et al. 1998; Klambauer et al. 2017)."""

    arguments = 1.0, "fan_in", "truncated_normal"


class Orthogonal(RandomInitializer):
    """Random matrix with orthonormal rows or columns, whichever are fewer, times ``gain`` (Saxe et al. 2014)."""

    def __init__(self, gain: float = 1.0, seed: int | None = None) -> None:
        super().__init__(seed)
        self.gain = float(gain)

    def draw(self, shape: tuple[int, ...]) -> Values:
        if len(shape) < 2:
            raise ValueError(f"Orthogonal makes matrices, got shape {shape}. Give two axes, or take another initializer.")
        rows, columns = math.prod(shape[:-1]), shape[-1]
        q, r = np.linalg.qr(philox.normal(self.key(), (max(rows, columns), min(rows, columns))))
        q *= np.where(np.diag(r) < 0, -1.0, 1.0)  # the sign that makes the factorisation unique, and q uniform (Mezzadri 2007)
        return self.gain * (q if rows >= columns else q.T).reshape(shape)

    def get_config(self) -> dict[str, Any]:
        return {"gain": self.gain, "seed": self.seed}


def fans(shape: tuple[int, ...]) -> tuple[int, int]:
    """Return the numbers of inputs and outputs of a weight. The leading axes of more than two count for both."""
    if len(shape) < 2:
        return (shape[0], shape[0]) if shape else (1, 1)
    field = math.prod(shape[:-2])
    return field * shape[-2], field * shape[-1]
