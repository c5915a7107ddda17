"""Loops over the batches of data, and what they do with each batch."""

from .evaluation import evaluate
from .fit import fit
from .gradients import value_and_gradients
from .prediction import predict
from .single_batches import predict_on_batch, test_on_batch, train_on_batch

__all__ = ["evaluate", "fit", "predict", "predict_on_batch", "test_on_batch", "train_on_batch", "value_and_gradients"]
