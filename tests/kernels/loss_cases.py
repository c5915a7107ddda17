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
    LossSpec("mean_absolute_percentage_error"),
    LossSpec("mean_squared_logarithmic_error"),
    LossSpec("poisson"),
    LossSpec("kl_divergence"),
    LossSpec("cosine_similarity"),
    LossSpec("hinge"),
    LossSpec("squared_hinge"),
    LossSpec("categorical_hinge"),
    LossSpec("binary_focal_crossentropy", gamma=1.5),
    LossSpec("binary_focal_crossentropy", from_logits=True, label_smoothing=0.2, apply_class_balancing=True),
    LossSpec("categorical_focal_crossentropy", gamma=1.5),
    LossSpec("categorical_focal_crossentropy", from_logits=True, label_smoothing=0.3),
    LossSpec("quantile", quantiles=(0.1, 0.5, 0.75, 0.9)),
    LossSpec("gaussian_nll", full=True),
    LossSpec("student_t_nll", df=3.5),
]

#: Losses of outputs that are positive.
POSITIVE = ("mean_squared_logarithmic_error", "poisson", "kl_divergence")

METRICS = [
    MetricSpec("mean_squared_error"),
    MetricSpec("mean_absolute_error"),
    MetricSpec("binary_accuracy"),
    MetricSpec("binary_accuracy", threshold=0.3),
    MetricSpec("categorical_accuracy"),
    MetricSpec("sparse_categorical_accuracy"),
    MetricSpec("top_k_categorical_accuracy", k=2),
    MetricSpec("sparse_top_k_categorical_accuracy", k=2),
    LossSpec("mean_absolute_percentage_error"),
    LossSpec("sparse_categorical_crossentropy", from_logits=True),
    LossSpec("cosine_similarity"),
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
    if spec.name == "quantile":
        C = len(spec.quantiles)
    if spec.name.endswith("_nll"):
        C *= 2
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
    if spec.name in POSITIVE:
        y, target = abs(y) + 0.1, abs(target) + 0.1
    if spec.name == "kl_divergence":
        y, target = np.minimum(y / 8, 0.9), np.minimum(target / 8, 0.9)
    if spec.name == "cosine_similarity":
        target = target + y  # else cosines of both signs cancel
    if spec.name == "quantile":
        target = target[..., :1]
    if spec.name.endswith("_nll"):
        target = target[..., : C // 2]
    return y.astype(dtype), target if target.dtype.kind == "i" else target.astype(dtype), weight
