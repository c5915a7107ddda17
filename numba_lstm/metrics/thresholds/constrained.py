"""The best rate at a threshold where another rate is high enough, as those of ``keras.metrics``."""

from __future__ import annotations

from typing import Any, ClassVar

import numpy as np
import numpy.typing as npt

from ...inputs import as_count, as_number
from ..host_metric import divide
from .confusion import ConfusionMetric

Host = npt.NDArray[Any]


def _precision(sums: dict[str, Any]) -> Host:
    return divide(sums["true_positives"], sums["true_positives"] + sums["false_positives"])


def _sensitivity(sums: dict[str, Any]) -> Host:
    return divide(sums["true_positives"], sums["true_positives"] + sums["false_negatives"])


def _specificity(sums: dict[str, Any]) -> Host:
    return divide(sums["true_negatives"], sums["true_negatives"] + sums["false_positives"])


class ConstrainedMetric(ConfusionMetric):
    """Base class of metrics of the best rate among even thresholds from 0 to 1 where another rate is high enough.

    Parameters
    ----------
    value : float
        The least value of the other rate, from 0 to 1.
    num_thresholds : int
        Number of thresholds. One is 0.5.
    class_id : int, optional
        Count only this unit of the output.
    name, dtype
        See :class:`~numba_lstm.metrics.host_metric.HostMetric`.
    """

    direction = "max"
    argument: ClassVar[str]  #: the name of the value among the arguments of the class

    def __init__(
        self, value: float, num_thresholds: int = 200, class_id: int | None = None, name: str | None = None, dtype: Any = None
    ) -> None:
        self.value = as_number(value, self.argument, "[0, 1]")
        self.num_thresholds = as_count(num_thresholds, "num_thresholds")
        self.class_id = None if class_id is None else as_count(class_id, "class_id", at_least=0)
        super().__init__(None, name, dtype)
        if self.num_thresholds > 1:
            self._bounds = np.linspace(0, 1, self.num_thresholds)
            self._bounds[0] = -np.inf  # as in Keras, an output of 0 is above the first one

    def add_rows(self, y: Host, target: Host, weight: Host) -> None:
        super().add_rows(np.clip(y, 0, 1), target, weight)

    def best(self, rate: Host, other: Host) -> float:
        """Return the largest ``rate`` where the ``other`` one is high enough, 0 if it is nowhere."""
        return float(np.max(np.where(other >= self.value, rate, 0.0), initial=0.0))

    def get_config(self) -> dict[str, Any]:
        """Return the arguments that make an equal metric, as JSON values."""
        config = {"num_thresholds": self.num_thresholds, self.argument: self.value, "class_id": self.class_id}
        return {"name": self.name, **config}


class SensitivityAtSpecificity(ConstrainedMetric):
    """Best share of found positives where the share of found negatives is high enough.

    The parameters are those of :class:`ConstrainedMetric`, with ``specificity`` as the value.
    """

    kind = "sensitivity_at_specificity"
    argument = "specificity"

    def __init__(
        self,
        specificity: float,
        num_thresholds: int = 200,
        class_id: int | None = None,
        name: str | None = None,
        dtype: Any = None,
    ) -> None:
        super().__init__(specificity, num_thresholds, class_id, name, dtype)

    def of_sums(self, **sums: Any) -> float:
        return self.best(_sensitivity(sums), _specificity(sums))


class SpecificityAtSensitivity(ConstrainedMetric):
    """Best share of found negatives where the share of found positives is high enough.

    The parameters are those of :class:`ConstrainedMetric`, with ``sensitivity`` as the value.
    """

    kind = "specificity_at_sensitivity"
    argument = "sensitivity"

    def __init__(
        self,
        sensitivity: float,
        num_thresholds: int = 200,
        class_id: int | None = None,
        name: str | None = None,
        dtype: Any = None,
    ) -> None:
        super().__init__(sensitivity, num_thresholds, class_id, name, dtype)

    def of_sums(self, **sums: Any) -> float:
        return self.best(_specificity(sums), _sensitivity(sums))


class PrecisionAtRecall(ConstrainedMetric):
    """Best precision where recall is high enough.

    The parameters are those of :class:`ConstrainedMetric`, with ``recall`` as the value.
    """

    kind = "precision_at_recall"
    argument = "recall"

    def __init__(
        self, recall: float, num_thresholds: int = 200, class_id: int | None = None, name: str | None = None, dtype: Any = None
    ) -> None:
        super().__init__(recall, num_thresholds, class_id, name, dtype)

    def of_sums(self, **sums: Any) -> float:
        return self.best(_precision(sums), _sensitivity(sums))


class RecallAtPrecision(ConstrainedMetric):
    """Best recall where precision is high enough.

    The parameters are those of :class:`ConstrainedMetric`, with ``precision`` as the value.
    """

    kind = "recall_at_precision"
    argument = "precision"

    def __init__(
        self,
        precision: float,
        num_thresholds: int = 200,
        class_id: int | None = None,
        name: str | None = None,
        dtype: Any = None,
    ) -> None:
        super().__init__(precision, num_thresholds, class_id, name, dtype)

    def of_sums(self, **sums: Any) -> float:
        return self.best(_sensitivity(sums), _precision(sums))
