"""Arrays of the shapes of the batch before, which train_on_batch and test_on_batch take without validation."""

from __future__ import annotations

import numpy as np
import pytest
from training_cases import LABELS, C, D, N, T, X, Y

from numba_lstm import Sequential
from numba_lstm.layers import LSTM, Dense, Embedding, Input


def make_model(first=None, loss="mse"):
    """Return a model on the reference, which compiles nothing."""
    model = Sequential([*(first or [Input((T, D))]), LSTM(2), Dense(C)], device="reference")
    model.compile("sgd", loss)
    return model


def taken(model, x=X, y=Y):
    """Return the model after two steps on arrays, and whether the second one found those of the first."""
    model.train_on_batch(x, y)
    before = model.training_plans.valid_arrays
    model.train_on_batch(x, y)
    return before is not None and model.training_plans.valid_arrays is before


def test_second_batch_is_known_to_both_methods():
    model, other = make_model(), make_model()
    other.set_weights(model.get_weights())
    assert taken(model)
    other.train_on_batch(X, Y.astype(np.float64))  # of other dtypes, which are validated
    other.train_on_batch(X.astype(np.float64), Y)
    assert model.test_on_batch(X, Y) == other.test_on_batch(X, Y)


@pytest.mark.parametrize(
    ("x", "y", "says"),
    [
        (X, Y[:-1], "same number of samples"),
        (X, Y[:, :-1], "does not fit"),
        (X[..., :-1], Y, "features"),
        (X.astype(complex), Y, "real numbers"),
        (X, Y.astype(str), "real numbers"),
        (np.ma.masked_less(X, 0.0), Y, "masked"),
    ],
)
def test_arrays_that_are_not_the_same_are_validated(x, y, says):
    model = make_model()
    assert taken(model)
    with pytest.raises((TypeError, ValueError), match=says):
        model.train_on_batch(x, y)


def test_another_loss_validates_the_same_arrays():
    model = make_model()
    assert taken(model)
    model.loss = "sparse_categorical_crossentropy"
    with pytest.raises(ValueError, match="does not fit"):
        model.train_on_batch(X, Y)


def test_another_layer_validates_the_same_arrays():
    model = make_model()
    assert taken(model)
    model.add(Dense(C + 1))
    model.compile("sgd", "mse")
    with pytest.raises(ValueError, match="does not fit"):
        model.train_on_batch(X, Y)


def test_model_without_its_optimizer_does_not_train():
    model = make_model()
    assert taken(model)
    model.optimizer = None
    with pytest.raises(ValueError, match="not compiled"):
        model.train_on_batch(X, Y)


def test_labels_are_validated_each_time():
    model = make_model(loss="sparse_categorical_crossentropy")
    assert not taken(model, y=LABELS)
    with pytest.raises(ValueError, match="label"):
        model.train_on_batch(X, np.full(N, C))


def test_indices_are_validated_each_time():
    model, x = make_model([Embedding(4, 2)]), np.zeros((N, T), np.int64)
    assert not taken(model, x)
    with pytest.raises(ValueError, match="4"):
        model.train_on_batch(x + 4, Y)
