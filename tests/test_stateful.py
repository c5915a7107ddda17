"""Stateful models: a batch goes on from the one before, in every method, until reset_states."""

from __future__ import annotations

import numpy as np
import pytest
from tolerances import RECURRENT, assert_close
from training_cases import C, D, make_model, same_weights

from numba_lstm import Sequential
from numba_lstm.layers import LSTM, Dense, Input

N, T = 3, 4
draw = np.random.default_rng(9)
LONG = draw.normal(size=(N, 3 * T, D)).astype(np.float32)
CHUNKS = [LONG[:, start : start + T] for start in range(0, 3 * T, T)]
ROWS = np.concatenate(CHUNKS)  # batch after batch
Y = draw.normal(size=(3 * N, C)).astype(np.float32)
QUIET = {"verbose": 0}


def stateful(sequences=False):
    model = Sequential(
        [
            Input((None, D)),
            LSTM(5, return_sequences=True, stateful=True),
            LSTM(4, return_sequences=sequences, stateful=True),
            Dense(C),
        ]
    )
    draw = np.random.default_rng(2)
    model.set_weights([draw.normal(scale=0.4, size=w.shape) for w in model.get_weights()])
    model.compile("sgd", "mse")
    return model


def stateless():
    model = Sequential([Input((None, D)), LSTM(5, return_sequences=True), LSTM(4, return_sequences=True), Dense(C)])
    model.set_weights(stateful().get_weights())
    return model


def test_parts_one_after_the_other_are_the_whole_sequence():
    model = stateful(sequences=True)
    assert model.stateful
    assert_close(np.concatenate([model(part) for part in CHUNKS], axis=1), stateless()(LONG), RECURRENT["float32"])


def test_batches_of_predict_go_on_from_each_other():
    full = stateless()(LONG)
    outputs = stateful().predict(ROWS, batch_size=N, **QUIET)
    assert_close(outputs, np.concatenate([full[:, T - 1], full[:, 2 * T - 1], full[:, 3 * T - 1]]), RECURRENT["float32"])


def test_reset_states_begins_from_zero():
    model = stateful()
    first = model.predict(CHUNKS[0], **QUIET)
    assert not np.array_equal(model.predict(CHUNKS[0], **QUIET), first)
    model.reset_states()
    assert np.array_equal(model.predict(CHUNKS[0], **QUIET), first)


def test_fit_and_evaluate_go_on_too_and_none_of_them_resets():
    model, by_hand = stateful(), stateful()
    for _ in range(2):
        for rows in range(0, 3 * N, N):
            by_hand.train_on_batch(ROWS[rows : rows + N], Y[rows : rows + N])
    model.fit(ROWS, Y, batch_size=N, epochs=2, shuffle=False, **QUIET)
    assert same_weights(model.get_weights(), by_hand.get_weights())
    assert model.evaluate(CHUNKS[0], Y[:N], **QUIET) == by_hand.test_on_batch(CHUNKS[0], Y[:N])
    assert same_weights(model.layers[0].states, by_hand.layers[0].states)


def test_a_mask_carries_the_states_of_rows_that_are_over():
    model, lengths = stateful(), np.array([0, 2, T])
    model(CHUNKS[0])
    before = [state.copy() for layer in model.layers[:2] for state in layer.states]
    model(CHUNKS[1], lengths=lengths)
    after = [state for layer in model.layers[:2] for state in layer.states]
    for old, new in zip(before, after, strict=True):
        assert np.array_equal(old[0], new[0])
        assert not np.array_equal(old[1:], new[1:])


def test_another_batch_size_is_a_sentence():
    model = stateful()
    model(CHUNKS[0])
    with pytest.raises(ValueError, match=r"goes on from a batch of 3, got a batch of 2.*reset_states"):
        model(CHUNKS[0][:2])
    model.reset_states()
    assert model(CHUNKS[0][:2]).shape == (2, C)


@pytest.mark.parametrize("method", ["fit", "evaluate", "predict"])
def test_batches_of_unequal_sizes_are_a_sentence_before_anything_runs(method):
    model = stateful()
    targets = () if method == "predict" else (Y,)
    with pytest.raises(ValueError, match="9 samples make batches of 4 and one of 1. Give a batch_size that divides 9"):
        getattr(model, method)(ROWS, *targets, batch_size=4, **QUIET)
    assert model.layers[0].states is None


def test_a_validation_split_must_divide_too():
    with pytest.raises(ValueError, match="is stateful"):
        stateful().fit(ROWS, Y, batch_size=3, validation_split=0.5, **QUIET)


def test_fewer_samples_than_a_batch_are_one_batch():
    assert stateful().predict(CHUNKS[0], batch_size=32, **QUIET).shape == (N, C)


def test_a_list_of_sequences_is_a_sentence():
    with pytest.raises(ValueError, match="takes no list of sequences"):
        stateful().predict([LONG[0], LONG[1, :2]], **QUIET)


def test_a_stateless_model_keeps_nothing():
    model = make_model()
    assert not model.stateful
    first = model(CHUNKS[0])
    assert np.array_equal(model(CHUNKS[0]), first)
    model.reset_states()
