"""predict, and the counterparts of fit, evaluate and predict for one batch."""

from __future__ import annotations

import threading
import tracemalloc

import numpy as np
import pytest
from training_cases import WEIGHT, N, X, Y, make_model, same_weights

from numba_lstm import Sequential
from numba_lstm.layers import LSTM, Dense

QUIET = {"verbose": 0}


# -- one batch ----------------------------------------------------------------------------------------------------------


def test_train_on_batch_is_a_step_of_fit():
    stepped, fitted = make_model(dropout=0.5), make_model(dropout=0.5)
    losses = [stepped.train_on_batch(X, Y) for _ in range(3)]
    history = fitted.fit(X, Y, batch_size=N, epochs=3, shuffle=False, **QUIET)
    assert losses == history.history["loss"]
    assert same_weights(stepped.get_weights(), fitted.get_weights())


def test_train_on_batch_answers_this_batch_alone():
    model = make_model(optimizer="sgd")
    model.train_on_batch(X[:4], Y[:4])
    expected = model.test_on_batch(X[4:], Y[4:])
    assert model.train_on_batch(X[4:], Y[4:]) == expected


def test_test_on_batch_is_evaluate_and_changes_nothing():
    model = make_model(metrics=["mae"])
    before = model.get_weights()
    assert model.test_on_batch(X, Y, WEIGHT) == model.evaluate(X, Y, batch_size=N, sample_weight=WEIGHT, **QUIET)
    assert same_weights(before, model.get_weights())


def test_answers_are_a_number_a_list_or_a_dict():
    model = make_model()
    loss = model.evaluate(X, Y, **QUIET)
    assert isinstance(loss, float)
    assert model.evaluate(X, Y, return_dict=True, **QUIET) == {"loss": loss}
    model = make_model(metrics=["mae", "mae"])
    values = model.evaluate(X, Y, **QUIET)
    assert dict(zip(["loss", "mae", "mae_1"], values, strict=True)) == model.evaluate(X, Y, return_dict=True, **QUIET)


# -- predict ------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("sequences", [False, True])
def test_predict_is_the_call_in_batches(sequences):
    model = make_model(sequences=sequences)
    output = model.predict(X, batch_size=4, **QUIET)
    expected = np.concatenate([model(X[start : start + 4]) for start in range(0, N, 4)])
    assert output.flags.c_contiguous
    assert np.array_equal(output, expected)
    assert np.array_equal(model.predict_on_batch(X), model(X))


def test_predict_needs_no_compile():
    model = Sequential([LSTM(3), Dense(2)])
    assert model.predict(X, **QUIET).shape == (N, 2)


def test_predict_stops_after_its_steps():
    model = make_model()
    assert np.array_equal(model.predict(X, batch_size=4, steps=2, **QUIET), model.predict(X[:8], batch_size=4, **QUIET))


def test_predict_takes_batches_without_targets():
    model = make_model()
    batches = (X[start : start + 4] for start in range(0, N, 4))
    assert np.array_equal(model.predict(batches, steps=3, **QUIET), model.predict(X, batch_size=4, **QUIET))


def test_many_threads_predict_the_same():
    model = make_model(dropout=0.5)
    expected = model.predict(X, batch_size=4, **QUIET)
    state = model.random.state
    results = [None] * 8

    def work(k):
        results[k] = [model.predict(X, batch_size=4, **QUIET) for _ in range(5)]

    threads = [threading.Thread(target=work, args=(k,)) for k in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert all(np.array_equal(output, expected) for outputs in results for output in outputs)
    assert model.random.state == state


def test_predict_holds_one_batch_beside_its_output():
    model = make_model()
    x = np.repeat(X, 1000, axis=0)
    model.predict(x[:64], **QUIET)
    tracemalloc.start()
    try:
        output = model.predict(x, batch_size=32, **QUIET)
        _, peak = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()
    assert peak < output.nbytes + x.nbytes / 4  # a copy of the input would be four times as much
