"""Penalties and constraints in training."""

from __future__ import annotations

import numpy as np
import pytest
from tolerances import RECURRENT, assert_close
from training_cases import C, D, N, T, X, Y, same_weights

from numba_lstm import Sequential, callbacks
from numba_lstm.layers import LSTM, Dense, Input
from numba_lstm.optimizers import SGD

QUIET = {"verbose": 0}


def stack(**arguments):
    layers = LSTM(4, **arguments.get("lstm", {})), Dense(C, **arguments.get("dense", {}))
    model = Sequential([Input((T, D)), *layers], dtype="float64")
    draw = np.random.default_rng(3)
    model.set_weights([draw.normal(scale=0.4, size=w.shape) for w in model.get_weights()])
    model.compile(SGD(0.1), "mse")
    return model


def test_penalties_join_the_loss_and_the_gradients():
    plain, penalized = stack(), stack(lstm={"recurrent_regularizer": "l2"}, dense={"bias_regularizer": "l1"})
    before = plain.get_weights()
    squares, magnitudes = 0.01 * np.sum(before[1] ** 2), 0.01 * np.sum(abs(before[4]))
    loss = plain.test_on_batch(X, Y) + squares + magnitudes
    assert penalized.evaluate(X, Y, **QUIET) == pytest.approx(loss, rel=RECURRENT["float64"])
    plain.train_on_batch(X, Y)
    assert penalized.fit(X, Y, **QUIET).history["loss"] == [pytest.approx(loss, rel=RECURRENT["float64"])]
    pulled = [np.zeros_like(w) for w in before]
    pulled[1], pulled[4] = 0.1 * 0.02 * before[1], 0.1 * 0.01 * np.sign(before[4])
    for after, free, pull in zip(penalized.get_weights(), plain.get_weights(), pulled, strict=True):
        assert_close(after, free - pull, RECURRENT["float64"])


def test_a_penalty_of_outputs_joins_the_loss_of_its_batch():
    plain, penalized = stack(), stack(dense={"activity_regularizer": "l2"})
    loss = plain.test_on_batch(X, Y) + 0.01 * np.sum(plain(X) ** 2) / N
    assert penalized.test_on_batch(X, Y) == pytest.approx(loss, rel=RECURRENT["float64"])
    assert penalized.train_on_batch(X, Y) == pytest.approx(loss, rel=RECURRENT["float64"])


def test_what_is_frozen_has_no_penalty():
    model = stack(lstm={"kernel_regularizer": "l2"})
    model.layers[0].trainable = False
    assert model.test_on_batch(X, Y) == stack().test_on_batch(X, Y)


def test_constraints_hold_after_each_step():
    model, record = stack(dense={"kernel_constraint": "non_neg"}), []
    watching = callbacks.LambdaCallback(on_train_batch_end=lambda batch, logs: record.append(model.get_weights()[3].min()))
    model.fit(X, Y, batch_size=4, epochs=2, callbacks=[watching], **QUIET)
    assert min(record) == 0.0
    assert len(record) == 6


def test_a_model_that_is_not_trainable_stays_as_it_is():
    model = Sequential([Input((T, D)), LSTM(4), Dense(C)], trainable=False)
    model.compile("adam", "mse")
    before = model.get_weights()
    model.fit(X, Y, **QUIET)
    assert same_weights(before, model.get_weights())
