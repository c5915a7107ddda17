"""What is said of masked arrays, in every place where arrays come in: the advice is one that works there."""

from __future__ import annotations

import numpy as np
import pytest
from advice import error_of
from training_cases import N, X, Y

from numba_lstm import Sequential, initializers, utils
from numba_lstm.layers import LSTM, Dense, Embedding, Input, Masking
from numba_lstm.losses import MeanSquaredError
from numba_lstm.metrics import MeanAbsoluteError

QUIET = {"verbose": 0}
T, D = X.shape[1:]


def model(*layers):
    made = Sequential([Input((T, D)), *(layers or (LSTM(3, name="lstm"), Dense(Y.shape[1])))], device="reference")
    made.compile("sgd", "mse")
    return made


def masked_at(array, place=0):
    """``array`` with one masked entry."""
    masked = np.ma.array(array)
    masked[place] = np.ma.masked
    return masked


def built(layer, x=X):
    layer(x)
    return layer


ONES, WHOLE = np.ones(N), np.full(N, T)
#: What takes the array, the array, what it is called in the advice, and the value to fill in.
FILLED = {
    "sample_weight": (lambda a: model().fit(X, Y, sample_weight=a, **QUIET), masked_at(ONES), "sample_weight", 0.0),
    "lengths": (lambda a: model().predict(X, lengths=a, **QUIET), masked_at(WHOLE), "lengths", 1),
    "mask": (lambda a: model()(X, mask=a), masked_at(np.ones((N, T), bool), (0, 1)), "mask", False),
    "rows": (
        lambda a: Sequential([Dense(1)], device="reference").predict(a, **QUIET),
        masked_at(np.ones((3, 2)), (0, 1)),
        "x",
        0.5,
    ),
    "indices": (
        lambda a: Sequential([Embedding(5, 2)]).predict(a, **QUIET),
        masked_at(np.ones((3, 2), int), (0, 1)),
        "x",
        0,
    ),
    "a step": (lambda a: model(LSTM(3)).stream().step(a), masked_at(X[0, 0].copy()), "x", 0.5),
    "steps": (lambda a: model(LSTM(3)).stream().run(a), masked_at(X[0].copy()), "x", 0.5),
    "normalize": (utils.normalize, masked_at(np.ones((2, 3)), (0, 1)), "x", 0.5),
    "labels": (utils.to_categorical, masked_at(np.arange(3)), "labels", 0),
    "y_pred": (lambda a: MeanSquaredError()(Y, a), masked_at(Y.copy()), "y_pred", 0.5),
    "a metric's weight": (lambda a: MeanAbsoluteError()(Y, Y, a), masked_at(ONES.copy()), "sample_weight", 0.0),
    "sequences": (utils.pad_sequences, [masked_at(np.arange(3)), np.arange(2)], "sequences[0]", 7),
    "a weight": (
        lambda a: (layer := built(Dense(2), np.ones((1, 3)))).set_weights([a, layer.get_weights()[1]]),
        masked_at(np.ones((3, 2))),
        "array",
        0.5,
    ),
    "assign": (lambda a: built(Dense(2), np.ones((1, 3))).kernel.assign(a), masked_at(np.ones((3, 2))), "array", 0.5),
    "a layer's input": (lambda a: LSTM(3, name="one")(a), masked_at(X.copy()), "array", 0.5),
    "a layer's mask": (lambda a: LSTM(3)(X, mask=a), masked_at(np.ones((N, T), bool), (0, 1)), "array", False),
    "initial_state": (
        lambda a: LSTM(3)(X, initial_state=[a, np.ones((N, 3))]),
        masked_at(np.ones((N, 3))),
        "array",
        0.5,
    ),
    "a constant": (lambda a: initializers.Constant(a), masked_at(np.ones((3, 2))), "array", 0.5),
}


@pytest.mark.parametrize("place", FILLED)
def test_elsewhere_it_is_filled(place):
    take, given, name, value = FILLED[place]
    sentence = error_of(take, given)
    assert sentence.endswith(f"would be lost. Fill it: {name}.filled(value)."), sentence
    take([given[0].filled(value), given[1]] if isinstance(given, list) else given.filled(value))


@pytest.mark.parametrize("method", ["fit", "evaluate", "predict"])
def test_steps_of_an_input_are_left_out(method):
    x = np.ma.array(X)
    x[:, 3:] = np.ma.masked
    masking = model(Masking(0.0), LSTM(3), Dense(Y.shape[1]))
    y = () if method == "predict" else (Y,)
    count = N * (T - 3) * D
    assert error_of(getattr(masking, method), x, *y, **QUIET) == (
        f"x is a masked array, and its mask ({count} entries) would be lost. Give each a value: x.filled(0.0). Steps of zeros "
        "are left out by Masking(0.0) as the first layer, and steps at the end by lengths= of fit, evaluate and predict."
    )
    getattr(masking, method)(x.filled(0.0), *y, **QUIET)
    getattr(model(), method)(x.filled(0.0), *y, lengths=[3] * N, **QUIET)


@pytest.mark.parametrize("take", [lambda y: model().fit(X, y, **QUIET), lambda y: model().evaluate(X, y, **QUIET)])
def test_targets_are_left_out_by_weights(take):
    assert error_of(take, masked_at(Y.copy())).endswith(
        "Give each a value, y.filled(0.0), and sample_weight=, with 0 for what was masked."
    )
