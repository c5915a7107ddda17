"""Advice about targets and labels, taken word for word: following it gives what was meant."""

from __future__ import annotations

import numpy as np
import pytest
from advice import QUIET, error_of, names_after, value_of
from training_cases import LABELS, Y_STEPS, C, N, T, X, Y, make_model, same_weights

from numba_lstm import losses


def classifier():
    return make_model("sparse_categorical_crossentropy", activation="softmax")


# -- targets -------------------------------------------------------------------------------------------------------


def refit(y, loss="mse", units=C, sequences=False, activation=None):
    make_model(loss, units=units, sequences=sequences, activation=activation).fit(X, y, **QUIET)


def test_labels_that_begin_below_or_above_0():
    for shift, classes in ((-1, 3), (1, 3), (7, 3)):
        y = LABELS + shift
        sentence = error_of(classifier().fit, X, y, **QUIET)
        after = names_after(sentence, r"Number the classes from 0: (.*?)(?:, and end|\. If this label|\.$)", y=y)
        assert np.array_equal(after["y"], LABELS)
        assert "units" not in sentence
        assert ("If this label means none, write SparseCategoricalCrossentropy(ignore_class=" in sentence) is (shift < 0)
        refit(after["y"], "sparse_categorical_crossentropy", classes, activation="softmax")


def test_labels_of_more_classes_than_units():
    y = np.arange(N) % 5
    sentence = error_of(classifier().fit, X, y, **QUIET)
    assert sentence.endswith("got labels from 0 to 4. End the model with 5 units.")
    refit(y, "sparse_categorical_crossentropy", 5, activation="softmax")
    sentence = error_of(classifier().fit, X, 10 * y - 10, **QUIET)
    after = names_after(sentence, r"Number the classes from 0: (.*?), and end the model with 5 units\.", y=10 * y - 10)
    refit(after["y"], "sparse_categorical_crossentropy", 5, activation="softmax")


def test_labels_a_step_keep_their_shape():
    y = np.random.default_rng(1).integers(0, 3, (N, T)) - 1
    model = make_model("sparse_categorical_crossentropy", sequences=True, activation="softmax")
    after = names_after(error_of(model.fit, X, y, **QUIET), r"from 0: (.*?)\. If this label", y=y)
    assert np.array_equal(after["y"], y + 1)
    model.fit(X, after["y"], **QUIET)


def test_labels_that_are_no_whole_numbers():
    assert error_of(classifier().fit, X, LABELS + 0.5, **QUIET).endswith("Take mean_squared_error for numbers.")
    missing = np.where(LABELS == 1, np.nan, LABELS)
    assert error_of(classifier().fit, X, missing, **QUIET).endswith("Leave samples without a label out.")
    there = ~np.isnan(missing)
    classifier().fit(X[there], missing[there], **QUIET)


def test_an_ignored_class_is_a_weight_of_0():
    y, ignored = LABELS.copy(), LABELS == 1
    one, other = classifier(), classifier()
    for model, label in ((one, 0), (other, 2)):
        y[ignored] = label
        model.fit(X, y, sample_weight=(~ignored).astype(float), shuffle=False, **QUIET)
    assert same_weights(one.get_weights(), other.get_weights())


def test_a_label_of_no_class_may_be_the_ignored_one():
    sentence = error_of(classifier().fit, X, np.where(LABELS == 1, -1, LABELS), **QUIET)
    assert "write SparseCategoricalCrossentropy(ignore_class=-1)" in sentence
    model = classifier()
    model.loss = losses.SparseCategoricalCrossentropy(ignore_class=-1)
    model.fit(X, np.where(LABELS == 1, -1, LABELS), **QUIET)


def test_one_hot_targets_and_labels():
    model = make_model("categorical_crossentropy", activation="softmax")
    sentence = error_of(model.fit, X, LABELS, **QUIET)
    assert "or take sparse_categorical_crossentropy for labels" in sentence
    model.fit(X, value_of(sentence, r"Give one-hot targets, (.*?), or", y=LABELS), **QUIET)
    refit(LABELS, "sparse_categorical_crossentropy", activation="softmax")
    sentence = error_of(classifier().fit, X, np.eye(C)[LABELS], **QUIET)
    assert "take categorical_crossentropy for one-hot targets" in sentence
    refit(np.eye(C)[LABELS], "categorical_crossentropy", activation="softmax")


SEQUENCES = "set return_sequences={} on the last LSTM."


@pytest.mark.parametrize(
    ("y", "given", "advice", "then"),
    [
        (Y, {"sequences": True}, SEQUENCES.format(False), {"sequences": False}),
        (Y_STEPS, {}, SEQUENCES.format(True), {"sequences": True}),
        (Y[:, :2], {}, "Give y of shape (11, 3), or end the model with 2 units.", {"units": 2}),
        (Y[:, 0], {}, "Give y of shape (11, 3), or end the model with 1 unit.", {"units": 1}),
        (Y_STEPS[..., 0], {"sequences": True}, "Give y of shape (11, 5, 3), or end the model with 1 unit.", {"units": 1}),
        (Y_STEPS[..., :2], {"sequences": True}, "or end the model with 2 units.", {"units": 2}),
        (Y_STEPS[..., :2], {}, "Give y of shape (11, 3).", None),
        (Y[:, :2], {"sequences": True}, "Give y of shape (11, 5, 3).", None),
        (Y[:, 0], {"sequences": True, "units": 1}, SEQUENCES.format(False), {"sequences": False}),
    ],
)
def test_targets_of_another_shape(y, given, advice, then):
    sentence = error_of(make_model(**given).fit, X, y, **QUIET)
    assert sentence.endswith(advice)
    if then is not None:
        refit(y, **{**given, **then})


def test_labels_of_another_shape():
    given = {"loss": "sparse_categorical_crossentropy", "activation": "softmax"}
    steps = np.zeros((N, T), int)
    assert error_of(classifier().fit, X, steps, **QUIET).endswith(SEQUENCES.format(True))
    refit(steps, **given, sequences=True)
    assert error_of(make_model(**given, sequences=True).fit, X, LABELS, **QUIET).endswith(SEQUENCES.format(False))
    refit(LABELS, **given)
