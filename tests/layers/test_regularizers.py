"""Regularizers by themselves, and in layers: penalties, their gradients, their configs."""

from __future__ import annotations

import numpy as np
import pytest
from layer_gradients import check_gradients
from tolerances import ELEMENTWISE, FINITE_DIFFERENCES, assert_close

from numba_lstm import regularizers
from numba_lstm.device import get_ops
from numba_lstm.layers import LSTM, Activation, Dense
from numba_lstm.regularizers import L1, L1L2, L2, OrthogonalRegularizer, Regularizer

RNG = np.random.default_rng(5)
W = RNG.normal(size=(4, 6))
X = RNG.normal(size=(3, 5, 7))

FORMULAS = {
    "L1": (L1(0.3), 0.3 * np.abs(W).sum()),
    "L2": (L2(0.2), 0.2 * (W**2).sum()),
    "L1L2": (L1L2(0.1, 0.2), 0.1 * np.abs(W).sum() + 0.2 * (W**2).sum()),
    "rows": (OrthogonalRegularizer(0.5), None),
    "columns": (OrthogonalRegularizer(0.5, "columns"), None),
}


def mean_cosine(rows):
    """Written with loops, as the class says it."""
    unit = [row / np.linalg.norm(row) for row in rows]
    pairs = [abs(unit[i] @ unit[j]) for i in range(len(rows)) for j in range(i)]
    return sum(pairs) / len(pairs)


FORMULAS["rows"] = FORMULAS["rows"][0], 0.5 * mean_cosine(W)
FORMULAS["columns"] = FORMULAS["columns"][0], 0.5 * mean_cosine(W.T)


@pytest.mark.parametrize("name", FORMULAS)
def test_each_penalty_is_its_formula(name):
    regularizer, expected = FORMULAS[name]
    assert_close(regularizer(W), expected, ELEMENTWISE["float64"])


@pytest.mark.parametrize("name", FORMULAS)
def test_each_gradient_agrees_with_finite_differences(name):
    regularizer, direction = FORMULAS[name][0], RNG.normal(size=W.shape)
    difference = (regularizer(W + 1e-6 * direction) - regularizer(W - 1e-6 * direction)) / 2e-6
    assert_close(np.sum(regularizer.gradient(W) * direction), difference, FINITE_DIFFERENCES)


@pytest.mark.parametrize("name", FORMULAS)
def test_a_gradient_keeps_the_dtype_of_its_weight(name):
    assert FORMULAS[name][0].gradient(W.astype("float32")).dtype == np.float32


def test_the_slope_of_the_absolute_value_at_zero_is_zero():
    assert L1(0.3).gradient(np.array([-2.0, 0.0, 3.0])).tolist() == [-0.3, 0, 0.3]


def test_a_row_of_zeros_and_a_single_row_have_a_finite_penalty():
    rows = np.array([[0.0, 0.0], [1.0, 2.0]])
    assert np.isfinite(OrthogonalRegularizer().gradient(rows)).all()
    assert OrthogonalRegularizer()(rows[:1]) == 0


@pytest.mark.parametrize("regularizer", [regularizer for regularizer, _ in FORMULAS.values()], ids=list(FORMULAS))
def test_a_config_makes_an_equal_regularizer(regularizer):
    duplicate = regularizers.get(regularizers.serialize(regularizer))
    assert type(duplicate) is type(regularizer)
    assert duplicate(W) == regularizer(W)


def test_names_classes_and_objects_are_taken_and_none_is_none():
    mine = L2(0.5)
    assert regularizers.get("l2").l2 == regularizers.get("L2").l2 == regularizers.get(L2).l2 == 0.01
    assert type(regularizers.get("l1_l2")) is L1L2
    assert regularizers.get(mine) is mine
    assert regularizers.get(None) is None
    assert regularizers.serialize(None) is None


@pytest.mark.parametrize(
    ("make", "error", "sentence"),
    [
        (lambda: regularizers.get("l3"), ValueError, "unknown regularizer 'l3'"),
        (lambda: regularizers.get(3), TypeError, "regularizer must be a name, an object"),
        (
            lambda: regularizers.get(np.sum),
            TypeError,
            r"^the function 'sum' cannot be a regularizer, since training needs its gradient\. Write a class: class Mine\("
            r"numba_lstm\.regularizers\.Regularizer\) with __call__\(self, x\) and gradient\(self, x\), and give Mine\(\)\.$",
        ),
        (lambda: L1(-1), ValueError, r"l1 must be a number in \[0, inf\), got -1"),
        (lambda: OrthogonalRegularizer(mode="diagonal"), ValueError, "unknown mode 'diagonal'"),
        (lambda: OrthogonalRegularizer()(W[0]), ValueError, r"expects a matrix, got shape \(6,\)"),
    ],
)
def test_what_is_no_regularizer_is_answered_with_a_sentence(make, error, sentence):
    with pytest.raises(error, match=sentence):
        make()


# -- in layers --------------------------------------------------------------------------------------------------------


def built(layer):
    layer(X)
    return layer


def test_a_layer_sums_the_penalties_of_its_weights():
    layer = built(LSTM(3, kernel_regularizer=L1(0.3), recurrent_regularizer="orthogonal_regularizer", bias_regularizer=L2(0.2)))
    expected = [L1(0.3)(layer.kernel.value), OrthogonalRegularizer()(layer.recurrent_kernel.value), L2(0.2)(layer.bias.value)]
    assert layer.losses == expected
    assert layer.penalty() == sum(expected)


def test_weights_that_are_not_trained_have_no_penalty():
    layer = built(Dense(3, kernel_regularizer="l2"))
    assert layer.penalty() > 0
    layer.trainable = False
    assert layer.penalty() == 0
    assert layer.losses == []


def test_without_regularizers_gradients_are_handed_on_as_they_are():
    layer = built(Dense(3))
    gradients = layer.get_weights()
    assert all(a is b for a, b in zip(layer.add_penalty_gradients(get_ops(), gradients), gradients, strict=True))


@pytest.mark.parametrize("sequences", [True, False])
def test_gradients_of_an_lstm_with_penalties_agree_with_finite_differences(sequences):
    layer = LSTM(
        4,
        recurrent_initializer="random_normal",  # orthogonal rows would stand on the kink of their penalty
        kernel_regularizer=L1L2(0.1, 0.2),
        recurrent_regularizer=OrthogonalRegularizer(2.0),
        bias_regularizer="l2",
        activity_regularizer=L2(0.3),
        return_sequences=sequences,
        dtype="float64",
    )
    check_gradients(built(layer), X, RNG.normal(size=(3, 5, 4) if sequences else (3, 4)))


@pytest.mark.parametrize("x", [X, X[:, 0]], ids=["sequences", "rows"])
@pytest.mark.parametrize("make", [lambda **k: Dense(4, "tanh", **k), lambda **k: Activation("silu", **k)])
def test_gradients_of_an_output_with_a_penalty_agree_with_finite_differences(make, x):
    layer = make(activity_regularizer=L2(0.3), dtype="float64")
    check_gradients(layer, x, RNG.normal(size=layer(x).shape))


@pytest.mark.parametrize("x", [X, X[:, 0]], ids=["sequences", "rows"])
def test_the_penalty_of_an_output_is_divided_by_the_batch_size(x):
    ops, layer = get_ops(), Dense(4, activity_regularizer=L1(0.3), dtype="float64")
    y = layer(x)
    result = layer.propagate(ops, ops.gather(x, slice(None), "float64"))
    assert_close(result.penalty, 0.3 * np.abs(y).sum() / 3, ELEMENTWISE["float64"])


class Weighted(Regularizer):
    """A regularizer of a user's own: ``sum(weight * x)``."""

    def __init__(self, weight=2.0):
        self.weight = weight

    def __call__(self, x):
        return float(np.sum(self.weight * x))

    def gradient(self, x):
        return np.full_like(x, self.weight)


def test_a_subclass_of_ones_own_is_taken():
    layer = Dense(4, kernel_regularizer=Weighted(3.0), activity_regularizer=Weighted(), dtype="float64")
    layer(X)
    check_gradients(layer, X, RNG.normal(size=(3, 5, 4)))
