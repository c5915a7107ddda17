"""Lists of sequences in which some have no steps: they are computed as sequences of length 0."""

from __future__ import annotations

import numpy as np
import pytest
from tolerances import RECURRENT, assert_close
from training_cases import Y_STEPS, C, D, X, Y, make_model, same_weights

from numba_lstm import Sequential, pad_sequences
from numba_lstm.layers import LSTM, Embedding

QUIET = {"verbose": 0}
SOME = [3, 0, 5, 0, 2]


@pytest.mark.parametrize("empty", [X[0, :0], np.empty(0)])
@pytest.mark.parametrize("sequences", [False, True])
def test_an_empty_sequence_is_one_of_length_0(sequences, empty):
    lists = [x[:n] if n else empty for x, n in zip(X, SOME, strict=False)]
    targets = [y[:n] for y, n in zip(Y_STEPS, SOME, strict=False)] if sequences else Y[:5]
    order = np.argsort(SOME, kind="stable")
    padded = {"lengths": np.array(SOME)[order]}
    x, y = X[:5][order], (Y_STEPS if sequences else Y)[:5][order]
    one, other = make_model(sequences=sequences), make_model(sequences=sequences)
    a = one.fit(lists, targets, epochs=2, shuffle=False, **QUIET).history
    assert a == other.fit(x, y, epochs=2, shuffle=False, **padded, **QUIET).history
    assert same_weights(one.get_weights(), other.get_weights())
    answers = one.predict(lists, **QUIET)
    for place, answer in zip(order, other.predict(x, **padded, **QUIET), strict=True):
        assert np.array_equal(answers[place], answer[: SOME[place]] if sequences else answer)


@pytest.mark.parametrize("sequences", [False, True])
def test_a_batch_of_empty_sequences_alone(sequences):
    model = make_model(sequences=sequences)
    answers = model.predict([X[0, :0], X[1, :0], X[2]], batch_size=2, **QUIET)
    assert [answer.shape for answer in answers] == ([(0, C), (0, C), (5, C)] if sequences else [(C,)] * 3)
    assert_close(answers[2], model(X[2:3])[0], RECURRENT["float32"])
    before = model.get_weights()
    loss = model.evaluate(
        [X[0, :0], X[1, :0], X[2]], Y[:3] if not sequences else [Y_STEPS[0, :0], Y_STEPS[1, :0], Y_STEPS[2]], 2, **QUIET
    )
    assert np.isfinite(loss)
    assert same_weights(before, model.get_weights())


def test_indices_may_have_an_empty_sequence():
    model = Sequential([Embedding(6, D), LSTM(4)])
    words = [np.array([1, 2]), np.array([], int), [3, 4, 5]]
    answers = model.predict([np.asarray(part) for part in words], **QUIET)
    assert np.array_equal(answers, model.predict(pad_sequences(words, padding="post"), lengths=[2, 0, 3], **QUIET))
