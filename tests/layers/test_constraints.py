"""Constraints by themselves, and in layers."""

from __future__ import annotations

import numpy as np
import pytest
from tolerances import ELEMENTWISE, assert_close

from numba_lstm import constraints
from numba_lstm.constraints import MaxNorm, MinMaxNorm, NonNeg, UnitNorm
from numba_lstm.layers import LSTM, Dense

W = np.random.default_rng(5).normal(size=(4, 6))
X = np.random.default_rng(6).normal(size=(3, 5, 7))


def norms(w, axis=0):
    return np.sqrt((w**2).sum(axis=axis))


def clipped(w, low, high, rate=1.0, axis=0):
    n = np.sqrt((w**2).sum(axis=axis, keepdims=True))
    return w * (rate * np.clip(n, low, high) + (1 - rate) * n) / (n + 1e-7)


FORMULAS = {
    "MaxNorm": (MaxNorm(1.5), clipped(W, 0, 1.5)),
    "MaxNorm of rows": (MaxNorm(1.5, axis=1), clipped(W, 0, 1.5, axis=1)),
    "NonNeg": (NonNeg(), np.where(W > 0, W, 0)),
    "UnitNorm": (UnitNorm(), W / (norms(W) + 1e-7)),
    "MinMaxNorm": (MinMaxNorm(1.0, 1.5, 0.25), clipped(W, 1.0, 1.5, 0.25)),
    "MinMaxNorm of all": (MinMaxNorm(1.0, 1.5, axis=[0, 1]), clipped(W, 1.0, 1.5, axis=(0, 1))),
}


@pytest.mark.parametrize("name", FORMULAS)
def test_each_constraint_is_its_formula(name):
    constraint, expected = FORMULAS[name]
    assert_close(constraint(W), expected, ELEMENTWISE["float64"])
    assert constraint(W.astype("float32")).dtype == np.float32


def test_norms_that_are_allowed_stay_as_they_are():
    small = 0.1 * W
    assert_close(MaxNorm(1.5)(small), small, 1e-6)
    assert np.all(norms(MaxNorm(1.5)(W)) <= 1.5)


def test_zeros_stay_zeros():
    zeros = np.zeros((3, 2))
    for constraint, _ in FORMULAS.values():
        assert np.array_equal(constraint(zeros), zeros)


@pytest.mark.parametrize("constraint", [constraint for constraint, _ in FORMULAS.values()], ids=list(FORMULAS))
def test_a_config_makes_an_equal_constraint(constraint):
    config = constraints.serialize(constraint)
    duplicate = constraints.get(config)
    assert constraints.serialize(duplicate) == config
    assert np.array_equal(duplicate(W), constraint(W))


def test_names_classes_and_objects_are_taken_and_none_is_none():
    mine = MaxNorm(3)
    assert type(constraints.get("non_neg")) is type(constraints.get(NonNeg)) is NonNeg
    assert constraints.get("max_norm").max_value == constraints.get("MaxNorm").max_value == 2
    assert constraints.get(mine) is mine
    assert constraints.get(None) is None
    assert constraints.serialize(None) is None


@pytest.mark.parametrize(
    ("make", "error", "sentence"),
    [
        (lambda: constraints.get("nonneg"), ValueError, "unknown constraint 'nonneg', did you mean 'non_neg'"),
        (lambda: constraints.get(3), TypeError, "constraint must be a name, an object"),
        (lambda: MaxNorm(-1), ValueError, r"max_value must be a number in \[0"),
        (lambda: MinMaxNorm(2.0, 1.0), ValueError, r"max_value must be a number in \[2.0, inf\], got 1.0"),
        (lambda: MinMaxNorm(rate=0.0), ValueError, r"rate must be a number in \(0, 1\]"),
        (lambda: UnitNorm(axis="rows"), TypeError, "axis must be a whole number or a list of them, got 'rows'"),
    ],
)
def test_what_is_no_constraint_is_answered_with_a_sentence(make, error, sentence):
    with pytest.raises(error, match=sentence):
        make()


def test_a_layer_constrains_its_weights_when_asked_to():
    request = {"kernel_constraint": MaxNorm(0.5), "recurrent_constraint": "unit_norm", "bias_constraint": "non_neg"}
    layer = LSTM(3, dtype="float64", **request)
    layer(X)
    layer.set_weights([5 * w - 1 for w in layer.get_weights()])
    versions = [v.version for v in layer.variables]
    layer.constrain()
    assert np.all(norms(layer.kernel.value) <= 0.5)
    assert_close(norms(layer.recurrent_kernel.value), np.ones(12), 1e-6)
    assert np.all(layer.bias.value >= 0)
    assert all(v.version > before for v, before in zip(layer.variables, versions, strict=True))


def test_weights_that_are_not_trained_or_not_constrained_stay_as_they_are():
    layer = Dense(3, kernel_constraint="unit_norm")
    layer(X)
    before = layer.get_weights()
    layer.trainable = False
    layer.constrain()
    assert all(np.array_equal(a, b) for a, b in zip(layer.get_weights(), before, strict=True))
    layer.trainable = True
    version = layer.bias.version
    layer.constrain()
    assert not np.array_equal(layer.kernel.value, before[0])
    assert layer.bias.version == version
