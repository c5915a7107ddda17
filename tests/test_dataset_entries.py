"""Entries of a dataset, single samples or batches, for a model that is not built and whose first layer takes either."""

from __future__ import annotations

import re

import pytest
from training_cases import Y_STEPS, C, D, T, X, Y

from numba_lstm import Input, Sequential
from numba_lstm.layers import LSTM, Dense, Dropout, Flatten, LayerNormalization
from numba_lstm.utils import PyDataset

QUIET = {"verbose": 0}


class Entries:
    """A dataset of a user's own class."""

    def __init__(self, *arrays):
        self.arrays = arrays

    def __len__(self):
        return len(self.arrays[0])

    def __getitem__(self, index):
        entry = tuple(array[index] for array in self.arrays)
        return entry if len(entry) > 1 else entry[0]


class Batches(Entries, PyDataset):
    """The same as a dataset of Keras."""

    def __init__(self, *arrays):
        PyDataset.__init__(self)
        Entries.__init__(self, *arrays)


def compiled(*layers):
    model = Sequential(layers, device="reference")
    model.compile("adam", "mse")
    return model


DECIDED = {
    "lstm": lambda: [Dense(4), LSTM(4), Dense(C)],
    "dropout": lambda: [Dropout(0.1), LSTM(4), Dense(C)],
    "norm": lambda: [LayerNormalization(), Dense(4), LSTM(4, return_sequences=True), Flatten(), Dense(C)],
}


@pytest.mark.parametrize("layers", DECIDED.values(), ids=DECIDED)
@pytest.mark.parametrize("kind", [Entries, Batches])
def test_a_later_layer_decides(layers, kind):
    samples, batches = compiled(*layers()), compiled(*layers())
    samples.fit(kind(X, Y), batch_size=4, **QUIET)
    batches.fit(kind([X[:4], X[4:8]], [Y[:4], Y[4:8]]), **QUIET)
    assert samples.input_shape == batches.input_shape == (None, T, D)
    assert (samples.optimizer.iterations, batches.optimizer.iterations) == (3, 2)
    assert compiled(*layers()).predict(kind(X), **QUIET).shape == (len(X), C)


def test_targets_decide():
    for targets in (Y[:, 0], Y):  # one number, or three, for five rows
        model = compiled(Dense(4), Flatten(), Dense(targets[:1].size))
        model.fit(Entries(X, targets), batch_size=4, **QUIET)
        assert model.input_shape == (None, T, D)


AMBIGUOUS = (
    "the first entry of x has the shape (5, 7), which {} takes as a batch of 5 samples and as one sample of 5 steps. "
    "Begin the model with Input((7,)) for batches, or with Input((5, 7)) for samples."
)


def test_what_may_be_either_is_asked_for():
    model, dataset = compiled(Dense(4), Dense(C)), Entries(X, Y_STEPS)
    sentence = f"^{re.escape(AMBIGUOUS.format(model.name))}$"
    for method in (model.fit, model.evaluate, model.predict):
        with pytest.raises(ValueError, match=sentence):
            method(dataset, **QUIET)
        assert not model.built
    for shape, steps in (((7,), len(X)), ((5, 7), 3)):  # the advice: 11 batches, or 11 samples in batches of 4
        model = compiled(Input(shape), Dense(4), Dense(C))
        model.fit(dataset, batch_size=None if shape == (7,) else 4, **QUIET)
        assert model.optimizer.iterations == steps
        assert model.predict(dataset, **QUIET).size == Y_STEPS.size


def test_a_dataset_of_keras_brings_batches():
    model = compiled(Dense(4), Dense(C))
    model.fit(Batches(X, Y_STEPS), **QUIET)
    assert model.input_shape == (None, D)
    assert model.optimizer.iterations == len(X)
