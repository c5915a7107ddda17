"""Loops over the batches of data, and what they do with each batch."""

from .custom_steps import overrides
from .default_steps import (
    compute_loss,
    compute_metrics,
    get_metrics_result,
    predict_step,
    reset_metrics,
    step_metrics,
    test_step,
    train_step,
)
from .evaluation import evaluate
from .fit import fit
from .gradients import value_and_gradients
from .prediction import predict
from .single_batches import predict_on_batch, test_on_batch, train_on_batch

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
