"""The loops over batches: fit, evaluate and predict, and their counterparts for one batch. They are a model's methods."""

from .loops import evaluate, fit, predict, predict_on_batch, test_on_batch, train_on_batch

__all__ = ["evaluate", "fit", "predict", "predict_on_batch", "test_on_batch", "train_on_batch"]
