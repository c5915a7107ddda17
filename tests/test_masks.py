"""Masks and lengths: through a model's layers, into its loss and its metrics, and together with weights."""

from __future__ import annotations

import numpy as np
import pytest
from tolerances import FINITE_DIFFERENCES, RECURRENT, assert_close
from training_cases import LABELS, STEP_LABELS, WEIGHT, Y_STEPS, C, D, N, T, X, Y, make_model, same_weights

from numba_lstm import Sequential
from numba_lstm.layers import LSTM, Dense, Embedding, Flatten, Input, Masking
from numba_lstm.optimizers import SGD

LENGTHS = np.random.default_rng(4).integers(0, T + 1, size=N)
LENGTHS[:3] = 0, 1, T
MASK = np.arange(T) < LENGTHS[:, None]
QUIET = {"verbose": 0}


def errors(model):
    """The squared and the absolute error of each step."""
    difference = model.predict(X, lengths=LENGTHS, **QUIET) - Y_STEPS
    return (difference**2).mean(axis=-1), abs(difference).mean(axis=-1)


def close(value):
    return pytest.approx(value, rel=RECURRENT["float64"])


# -- the forward pass -----------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("sequences", [False, True])
def test_lengths_are_a_right_padded_mask(sequences):
    model = make_model(sequences=sequences)
    masked = model(X, mask=MASK)
    assert not np.array_equal(masked, model(X))
    assert np.array_equal(model(X, lengths=LENGTHS), masked)
    assert_close(model.predict(X, batch_size=4, lengths=LENGTHS, **QUIET), masked, RECURRENT["float32"])
    assert np.array_equal(model.predict_on_batch(X, lengths=list(LENGTHS)), masked)


def test_a_mask_reaches_the_first_layer():
    model = make_model(sequences=True)
    mask = np.random.default_rng(1).uniform(size=(N, T)) < 0.5
    lstm, dense = model.layers
    assert np.array_equal(model(X, mask=mask), dense(lstm(X, mask=mask)))


def test_a_layer_above_one_that_goes_backwards_leaves_out_the_steps_that_were_masked():
    model = Sequential([Input((T, D)), LSTM(4, return_sequences=True, go_backwards=True), LSTM(3)])
    below, above = model.layers
    outputs = below(X, mask=MASK)
    assert np.array_equal(model(X, mask=MASK), above(outputs, mask=MASK[:, ::-1]))
    assert not np.array_equal(model(X, mask=MASK), above(outputs, mask=MASK))  # as Keras does


def test_a_mask_may_be_of_any_real_numbers():
    model = make_model()
    assert np.array_equal(model(X, mask=MASK.astype(int) * 3), model(X, mask=MASK))


def test_lengths_join_the_mask_that_a_masking_layer_finds():
    masking = Sequential([Input((T, D)), Masking(9.0), LSTM(4, return_sequences=True)])
    bare = Sequential([Input((T, D)), LSTM(4, return_sequences=True)])
    bare.set_weights(masking.get_weights())
    x, found = X.copy(), np.ones((N, T), bool)
    x[:, 1], found[:, 1] = 9, False
    assert np.array_equal(masking(x, lengths=LENGTHS), bare(x, mask=MASK & found))


@pytest.mark.parametrize("mask_zero", [False, True])
def test_lengths_go_through_an_embedding(mask_zero):
    indices = np.random.default_rng(1).integers(0, 6, size=(N, T))
    embedded = Sequential([Embedding(6, D, mask_zero=mask_zero), LSTM(4)])
    rows = embedded.layers[0](indices)
    expected = embedded.layers[1](rows, mask=MASK & (indices != 0) if mask_zero else MASK)
    assert np.array_equal(embedded(indices, lengths=LENGTHS), expected)


def test_a_layer_that_takes_no_mask_says_that_it_ends_there():
    model = Sequential([Input((T, D)), LSTM(4, return_sequences=True), Flatten(), Dense(C)])
    with pytest.warns(UserWarning, match=r"flatten\w* takes no mask"):
        model(X, mask=MASK)
    assert model(X).shape == (N, C)


# -- the loss and the metrics ---------------------------------------------------------------------------------------------


def test_the_loss_is_the_mean_over_the_steps_that_are_not_masked():
    model = make_model(sequences=True, dtype="float64")
    squares, _ = errors(model)
    assert model.test_on_batch(X, Y_STEPS, lengths=LENGTHS) == close(squares[MASK].mean())


def test_metrics_count_steps_that_are_not_masked_and_weighted_ones_their_weights():
    model = make_model(sequences=True, dtype="float64")
    weight = np.random.default_rng(2).uniform(0.5, 2, size=(N, T))
    squares, absolutes = errors(model)
    model.compile("sgd", "mse", metrics=["mae"], weighted_metrics=["mse"])
    values = model.evaluate(X, Y_STEPS, sample_weight=weight, lengths=LENGTHS, batch_size=N, **QUIET)
    in_all = MASK.sum()
    assert values == [
        close((weight * squares)[MASK].sum() / in_all),
        close(absolutes[MASK].mean()),
        close((weight * squares)[MASK].sum() / weight[MASK].sum()),
    ]


def test_metrics_of_an_epoch_of_training_are_those_of_evaluation():
    model = make_model(optimizer=SGD(0.0), sequences=True, metrics=["mae"], dtype="float64")
    trained = model.fit(X, Y_STEPS, lengths=LENGTHS, batch_size=4, shuffle=False, **QUIET).history
    evaluated = model.evaluate(X, Y_STEPS, lengths=LENGTHS, batch_size=4, return_dict=True, **QUIET)
    assert {name: values[0] for name, values in trained.items()} == {name: close(value) for name, value in evaluated.items()}


@pytest.mark.parametrize("given", ["sample_weight", "class_weight"])
def test_weights_and_masks_multiply(given):
    table = {0: 0.25, 2: 3.0}
    weights = {"sample_weight": WEIGHT, "class_weight": table}
    by_step = {"sample_weight": np.repeat(WEIGHT[:, None], T, axis=1), "class_weight": np.array([0.25, 1, 3])[STEP_LABELS]}
    masked, weighted = (make_model("sparse_categorical_crossentropy", SGD(0.1), sequences=True, dtype="float64") for _ in "ab")
    loss = masked.train_on_batch(X, STEP_LABELS, lengths=LENGTHS, **{given: weights[given]})
    share = MASK * (N * T / MASK.sum())  # causal layers: what is padded touches nothing before it
    assert loss == close(weighted.train_on_batch(X, STEP_LABELS, sample_weight=by_step[given] * share))
    for a, b in zip(masked.get_weights(), weighted.get_weights(), strict=True):
        assert_close(a, b, RECURRENT["float64"])


def test_the_gradient_of_a_masked_loss_agrees_with_finite_differences():
    model = make_model(optimizer=SGD(1.0), sequences=True, dtype="float64")
    data = {"x": np.where(MASK[..., None], X, 0), "y": Y_STEPS}
    masked = Sequential([Input((T, D)), Masking(), *model.layers], dtype="float64")
    masked.compile(SGD(1.0), "mse")
    start = masked.get_weights()
    direction = [np.random.default_rng(5).normal(size=w.shape) for w in start]

    def loss(distance):
        masked.set_weights([w + distance * d for w, d in zip(start, direction, strict=True)])
        return masked.test_on_batch(**data)

    difference = (loss(1e-5) - loss(-1e-5)) / 2e-5
    masked.set_weights(start)
    masked.train_on_batch(**data)  # a step of minus the gradient
    slope = sum(np.sum((w - after) * d) for w, after, d in zip(start, masked.get_weights(), direction, strict=True))
    assert_close(slope, difference, FINITE_DIFFERENCES)


def test_a_batch_without_steps_has_no_loss_and_moves_nothing():
    model = make_model(optimizer="sgd", sequences=True, metrics=["mae"])
    before = model.get_weights()
    assert model.train_on_batch(X, Y_STEPS, lengths=np.zeros(N, int)) == [0.0, 0.0]
    assert same_weights(before, model.get_weights())


def test_a_mask_that_ends_below_the_output_weighs_no_sample():
    model = make_model(dtype="float64")
    squares = ((model(X, lengths=LENGTHS) - Y) ** 2).mean(axis=-1)
    assert model.test_on_batch(X, Y, lengths=LENGTHS) == close(squares.mean())


# -- fit ------------------------------------------------------------------------------------------------------------------


def test_training_on_a_batch_with_lengths_is_a_step_of_fit():
    stepped, fitted = make_model(sequences=True), make_model(sequences=True)
    losses = [stepped.train_on_batch(X, Y_STEPS, lengths=LENGTHS) for _ in range(3)]
    assert fitted.fit(X, Y_STEPS, N, 3, shuffle=False, lengths=LENGTHS, **QUIET).history["loss"] == losses
    assert same_weights(stepped.get_weights(), fitted.get_weights())


def test_lengths_are_shuffled_with_their_samples():
    padded, masked = make_model(sequences=True), make_model(sequences=True)
    with_masking = Sequential([Input((T, D)), Masking(9.0), *masked.layers])
    with_masking.compile("adam", "mse")
    with_masking.random.state = padded.random.state
    padded.fit(X, Y_STEPS, 4, 2, lengths=LENGTHS, **QUIET)
    with_masking.fit(np.where(MASK[..., None], X, 9.0), Y_STEPS, 4, 2, **QUIET)
    assert same_weights(padded.get_weights(), with_masking.get_weights())


def test_a_validation_split_takes_its_lengths():
    split, given = make_model(sequences=True), make_model(sequences=True)
    a = split.fit(X, Y_STEPS, 4, 2, lengths=LENGTHS, validation_split=0.25, **QUIET)
    held_out = {"validation_data": (X[8:], Y_STEPS[8:]), "validation_lengths": LENGTHS[8:]}
    b = given.fit(X[:8], Y_STEPS[:8], 4, 2, lengths=LENGTHS[:8], **held_out, **QUIET)
    assert a.history == b.history


# -- what is refused ------------------------------------------------------------------------------------------------------

REFUSED = {
    "beyond the steps": (np.where(LENGTHS == 1, T + 1, LENGTHS), ValueError, "from 0 to 5, the steps of x, got 6 for sample 1"),
    "below zero": (LENGTHS - 1, ValueError, "got -1 for sample 0"),
    "fractions": (LENGTHS / 2, TypeError, "lengths must be whole numbers"),
    "too few": (LENGTHS[1:], ValueError, r"shape \(11,\), one a sample of x, got \(10,\)"),
}


@pytest.mark.parametrize("name", REFUSED)
@pytest.mark.parametrize("method", ["call", "predict", "evaluate", "fit", "train_on_batch", "test_on_batch"])
def test_wrong_lengths_are_a_sentence(name, method):
    lengths, error, sentence = REFUSED[name]
    model = make_model()
    before, state = model.get_weights(), model.random.state
    method, given = (model, (X,)) if method == "call" else (getattr(model, method), (X,) if method == "predict" else (X, Y))
    with pytest.raises(error, match=sentence):
        method(*given, lengths=lengths)
    assert same_weights(before, model.get_weights())
    assert model.random.state == state


def test_a_mask_of_another_shape_is_a_sentence():
    with pytest.raises(ValueError, match=r"mask must have the shape \(batch, time\) = \(11, 5\), got \(5, 11\)"):
        make_model()(X, mask=MASK.T)


def test_a_mask_and_lengths_are_one_too_many():
    with pytest.raises(ValueError, match="cannot both be given"):
        make_model()(X, mask=MASK, lengths=LENGTHS)


def test_an_input_without_steps_has_no_lengths():
    model = Sequential([Dense(C)])
    with pytest.raises(ValueError, match=r"belong to x of \(batch, time, features\), got shape \(11, 7\)"):
        model(X[:, 0], lengths=LENGTHS)


def test_lengths_beside_an_iterable_are_a_sentence():
    model = make_model()
    for method in (model.fit, model.evaluate, model.predict):
        with pytest.raises(ValueError, match="lengths cannot be given beside an iterable x"):
            method(iter([(X, Y)]), lengths=LENGTHS, **QUIET)


def test_validation_lengths_without_data_are_a_sentence():
    with pytest.raises(ValueError, match="validation_lengths belong to validation_data"):
        make_model().fit(X, Y, validation_lengths=LENGTHS, **QUIET)


def test_labels_of_masked_steps_must_still_be_classes():
    model = make_model("sparse_categorical_crossentropy", activation="softmax")
    with pytest.raises(ValueError, match="takes labels from 0 to 2"):
        model.fit(X, np.where(LABELS == 0, -1, LABELS), lengths=LENGTHS, **QUIET)
