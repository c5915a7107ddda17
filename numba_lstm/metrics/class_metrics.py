"""F-scores and the coefficient of determination, as those of ``keras.metrics``."""

from __future__ import annotations

import warnings
from typing import Any

import numpy as np
import numpy.typing as npt

from ..inputs import as_count, as_number
from .host_metric import HostMetric, as_choice, divide

Host = npt.NDArray[Any]

EPSILON = 1e-7
AVERAGES = (None, "micro", "macro", "weighted")
AGGREGATIONS = ("uniform_average", None, "variance_weighted_average")


class FBetaScore(HostMetric):
    """Weighted harmonic mean of precision and recall of each class, as ``keras.metrics.FBetaScore``.

    Parameters
    ----------
    average : None, "micro", "macro" or "weighted"
        How the numbers of the classes become one: None returns an array of all; "micro" counts all classes as one; "macro" is
        the mean; "weighted" weights it by the number of targets.
    beta : float
        Weight of recall, above 0.
    threshold : float, optional
        Larger outputs count as yes. None takes the largest output of a row.
    name, dtype
        See :class:`HostMetric`.
    """

    direction = "max"
    kind = "fbeta_score"

    def __init__(
        self,
        average: str | None = None,
        beta: float = 1.0,
        threshold: float | None = None,
        name: str = "fbeta_score",
        dtype: Any = None,
    ) -> None:
        self.average = as_choice(average, AVERAGES, "average")
        self.beta = as_number(beta, "beta", "(0, inf)")
        self.threshold = None if threshold is None else as_number(threshold, "threshold", "(0, 1]")
        super().__init__(self.kind, name, dtype)

    def add_rows(self, y: Host, target: Host, weight: Host) -> None:
        """Add outputs (M, C), targets (M, C) and weights (M,)."""
        if self.threshold is None:
            yes = ((y >= y.max(axis=1, keepdims=True)) & (np.abs(y) > 1e-9)).astype(np.float64)
        else:
            yes = (y > self.threshold).astype(np.float64)
        axis, w = None if self.average == "micro" else 0, weight[:, None]
        self.accumulate(
            hits=np.sum(w * yes * target, axis=axis),
            false_positives=np.sum(w * yes * (1 - target), axis=axis),
            misses=np.sum(w * (1 - yes) * target, axis=axis),
            targets=np.sum(w * target, axis=axis),
        )

    def of_sums(self, **sums: Any) -> Any:
        """Return the score."""
        hits, square = sums["hits"], self.beta**2
        precision = hits / (hits + sums["false_positives"] + EPSILON)
        recall = hits / (hits + sums["misses"] + EPSILON)
        values = (1 + square) * precision * recall / (square * precision + recall + EPSILON)
        if self.average == "weighted":
            return float(np.sum(values * sums["targets"] / (np.sum(sums["targets"]) + EPSILON)))
        return values if self.average is None else float(np.mean(values))

    def get_config(self) -> dict[str, Any]:
        """Return the arguments that make an equal metric, as JSON values."""
        return {"name": self.name, "average": self.average, "beta": self.beta, "threshold": self.threshold}


class F1Score(FBetaScore):
    """Harmonic mean of precision and recall of each class, as ``keras.metrics.F1Score``.

    The parameters are those of :class:`FBetaScore`, without ``beta``.
    """

    kind = "f1_score"

    def __init__(
        self, average: str | None = None, threshold: float | None = None, name: str = "f1_score", dtype: Any = None
    ) -> None:
        super().__init__(average, 1.0, threshold, name, dtype)

    def get_config(self) -> dict[str, Any]:
        """Return the arguments that make an equal metric, as JSON values."""
        return {"name": self.name, "average": self.average, "threshold": self.threshold}


class R2Score(HostMetric):
    """Coefficient of determination, ``1 - residual sum of squares / total sum of squares``, as ``keras.metrics.R2Score``.

    Parameters
    ----------
    class_aggregation : None, "uniform_average" or "variance_weighted_average"
        How the values of the units become one. None returns an array of all.
    num_regressors : int
        Number of independent variables, for the adjusted score. 0 is the plain one.
    name, dtype
        See :class:`HostMetric`.
    """

    direction = "max"

    def __init__(
        self,
        class_aggregation: str | None = "uniform_average",
        num_regressors: int = 0,
        name: str = "r2_score",
        dtype: Any = None,
    ) -> None:
        self.class_aggregation = as_choice(class_aggregation, AGGREGATIONS, "class_aggregation")
        self.num_regressors = as_count(num_regressors, "num_regressors", at_least=0)
        super().__init__("r2_score", name, dtype)

    def add_rows(self, y: Host, target: Host, weight: Host) -> None:
        """Add outputs (M, C), targets (M, C) and weights (M,)."""
        y, target, w = y.astype(np.float64), target.astype(np.float64), weight[:, None]
        self.accumulate(
            targets=np.sum(w * target, axis=0),
            squares=np.sum(w * target**2, axis=0),
            residuals=np.sum(w * (target - y) ** 2, axis=0),
            count=np.sum(weight),
            samples=target.size,
        )

    def of_sums(self, **sums: Any) -> Any:
        """Return the score."""
        total = sums["squares"] - sums["targets"] ** 2 / sums["count"]
        with np.errstate(divide="ignore", invalid="ignore"):
            values = 1 - sums["residuals"] / total
        values = np.where(np.isinf(values), 0.0, values)
        if self.class_aggregation == "uniform_average":
            values = float(np.mean(values))
        elif self.class_aggregation == "variance_weighted_average":
            values = float(np.sum(total * values) / np.sum(total))
        samples, regressors = sums["samples"], self.num_regressors
        if regressors == 0:
            return values
        if regressors >= samples - 1:
            message = f"{self.name} has {regressors} regressors for {samples:.0f} samples, and is not adjusted."
            warnings.warn(message, RuntimeWarning, stacklevel=3)
            return values
        return 1 - (1 - values) * (samples - 1) / (samples - regressors - 1)

    def get_config(self) -> dict[str, Any]:
        """Return the arguments that make an equal metric, as JSON values."""
        return {"name": self.name, "class_aggregation": self.class_aggregation, "num_regressors": self.num_regressors}


class SymmetricMeanAbsolutePercentageError(HostMetric):
    """Mean of ``200 |y - target| / (|y| + |target|)``, 0 where both are 0 (Armstrong 1985). Keras has no such metric."""

    def __init__(self, name: str = "symmetric_mean_absolute_percentage_error", dtype: Any = None) -> None:
        super().__init__("symmetric_mean_absolute_percentage_error", name, dtype)

    def add_rows(self, y: Host, target: Host, weight: Host) -> None:
        """Add outputs (M, C), targets (M, C) and weights (M,)."""
        y, target = y.astype(np.float64), target.astype(np.float64)
        errors = divide(200 * np.abs(y - target), np.abs(y) + np.abs(target))
        self.accumulate(total=np.sum(weight * np.mean(errors, axis=1)), count=np.sum(weight))

    def of_sums(self, **sums: Any) -> float:
        """Return the mean."""
        return float(sums["total"] / sums["count"]) if sums["count"] else 0.0
