"""Losses of numbers, as those of ``keras.losses``. The contract's ``loss`` op has the equations."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from ..inputs import as_number
from ..kernels.specs import LossSpec
from .base import Loss


class MeanSquaredError(Loss):
    """Mean squared error, ``mean (y - target)^2``, as ``keras.losses.MeanSquaredError``."""

    def __init__(
        self, reduction: str | None = "sum_over_batch_size", name: str | None = "mean_squared_error", dtype: Any = None
    ) -> None:
        super().__init__(LossSpec("mean_squared_error"), reduction, name, dtype)


class MeanAbsoluteError(Loss):
    """Mean absolute error, ``mean |y - target|``, as ``keras.losses.MeanAbsoluteError``."""

    def __init__(
        self, reduction: str | None = "sum_over_batch_size", name: str | None = "mean_absolute_error", dtype: Any = None
    ) -> None:
        super().__init__(LossSpec("mean_absolute_error"), reduction, name, dtype)


class Huber(Loss):
    """Huber loss: quadratic for errors up to ``delta``, linear beyond (Huber 1964), as ``keras.losses.Huber``.

    Parameters
    ----------
    delta : float
        Error, above 0, at which the loss becomes linear.
    reduction, name, dtype
        See :class:`Loss`.
    """

    parameters = ("delta",)

    def __init__(
        self,
        delta: float = 1.0,
        reduction: str | None = "sum_over_batch_size",
        name: str | None = "huber_loss",
        dtype: Any = None,
    ) -> None:
        super().__init__(LossSpec("huber", delta=as_number(delta, "delta", "(0, inf)")), reduction, name, dtype)


class LogCosh(Loss):
    """Mean logarithm of the hyperbolic cosine, ``mean log cosh (y - target)``, as ``keras.losses.LogCosh``."""

    def __init__(self, reduction: str | None = "sum_over_batch_size", name: str | None = "log_cosh", dtype: Any = None) -> None:
        super().__init__(LossSpec("log_cosh"), reduction, name, dtype)


class MeanAbsolutePercentageError(Loss):
    """Mean absolute error in percent of the target, as ``keras.losses.MeanAbsolutePercentageError``."""

    def __init__(
        self,
        reduction: str | None = "sum_over_batch_size",
        name: str | None = "mean_absolute_percentage_error",
        dtype: Any = None,
    ) -> None:
        super().__init__(LossSpec("mean_absolute_percentage_error"), reduction, name, dtype)


class MeanSquaredLogarithmicError(Loss):
    """Mean squared difference of ``log(1 + y)``, as ``keras.losses.MeanSquaredLogarithmicError``."""

    def __init__(
        self,
        reduction: str | None = "sum_over_batch_size",
        name: str | None = "mean_squared_logarithmic_error",
        dtype: Any = None,
    ) -> None:
        super().__init__(LossSpec("mean_squared_logarithmic_error"), reduction, name, dtype)


class Poisson(Loss):
    """Mean of ``y - target log y``, for counts, as ``keras.losses.Poisson``."""

    def __init__(self, reduction: str | None = "sum_over_batch_size", name: str | None = "poisson", dtype: Any = None) -> None:
        super().__init__(LossSpec("poisson"), reduction, name, dtype)


class CosineSimilarity(Loss):
    """Minus the cosine of the angle between outputs and targets, as ``keras.losses.CosineSimilarity``.

    Parameters
    ----------
    axis : int
        Axis of the vectors, only -1.
    reduction, name, dtype
        See :class:`Loss`.
    """

    def __init__(
        self,
        axis: int = -1,
        reduction: str | None = "sum_over_batch_size",
        name: str | None = "cosine_similarity",
        dtype: Any = None,
    ) -> None:
        if axis != -1:
            raise ValueError(f"{name} takes axis=-1 only, got {axis!r}. Move the vectors to the last axis.")
        super().__init__(LossSpec("cosine_similarity"), reduction, name, dtype)


class Quantile(Loss):
    """Quantile or pinball loss, ``mean max(u e, (u - 1) e)`` with ``e = target - y`` (Koenker and Bassett 1978).

    Output k learns the quantile ``quantiles[k]`` of the targets. Keras has no such loss.

    Parameters
    ----------
    quantiles : sequence of float
        Quantiles in (0, 1), one for each output of the model. Targets are (N, 1) or (N,), or (N, T, 1) or (N, T).
    reduction, name, dtype
        See :class:`Loss`.
    """

    parameters = ("quantiles",)

    def __init__(
        self,
        quantiles: Sequence[float] = (0.1, 0.5, 0.9),
        reduction: str | None = "sum_over_batch_size",
        name: str | None = "quantile",
        dtype: Any = None,
    ) -> None:
        if isinstance(quantiles, (int, float)):
            quantiles = (quantiles,)
        chosen = tuple(as_number(u, f"quantiles[{k}]", "(0, 1)") for k, u in enumerate(quantiles))
        if not chosen:
            raise ValueError("quantiles must hold at least one number in (0, 1), got none. Write quantiles=(0.1, 0.5, 0.9).")
        super().__init__(LossSpec("quantile", quantiles=chosen), reduction, name, dtype)


class GaussianNLL(Loss):
    """Negative log likelihood of normal distributions, ``(s + (target - mean)^2 exp(-s)) / 2`` with ``s = log variance``.

    A model with 2 D outputs predicts D means, and then the logarithms of D variances, for D targets (Nix and Weigend 1994). It
    is ``torch.nn.GaussianNLLLoss`` with ``var = exp(s)``. Keras has no such loss.

    Parameters
    ----------
    full : bool
        Whether to add the constant ``log(2 pi) / 2``.
    reduction, name, dtype
        See :class:`Loss`.
    """

    parameters = ("full",)

    def __init__(
        self,
        full: bool = False,
        reduction: str | None = "sum_over_batch_size",
        name: str | None = "gaussian_nll",
        dtype: Any = None,
    ) -> None:
        super().__init__(LossSpec("gaussian_nll", full=bool(full)), reduction, name, dtype)


class StudentTNLL(Loss):
    """Negative log likelihood of Student's t distributions, for targets with outliers.

    A model with 2 D outputs predicts D means, and then the logarithms of D scales, for D targets. Keras has no such loss.

    Parameters
    ----------
    df : float
        Degrees of freedom, above 0. The distribution approaches a normal one as they grow.
    reduction, name, dtype
        See :class:`Loss`.
    """

    parameters = ("df",)

    def __init__(
        self,
        df: float = 4.0,
        reduction: str | None = "sum_over_batch_size",
        name: str | None = "student_t_nll",
        dtype: Any = None,
    ) -> None:
        super().__init__(LossSpec("student_t_nll", df=as_number(df, "df", "(0, inf)")), reduction, name, dtype)
