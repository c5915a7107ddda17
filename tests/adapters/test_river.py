"""Estimators of river: its own checks, and networks that grow with their features and classes."""

from __future__ import annotations

import pickle
from collections import Counter

import numpy as np
import pytest

pytest.importorskip("river", reason="needs river: pip install 'numba_lstm[river]'")

from river.checks import yield_checks

from numba_lstm.river import LSTMClassifier, LSTMRegressor

#: Checks of river 0.26, at least: a newer version may have more.
CHECKS = {LSTMRegressor: 26, LSTMClassifier: 56}


@pytest.mark.filterwarnings("ignore")  # checks provoke warnings
@pytest.mark.parametrize("cls", CHECKS)
def test_all_checks_of_river_pass_and_none_is_skipped(cls):
    (params,) = cls._unit_test_params()
    model = cls(**params)
    assert not model._unit_test_skips()
    passed = Counter()
    for check in yield_checks(model):
        check(model.clone())
        passed[check.__name__] += 1
    assert passed.total() >= CHECKS[cls]


def stream(count=60):
    return [({"a": np.sin(t), "b": 2.0 * (t % 3)}, np.sin(t + 1)) for t in range(count)]


def test_a_regressor_learns_and_copies_predict_the_same_bits():
    model, errors = LSTMRegressor(8, window=3, seed=0), []
    for x, y in stream(400):
        errors.append(abs(model.predict_one(x) - y))
        model.learn_one(x, y)
    assert np.mean(errors[-50:]) < 0.2 < np.mean(errors[:50])
    restored = pickle.loads(pickle.dumps(model))
    assert restored.predict_one({"a": 0.3}) == model.predict_one({"a": 0.3})


def test_a_new_feature_changes_no_prediction_before_it_is_learned():
    model = LSTMRegressor(4, window=3, seed=0)
    for x, y in stream():
        model.learn_one(x, y)
    before, weights = model._model, model._model.get_weights()
    wider = model._grown(before, 1)
    for old, new in zip(weights, wider.get_weights(), strict=True):
        np.testing.assert_array_equal(old, new)
    model.learn_one({"a": 0.1, "b": 2.0, "c": 5.0}, 0.3)
    assert (before.input_shape[-1], model._model.input_shape[-1]) == (2, 3)
    assert model.predict_one({"a": 0.1, "b": 2.0}) == model.predict_one({"a": 0.1, "b": 2.0, "d": 9.0})


def test_a_classifier_has_an_output_for_each_class():
    model = LSTMClassifier(4, seed=0)
    assert model.predict_proba_one({"a": 1.0}) == {}
    for label in ("up", "down", "up", "flat"):
        model.learn_one({"a": 1.0}, label)
    assert set(model.predict_proba_one({"a": 1.0})) == {"up", "down", "flat"}


@pytest.mark.parametrize(
    ("x", "y", "sentence"),
    [
        ({"a": "red"}, 1.0, "feature 'a' must be a number, got 'red'. Put preprocessing.OneHotEncoder"),
        ({"c": np.inf}, 1.0, "feature 'c' must be finite, or NaN where it is missing, got inf"),
        ({"a": 1.0}, np.nan, "y must be a finite number, got nan"),
    ],
)
def test_samples_that_do_not_fit_change_nothing(x, y, sentence):
    model = LSTMRegressor(4, seed=0)
    model.learn_one({"a": 1.0}, 1.0)
    before = pickle.dumps(model)
    with pytest.raises(ValueError, match=sentence):
        model.learn_one(x, y)
    assert pickle.dumps(model) == before
