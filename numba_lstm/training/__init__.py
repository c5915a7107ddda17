"""Training, evaluation and prediction: the functions are methods of models."""

from .loops import (
    compute_loss,
    compute_metrics,
    evaluate,
    fit,
    get_metrics_result,
    overrides,
    predict,
    predict_on_batch,
    predict_step,
    reset_metrics,
    step_metrics,
    test_on_batch,
    test_step,
    train_on_batch,
    train_step,
    value_and_gradients,
)

__all__ = [
    "compute_loss",
    "compute_metrics",
    "evaluate",
    "fit",
    "get_metrics_result",
    "overrides",
    "predict",
    "predict_on_batch",
    "predict_step",
    "reset_metrics",
    "step_metrics",
    "test_on_batch",
    "test_step",
    "train_on_batch",
    "train_step",
    "value_and_gradients",
]
