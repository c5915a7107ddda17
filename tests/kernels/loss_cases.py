"""Random cases for losses and metrics."""

from __future__ import annotations

from typing import Any

import numpy as np
import numpy.typing as npt

from numba_lstm.kernels.specs import LossSpec, MetricSpec

Array = npt.NDArray[Any]

LOSSES = [
    LossSpec("mean_squared_error"),
    LossSpec("mean_absolute_error"),
    LossSpec("huber"),
    LossSpec("huber", delta=0.4),
    LossSpec("log_cosh"),
    LossSpec("binary_crossentropy"),
    LossSpec("binary_crossentropy", from_logits=True),
    LossSpec("binary_crossentropy", label_smoothing=0.2),
    LossSpec("binary_crossentropy", from_logits=True, label_smoothing=0.2),
    LossSpec("categorical_crossentropy"),
    LossSpec("categorical_crossentropy", from_logits=True),
    LossSpec("categorical_crossentropy", label_smoothing=0.3),
    LossSpec("categorical_crossentropy", from_logits=True, label_smoothing=0.3),
    LossSpec("sparse_categorical_crossentropy"),
    LossSpec("sparse_categorical_crossentropy", from_logits=True),
]

METRICS = [
    MetricSpec("mean_squared_error"),
    MetricSpec("mean_absolute_error"),
    MetricSpec("binary_accuracy"),
    MetricSpec("binary_accuracy", threshold=0.3),
    MetricSpec("categorical_accuracy"),
    MetricSpec("sparse_categorical_accuracy"),
]


def name_of(value: Any) -> str | None:
    """A short name of a spec in a test's id."""
    if not isinstance(value, LossSpec | MetricSpec):
        return None
    fields = vars(value) | {"name": None}
    defaults = vars(type(value)(value.name)) | {"name": None}
    return " ".join([value.name, *(f"{k}={v}" for k, v in fields.items() if v != defaults[k])])


def loss_case(
    spec: LossSpec | MetricSpec, leading: tuple[int, ...], C: int, *, weighted: bool, dtype: str = "float64"
) -> tuple[Array, Array, Array | None]:
    """Predictions, targets and weights: probabilities (of sums other than 1), labels or numbers, as the spec wants."""
    rng = np.random.default_rng(4)
    y = rng.normal(0, 2, (*leading, C))
    target = rng.normal(0, 2, (*leading, C))
    if "crossentropy" in spec.name or "accuracy" in spec.name:
        if not getattr(spec, "from_logits", False):
            y = rng.uniform(0.05, 0.95, y.shape)
        target = rng.uniform(0.1, 0.9, y.shape)  # soft labels, whose sum is not 1
    if "accuracy" in spec.name:
        target = np.round(target)
    if spec.name.startswith("sparse"):
        target = rng.integers(0, C, leading)
    weight = rng.uniform(0, 3, leading).astype(dtype) if weighted else None
    return y.astype(dtype), target if target.dtype.kind == "i" else target.astype(dtype), weight
