"""Losses of margins and distributions, as those of ``keras.losses``. The contract's ``loss`` op has the equations."""

from __future__ import annotations

from typing import Any

from ..kernels.specs import LossSpec
from .base import Loss


class Hinge(Loss):
    """Mean of ``max(1 - target y, 0)``, as ``keras.losses.Hinge``. Targets are -1 and 1; those of 0 and 1 become such."""

    def __init__(self, reduction: str | None = "sum_over_batch_size", name: str | None = "hinge", dtype: Any = None) -> None:
        super().__init__(LossSpec("hinge"), reduction, name, dtype)


class SquaredHinge(Loss):
    """Mean of ``max(1 - target y, 0)^2``, as ``keras.losses.SquaredHinge``. Targets are those of :class:`Hinge`."""

    def __init__(
        self, reduction: str | None = "sum_over_batch_size", name: str | None = "squared_hinge", dtype: Any = None
    ) -> None:
        super().__init__(LossSpec("squared_hinge"), reduction, name, dtype)


class CategoricalHinge(Loss):
    """``max(0, 1 + max (1 - target) y - sum target y)``, for one-hot targets, as ``keras.losses.CategoricalHinge``."""

    def __init__(
        self, reduction: str | None = "sum_over_batch_size", name: str | None = "categorical_hinge", dtype: Any = None
    ) -> None:
        super().__init__(LossSpec("categorical_hinge"), reduction, name, dtype)


class KLDivergence(Loss):
    """Kullback-Leibler divergence of the outputs from the targets, ``sum q log(q / p)``, as ``keras.losses.KLDivergence``."""

    def __init__(
        self, reduction: str | None = "sum_over_batch_size", name: str | None = "kl_divergence", dtype: Any = None
    ) -> None:
        super().__init__(LossSpec("kl_divergence"), reduction, name, dtype)
