"""Lists of sequences in which some have no steps: they are computed as sequences of length 0."""

from __future__ import annotations

import numpy as np
import pytest
from tolerances import RECURRENT, assert_close
from training_cases import Y_STEPS, C, D, X, Y, make_model, same_weights

from numba_lstm import Sequential, pad_sequences
from numba_lstm.layers import LSTM, Dense, Embedding, Input

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
    outputs = one.predict(lists, **QUIET)
    for place, output in zip(order, other.predict(x, **padded, **QUIET), strict=True):
        assert np.array_equal(outputs[place], output[: SOME[place]] if sequences else output)


@pytest.mark.parametrize("sequences", [False, True])
def test_a_batch_of_empty_sequences_alone(sequences):
    model = make_model(sequences=sequences)
    outputs = model.predict([X[0, :0], X[1, :0], X[2]], batch_size=2, **QUIET)
    assert [output.shape for output in outputs] == ([(0, C), (0, C), (5, C)] if sequences else [(C,)] * 3)
    assert_close(outputs[2], model(X[2:3])[0], RECURRENT["float32"])
    before = model.get_weights()
    loss = model.evaluate(
        [X[0, :0], X[1, :0], X[2]], Y[:3] if not sequences else [Y_STEPS[0, :0], Y_STEPS[1, :0], Y_STEPS[2]], 2, **QUIET
    )
    assert np.isfinite(loss)
    assert same_weights(before, model.get_weights())


def test_indices_may_have_an_empty_sequence():
    model = Sequential([Embedding(6, D), LSTM(4)])
    words = [np.array([1, 2]), np.array([], int), [3, 4, 5]]
    outputs = model.predict([np.asarray(part) for part in words], **QUIET)
    assert np.array_equal(outputs, model.predict(pad_sequences(words, padding="post"), lengths=[2, 0, 3], **QUIET))


# -- nothing but empty sequences --------------------------------------------------------------------------------------------

NONE = np.zeros((2, 1, D), "float32")  #: what lists of two empty sequences are padded to


@pytest.mark.parametrize("empty", [X[0, :0], np.empty(0)])
def test_a_list_of_empty_sequences_alone_is_computed_as_lengths_of_0(empty):
    one, other = make_model(), make_model()
    for count in (1, 2):
        lists, padded = [empty] * count, {"x": NONE[:count], "lengths": [0] * count}
        assert np.array_equal(one.predict(lists, **QUIET), other.predict(**padded, **QUIET))
        y = Y[:count]
        assert one.evaluate(lists, y, **QUIET) == other.evaluate(**padded, y=y, **QUIET)
        assert one.fit(lists, y, epochs=2, **QUIET).history == other.fit(**padded, y=y, epochs=2, **QUIET).history
        assert same_weights(one.get_weights(), other.get_weights())


@pytest.mark.parametrize(("loss", "row"), [("mse", (C,)), ("sparse_categorical_crossentropy", ())])
@pytest.mark.parametrize("weight", [None, [1.0, 2.0], [np.zeros(0), np.zeros(0)]])
def test_a_list_of_empty_sequences_alone_has_empty_answers(loss, row, weight):
    one, other = (make_model(loss, sequences=True, activation="softmax") for _ in "ab")
    lists, y = [X[0, :0], X[1, :0]], [np.zeros((0, *row)), np.zeros(0)]
    padded = {"x": NONE, "y": np.zeros((2, 1, *row)), "lengths": [0, 0]}
    assert [output.shape for output in one.predict(lists, **QUIET)] == [(0, C)] * 2
    assert one.evaluate(lists, y, sample_weight=weight, **QUIET) == other.evaluate(**padded, **QUIET)
    assert one.fit(lists, y, sample_weight=weight, **QUIET).history == other.fit(**padded, **QUIET).history
    assert same_weights(one.get_weights(), other.get_weights())


def test_a_batch_of_an_iterator_may_have_empty_sequences_alone():
    model, batches = make_model(), [([X[0]], Y[:1]), ([X[0, :0]], Y[1:2]), ([X[0, :0], X[1, :0]], Y[2:4])]
    assert np.isfinite(model.evaluate(iter(batches), steps=3, **QUIET))
    assert np.isfinite(model.fit(iter(batches), steps_per_epoch=3, **QUIET).history["loss"]).all()
    outputs = model.predict(iter([batch[:1] for batch in batches]), steps=3, **QUIET)
    assert np.array_equal(outputs[1:], model.predict([X[0, :0]] * 3, **QUIET))
    with pytest.raises(
        ValueError, match=r"x brings a batch of sequences without steps\. Leave it out, or give predict one list"
    ):
        make_model(sequences=True).predict(iter([([X[0]],), ([X[0, :0]],)]), steps=2, **QUIET)


def test_indices_may_be_empty_sequences_alone():
    model = Sequential([Embedding(6, D), LSTM(4)])
    expected = model.predict(np.zeros((2, 1)), lengths=[0, 0], **QUIET)
    assert np.array_equal(model.predict([np.array([], int)] * 2, **QUIET), expected)


def test_empty_sequences_have_features_too():
    model = make_model()
    with pytest.raises(ValueError, match=r"x\[1\] has steps of shape \(7,\), x\[0\] of \(3,\)\. Make them equal\."):
        model.predict([np.zeros((0, 3)), X[0]], **QUIET)
    with pytest.raises(ValueError, match=r"was built for features = 7, got shape \(1, None, 3\) with 3"):
        model.predict([np.zeros((0, 3))], **QUIET)
    fresh = Sequential([LSTM(4)])
    with pytest.raises(ValueError, match=r"empty sequences of unknown features\. Give each the shape \(0, features\)\."):
        fresh.predict([np.zeros(0)], **QUIET)
    assert fresh.predict([np.zeros((0, 3))], **QUIET).shape == (1, 4)


def test_samples_without_steps_are_told_from_no_samples():
    sentence = r"{} has {} but no {}, its shape is {}\. Give at least one {}\.$"
    steps = sentence.format("{}", "3 samples", "steps", r"\(3, 0, 7\)", "step")
    for call, name in ((make_model().predict, "x"), (make_model(), "x"), (LSTM(2, name="lstm"), "lstm's input")):
        with pytest.raises(ValueError, match=steps.format(name)):
            call(X[:3, :0])
        call(X[:3, :1])
    with pytest.raises(ValueError, match=sentence.format("x", "1 sample", "features", r"\(1, 5, 0\)", "feature")):
        make_model().predict(X[:1, :, :0])
    with pytest.raises(ValueError, match=sentence.format("dense's input", "3 samples", "features", r"\(3, 0\)", "feature")):
        Dense(2, name="dense")(np.zeros((3, 0)))
    with pytest.raises(ValueError, match=r"x is empty, its shape is \(0, 7\)\. Give at least one step\.$"):
        Sequential([Input((None, D)), LSTM(2)]).stream().run(X[0, :0])
    with pytest.raises(ValueError, match=sentence.format("x", "2 samples", "steps", r"\(2, 0\)", "step")):
        Sequential([Embedding(6, D), LSTM(4)]).predict([[], []])
