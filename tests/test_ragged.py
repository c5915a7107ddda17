"""Sequences of unequal lengths as a list of arrays: their batches, and that each is computed as if it were alone."""

from __future__ import annotations

import numpy as np
import pytest
from tolerances import RECURRENT, SUMS, assert_close
from training_cases import Y_STEPS, C, D, N, X, Y, make_model, same_weights

from numba_lstm import Sequential
from numba_lstm.layers import LSTM, Dense, Embedding, Flatten, Input
from numba_lstm.optimizers import SGD

LENGTHS = [3, 1, 5, 2, 5, 4, 1, 2, 3, 5, 4]


LISTS = [x[:n] for x, n in zip(X, LENGTHS, strict=True)]


TARGETS = [y[:n] for y, n in zip(Y_STEPS, LENGTHS, strict=True)]


ORDER = np.argsort(LENGTHS, kind="stable")


QUIET = {"verbose": 0}


def of_steps(function):
    """A function of (steps, classes) for each sequence."""
    draw = np.random.default_rng(6)
    return [function(draw, n) for n in LENGTHS]


# -- predict --------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("sequences", [False, True])
@pytest.mark.parametrize("batch_size", [1, 3, 32])
def test_predictions_come_back_in_order_and_as_if_each_were_alone(sequences, batch_size):
    model = make_model(sequences=sequences)
    outputs = model.predict(LISTS, batch_size=batch_size, **QUIET)
    assert isinstance(outputs, list) is sequences
    for x, output in zip(LISTS, outputs, strict=True):
        alone = model(x[None])[0]
        assert output.shape == alone.shape
        assert_close(output, alone, RECURRENT["float32"])


def test_no_bit_of_a_sequence_depends_on_its_batch():
    model = make_model(sequences=True).to("cpu")
    draw = np.random.default_rng(8)
    lists = [draw.normal(size=(n, D)).astype(np.float32) for n in draw.integers(1, 40, size=30)]
    assert all(np.array_equal(y, model(x[None])[0]) for x, y in zip(lists, model.predict(lists, 7, **QUIET), strict=True))


def test_predict_on_batch_is_predict():
    model = make_model(sequences=True)
    outputs = model.predict_on_batch(LISTS)
    assert same_weights(outputs, model.predict(LISTS, **QUIET))


def test_arrays_of_one_length_are_a_batch_like_any_other():
    model = make_model(sequences=True)
    assert np.array_equal(model.predict(list(X), **QUIET), model.predict(X, **QUIET))


def test_indices_may_be_of_unequal_lengths():
    model = Sequential([Embedding(6, D), LSTM(4, return_sequences=True)])
    rows = of_steps(lambda draw, n: draw.integers(0, 6, size=n))
    for row, output in zip(rows, model.predict(rows, batch_size=4, **QUIET), strict=True):
        assert_close(output, model(row[None])[0], RECURRENT["float32"])


# -- training and evaluation ----------------------------------------------------------------------------------------------


def test_a_ragged_batch_is_a_padded_one_with_lengths():
    ragged, padded = make_model(sequences=True, metrics=["mae"]), make_model(sequences=True, metrics=["mae"])
    x, y, lengths = X[ORDER], Y_STEPS[ORDER], np.array(LENGTHS)[ORDER]
    a = ragged.fit(LISTS, TARGETS, N, 3, shuffle=False, **QUIET).history
    b = padded.fit(x, y, N, 3, shuffle=False, lengths=lengths, **QUIET).history
    assert a == b
    assert same_weights(ragged.get_weights(), padded.get_weights())
    assert ragged.evaluate(LISTS, TARGETS, **QUIET) == padded.evaluate(x, y, lengths=lengths, **QUIET)


@pytest.mark.parametrize("sequences", [False, True])
def test_a_seed_repeats_it_bit_for_bit(sequences):
    def run():
        model = make_model(sequences=sequences, dropout=0.5)
        history = model.fit(LISTS, TARGETS if sequences else Y, batch_size=4, epochs=3, **QUIET).history
        return [*model.get_weights(), history["loss"]]

    assert same_weights(run(), run())


def test_each_epoch_takes_each_sequence_once():
    sums = []

    class Noting(LSTM):
        def forward(self, ops, x, states=None, mask=None, training=False, rng=None):
            host = ops.to_host(x).sum(axis=-1)
            sums.extend(np.sum(host if mask is None else host * ops.to_host(mask), axis=0))
            return super().forward(ops, x, states, mask, training, rng)

    model = Sequential([Input((None, D)), Noting(3), Dense(C)], dtype="float64")
    model.compile("adam", "mse")
    model.fit(LISTS, Y, batch_size=3, epochs=2, **QUIET)
    expected = sorted(x.sum(dtype=np.float64) for x in LISTS)
    for epoch in (sums[:N], sums[N:]):
        assert_close(sorted(epoch), expected, SUMS["float64"])


def test_metrics_count_each_step_once_whatever_the_batches():
    model = make_model(sequences=True, metrics=["mae"], dtype="float64")
    full = np.concatenate([abs(a - y) for a, y in zip(model.predict(LISTS, **QUIET), TARGETS, strict=True)]).mean()
    for size in (2, 5, 32):
        assert model.evaluate(LISTS, TARGETS, batch_size=size, **QUIET)[1] == pytest.approx(full, rel=RECURRENT["float64"])


def test_labels_weights_and_classes_are_lists_too():
    labels = of_steps(lambda draw, n: draw.integers(0, C, size=n))
    table = np.array([1.0, 2.5, 0.5])
    losses = []
    for weights in (
        {"class_weight": dict(enumerate(table))},
        {"sample_weight": [table[row] for row in labels]},
    ):
        model = make_model("sparse_categorical_crossentropy", SGD(0.1), sequences=True, activation="softmax")
        losses.append(model.fit(LISTS, labels, batch_size=4, **weights, **QUIET).history["loss"])
    assert losses[0] == losses[1]


def test_a_weight_a_sequence_counts_for_its_steps():
    weight = np.random.default_rng(7).uniform(0.5, 2, size=N)
    one, each = (make_model(sequences=True) for _ in range(2))
    steps = [np.full(n, w) for n, w in zip(LENGTHS, weight, strict=True)]
    a = one.fit(LISTS, TARGETS, batch_size=4, sample_weight=weight, **QUIET).history
    assert a == each.fit(LISTS, TARGETS, batch_size=4, sample_weight=steps, **QUIET).history


def test_targets_of_one_output_need_no_axis_for_it():
    bare, full = make_model(sequences=True, units=1), make_model(sequences=True, units=1)
    a = bare.fit(LISTS, [y[:, 0] for y in TARGETS], **QUIET).history
    assert a == full.fit(LISTS, [y[:, :1] for y in TARGETS], **QUIET).history


def test_validation_is_evaluation():
    model = make_model(sequences=True, metrics=["mae"])
    history = model.fit(LISTS, TARGETS, validation_split=0.3, **QUIET).history
    expected = model.evaluate(LISTS[7:], TARGETS[7:], return_dict=True, **QUIET)
    assert {name: history[f"val_{name}"][-1] for name in expected} == expected
    duplicate = make_model(sequences=True, metrics=["mae"])
    given = duplicate.fit(LISTS[:7], TARGETS[:7], validation_data=(LISTS[7:], TARGETS[7:]), **QUIET).history
    assert given == history


def test_an_iterable_may_bring_ragged_batches():
    stepped, iterated = make_model(sequences=True), make_model(sequences=True)
    loss = stepped.train_on_batch(LISTS, TARGETS)
    assert iterated.fit(iter([(LISTS, TARGETS)]), steps_per_epoch=1, **QUIET).history["loss"] == [loss]
    assert same_weights(stepped.get_weights(), iterated.get_weights())


def test_a_model_is_built_for_sequences_of_any_length():
    model = Sequential([LSTM(4), Dense(C)])
    model.compile("adam", "mse")
    model.fit(LISTS, Y, **QUIET)
    assert model.input_shape == (None, None, D)


# -- what is refused ------------------------------------------------------------------------------------------------------


def wrong_width():
    return [*LISTS[:-1], LISTS[-1][:, :2]]


REFUSED = {
    "features of another sequence": (
        {"x": wrong_width(), "y": TARGETS},
        r"x\[10\] has steps of shape \(2,\), x\[0\] of \(7,\)",
    ),
    "features of another model": (
        {"x": [x[:, :3] for x in LISTS], "y": TARGETS},
        r"built for features = 7, got shape \(11, None, 3\)",
    ),
    "targets of an empty sequence": (
        {"x": [*LISTS[:-1], X[0, :0]], "y": TARGETS},
        r"y\[10\] must have the shape \(0, 3\), got \(4, 3\)\. Give one row a step of x\[10\]",
    ),
    "steps of a sequence that has none": (
        {"x": [X[0, :0], X[0, :0]], "y": [X[0, :1], X[0, :0]]},
        r"y\[0\] must have the shape \(0, 3\), got \(1, 3\)\. Give one row a step of x\[0\]",
    ),
    "one array of targets": ({"x": LISTS, "y": Y_STEPS}, "y must be a list of as many arrays, got ndarray"),
    "a target too few": ({"x": LISTS, "y": TARGETS[:-1]}, "y must be a list of as many arrays, got 10 of them"),
    "a step too many": ({"x": LISTS, "y": [Y_STEPS[0], *TARGETS[1:]]}, r"y\[0\] must have the shape \(3, 3\), got \(5, 3\)"),
    "another width": ({"x": LISTS, "y": [y[:, :2] for y in TARGETS]}, r"does not fit the model's output"),
    "lengths": ({"x": LISTS, "y": TARGETS, "lengths": LENGTHS}, "a list of arrays has its own"),
}


@pytest.mark.parametrize("name", REFUSED)
def test_what_does_not_fit_is_a_sentence(name):
    arguments, sentence = REFUSED[name]
    model = make_model(sequences=True)
    before = model.get_weights()
    with pytest.raises(ValueError, match=sentence):
        model.fit(**arguments, **QUIET)
    assert same_weights(before, model.get_weights())


def test_a_layer_that_needs_all_steps_takes_no_sequences_of_unequal_lengths():
    model = Sequential([Input((5, D)), LSTM(4, return_sequences=True), Flatten(), Dense(C)])
    with pytest.raises(ValueError, match=r"takes sequences of 5 steps alone\. Pad them: x=pad_sequences\(x, maxlen=5"):
        model.predict(LISTS, **QUIET)


def test_steps_of_evaluation_would_be_of_the_shortest():
    with pytest.raises(ValueError, match="come by length"):
        make_model(sequences=True).predict(LISTS, steps=2, **QUIET)


def test_an_iterable_of_ragged_batches_cannot_be_predicted():
    with pytest.raises(ValueError, match="Give predict one list"):
        make_model(sequences=True).predict(iter([LISTS]), steps=1, **QUIET)
