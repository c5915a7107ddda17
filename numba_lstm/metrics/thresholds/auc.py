"""AUC: the area under the ROC or the precision-recall curve."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
import numpy.typing as npt

from ...inputs import as_count, as_number
from ..host_metric import HostMetric, as_choice, divide

Host = npt.NDArray[Any]

CURVES, METHODS = ("ROC", "PR"), ("interpolation", "minoring", "majoring")


class AUC(HostMetric):
    """Area under a curve, approximated by a sum over thresholds, as ``keras.metrics.AUC``.

    Parameters
    ----------
    num_thresholds : int
        Number of thresholds, above 1, evenly from 0 to 1.
    curve : "ROC" or "PR"
        Recall over the false positive rate, or precision over recall.
    summation_method : "interpolation", "minoring" or "majoring"
        Height of a step between two thresholds: between both, the smaller or the larger one. Precision is interpolated as
        Davis and Goadrich (2006) do.
    name, dtype
        See :class:`HostMetric`.
    thresholds : sequence of float, optional
        Thresholds in [0, 1] instead of even ones.
    multi_label : bool
        Whether each unit has a curve of its own, whose areas are averaged.
    num_labels : int, optional
        Number of units with ``multi_label``. It is found by the first batch if it is not given.
    label_weights : sequence of float, optional
        Weights of the units.
    from_logits : bool
        Whether outputs are logits instead of probabilities.
    """

    direction = "max"

    def __init__(
        self,
        num_thresholds: int = 200,
        curve: str = "ROC",
        summation_method: str = "interpolation",
        name: str | None = None,
        dtype: Any = None,
        thresholds: Sequence[float] | None = None,
        multi_label: bool = False,
        num_labels: int | None = None,
        label_weights: Sequence[float] | None = None,
        from_logits: bool = False,
    ) -> None:
        self.curve = as_choice(curve.upper() if isinstance(curve, str) else curve, CURVES, "curve")
        self.summation_method = as_choice(summation_method, METHODS, "summation_method")
        self.multi_label, self.num_labels, self.from_logits = bool(multi_label), num_labels, bool(from_logits)
        self.label_weights = (
            None if label_weights is None else [as_number(w, "label_weights", "[0, inf)") for w in label_weights]
        )
        self.thresholds = None if thresholds is None else sorted(as_number(t, "thresholds", "[0, 1]") for t in thresholds)
        count = as_count(num_thresholds, "num_thresholds", at_least=2)
        inner = np.arange(1, count - 1) / (count - 1) if self.thresholds is None else np.array(self.thresholds)
        self.num_thresholds = len(inner) + 2
        self._bounds = np.concatenate([[-1e-7], inner, [1 + 1e-7]])
        super().__init__("auc", name, dtype)

    def add_rows(self, y: Host, target: Host, weight: Host) -> None:
        """Add outputs (M, C), targets (M, C) and weights (M,)."""
        if self.from_logits:
            y = 0.5 * (1 + np.tanh(0.5 * y))
        weights = np.broadcast_to(weight[:, None], y.shape)
        if self.num_labels is not None and self.multi_label and self.num_labels != y.shape[1]:
            raise ValueError(f"{self.name} has num_labels={self.num_labels}, but the output has {y.shape[1]} units.")
        if self.label_weights is not None and len(self.label_weights) != y.shape[1]:
            raise ValueError(f"{self.name} has {len(self.label_weights)} label_weights, but the output has {y.shape[1]} units.")
        if not self.multi_label:
            if self.label_weights is not None:
                weights = weights * self.label_weights
            y, target, weights = (array.reshape(-1, 1) for array in (y, target, weights))
        above = np.searchsorted(self._bounds.astype(y.dtype), y)  # so many thresholds are below an output
        is_yes = target != 0
        self.accumulate(yes=self._counts(above, weights * is_yes), no=self._counts(above, weights * ~is_yes))

    def _counts(self, above: Host, weights: Host) -> Host:
        """Return the weights (thresholds + 1, labels) of the outputs above so many thresholds."""
        size = len(self._bounds) + 1
        return np.stack([np.bincount(above[:, k], weights[:, k], size) for k in range(above.shape[1])], axis=1)

    def of_sums(self, **sums: Any) -> float:
        """Return the area."""
        positives, false_positives = (np.cumsum(sums[name][::-1], axis=0)[-2::-1] for name in ("yes", "no"))
        misses, rejected = sums["yes"].sum(axis=0) - positives, sums["no"].sum(axis=0) - false_positives
        if self.curve == "PR" and self.summation_method == "interpolation":
            areas = _interpolated_precision(positives, false_positives, misses)
        else:
            recall = divide(positives, positives + misses)
            rate, precision = (
                divide(false_positives, false_positives + rejected),
                divide(positives, positives + false_positives),
            )
            x, height = (rate, recall) if self.curve == "ROC" else (recall, precision)
            between = {"interpolation": (height[:-1] + height[1:]) / 2, "minoring": np.minimum(height[:-1], height[1:])}
            steps = between.get(self.summation_method, np.maximum(height[:-1], height[1:]))
            areas = np.sum((x[:-1] - x[1:]) * steps, axis=0)
        if not self.multi_label or self.label_weights is None:
            return float(np.mean(areas))
        weights = np.array(self.label_weights)
        return float(divide(np.sum(areas * weights), np.sum(weights)))

    def get_config(self) -> dict[str, Any]:
        """Return the arguments that make an equal metric, as JSON values."""
        names = ("num_thresholds", "curve", "summation_method", "thresholds", "multi_label", "num_labels", "label_weights")
        return {"name": self.name, **{field: getattr(self, field) for field in names}, "from_logits": self.from_logits}


def _interpolated_precision(positives: Host, false_positives: Host, misses: Host) -> Host:
    """Return the areas under precision-recall curves whose true and false positives are linear between thresholds."""
    said_yes = positives + false_positives
    more, rest = positives[:-1] - positives[1:], said_yes[1:]
    slope = divide(more, np.maximum(said_yes[:-1] - rest, 0))
    intercept = positives[1:] - slope * rest
    in_use = (said_yes[:-1] > 0) & (rest > 0)
    ratio = np.where(in_use, divide(said_yes[:-1], rest), 1.0)
    return np.asarray(np.sum(divide(slope * (more + intercept * np.log(ratio)), positives[1:] + misses[1:]), axis=0))
