"""Counts of right and wrong yes-or-no outputs, precision and recall, as those of ``keras.metrics``."""

from __future__ import annotations

from typing import Any, ClassVar

import numpy as np
import numpy.typing as npt

from ...inputs import as_count, as_number
from ..host_metric import HostMetric, as_result, divide

Host = npt.NDArray[Any]


class ConfusionMetric(HostMetric):
    """Base class of metrics of the true and false positives and negatives at thresholds.

    Parameters
    ----------
    thresholds : float or sequence of float, optional
        Larger outputs count as yes. Several thresholds give an array of results. None is 0.5.
    name, dtype
        See :class:`HostMetric`.
    """

    kind: ClassVar[str]
    top_k: int | None = None
    class_id: int | None = None

    def __init__(self, thresholds: Any = None, name: str | None = None, dtype: Any = None) -> None:
        self.thresholds = thresholds
        default = 0.5 if self.top_k is None else -np.inf
        chosen = [default] if thresholds is None else np.atleast_1d(thresholds).tolist()
        self._bounds = np.array([as_number(t, "a threshold", "[0, 1]") if thresholds is not None else t for t in chosen])
        super().__init__(self.kind, name, dtype)

    def add_rows(self, y: Host, target: Host, weight: Host) -> None:
        """Add outputs (M, C), targets (M, C) and weights (M,)."""
        if self.top_k is not None and self.top_k < y.shape[1]:
            smallest = np.argsort(-y, axis=1, kind="stable")[:, self.top_k :]
            y = y.copy()
            np.put_along_axis(y, smallest, -np.inf, axis=1)
        if self.class_id is not None:
            if self.class_id >= y.shape[1]:
                raise ValueError(f"{self.name} has class_id={self.class_id}, but the output has {y.shape[1]} units.")
            y, target = y[:, self.class_id, None], target[:, self.class_id, None]
        is_yes, weights = target != 0, weight[:, None]
        said_yes = y > self._bounds.astype(y.dtype)[:, None, None]
        self.accumulate(
            true_positives=np.sum(weights * (said_yes & is_yes), axis=(1, 2)),
            false_positives=np.sum(weights * (said_yes & ~is_yes), axis=(1, 2)),
            true_negatives=np.sum(weights * (~said_yes & ~is_yes), axis=(1, 2)),
            false_negatives=np.sum(weights * (~said_yes & is_yes), axis=(1, 2)),
        )

    def get_config(self) -> dict[str, Any]:
        """Return the arguments that make an equal metric, as JSON values."""
        several = None if self.thresholds is None else np.atleast_1d(self.thresholds).tolist()
        return {"name": self.name, "thresholds": several if several is None or len(several) > 1 else several[0]}


class TruePositives(ConfusionMetric):
    """Weighted number of outputs above the threshold whose target is not 0, as ``keras.metrics.TruePositives``."""

    direction = "max"
    kind = "true_positives"

    def of_sums(self, **sums: Any) -> Any:
        """Return the number."""
        return as_result(sums["true_positives"])


class FalsePositives(ConfusionMetric):
    """Weighted number of outputs above the threshold whose target is 0, as ``keras.metrics.FalsePositives``."""

    kind = "false_positives"

    def of_sums(self, **sums: Any) -> Any:
        """Return the number."""
        return as_result(sums["false_positives"])


class TrueNegatives(ConfusionMetric):
    """Weighted number of outputs up to the threshold whose target is 0, as ``keras.metrics.TrueNegatives``."""

    direction = "max"
    kind = "true_negatives"

    def of_sums(self, **sums: Any) -> Any:
        """Return the number."""
        return as_result(sums["true_negatives"])


class FalseNegatives(ConfusionMetric):
    """Weighted number of outputs up to the threshold whose target is not 0, as ``keras.metrics.FalseNegatives``."""

    kind = "false_negatives"

    def of_sums(self, **sums: Any) -> Any:
        """Return the number."""
        return as_result(sums["false_negatives"])


class Precision(ConfusionMetric):
    """Share of the outputs above the threshold whose target is not 0, as ``keras.metrics.Precision``.

    Parameters
    ----------
    thresholds : float or sequence of float, optional
        Larger outputs count as yes. Several thresholds give an array of results. None is 0.5, or none at all with ``top_k``.
    top_k : int, optional
        Count only the so many largest outputs of a row as yes.
    class_id : int, optional
        Count only this unit of the output.
    name, dtype
        See :class:`HostMetric`.
    """

    direction = "max"
    kind = "precision"

    def __init__(
        self,
        thresholds: Any = None,
        top_k: int | None = None,
        class_id: int | None = None,
        name: str | None = None,
        dtype: Any = None,
    ) -> None:
        self.top_k = None if top_k is None else as_count(top_k, "top_k")
        self.class_id = None if class_id is None else as_count(class_id, "class_id", at_least=0)
        super().__init__(thresholds, name, dtype)

    def of_sums(self, **sums: Any) -> Any:
        """Return the share."""
        return as_result(divide(sums["true_positives"], sums["true_positives"] + sums["false_positives"]))

    def get_config(self) -> dict[str, Any]:
        """Return the arguments that make an equal metric, as JSON values."""
        return {**super().get_config(), "top_k": self.top_k, "class_id": self.class_id}


class Recall(Precision):
    """Share of the targets that are not 0 whose output is above the threshold, as ``keras.metrics.Recall``.

    The parameters are those of :class:`Precision`.
    """

    kind = "recall"

    def of_sums(self, **sums: Any) -> Any:
        """Return the share."""
        return as_result(divide(sums["true_positives"], sums["true_positives"] + sums["false_negatives"]))
