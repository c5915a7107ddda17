"""Training, evaluation and prediction: the functions are methods of models."""

from .loops import evaluate, fit, predict, predict_on_batch, test_on_batch, train_on_batch, value_and_gradients

__all__ = ["evaluate", "fit", "predict", "predict_on_batch", "test_on_batch", "train_on_batch", "value_and_gradients"]
