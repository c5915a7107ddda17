"""Estimators of scikit-learn: its own checks, the forms of input, and what pipelines and searches do with them."""

from __future__ import annotations

import os
import pickle
from collections import Counter

import numpy as np
import pytest

pytest.importorskip("sklearn", reason="needs scikit-learn: pip install 'numba_lstm[sklearn]'")
pytest.importorskip("array_api_strict", reason="a check of scikit-learn needs it")

import joblib
from sklearn.base import clone
from sklearn.metrics import r2_score
from sklearn.model_selection import GridSearchCV, TimeSeriesSplit
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler
from sklearn.utils.estimator_checks import check_estimator

from numba_lstm import get_num_threads, num_threads
from numba_lstm.sklearn import LSTMClassifier, LSTMRegressor

SERIES = np.sin(np.arange(70) / 3)
WINDOWS = np.lib.stride_tricks.sliding_window_view(SERIES, 9)
X, Y = WINDOWS[:, :-1], WINDOWS[:, -1]

#: Checks of scikit-learn 1.9 for a class, at least: a newer version may have more.
CHECKS = {LSTMRegressor: 60, LSTMClassifier: 62}


@pytest.mark.filterwarnings("ignore")  # checks provoke those of scikit-learn
@pytest.mark.parametrize("cls", CHECKS)
def test_all_checks_of_scikit_learn_pass_and_none_is_skipped(cls, monkeypatch):
    monkeypatch.setitem(os.environ, "SCIPY_ARRAY_API", "1")
    results = check_estimator(cls(), on_fail=None, on_skip=None)
    others = {one["check_name"]: (one["status"], str(one["exception"])) for one in results if one["status"] != "passed"}
    assert not others
    assert Counter(one["status"] for one in results)["passed"] >= CHECKS[cls]


def small(**arguments):
    return LSTMRegressor(6, **{"epochs": 5, "random_state": 0, **arguments})


def test_tables_sequences_and_frames_are_one():
    pd = pytest.importorskip("pandas")
    expected = small().fit(X, Y).predict(X)
    assert expected.shape == Y.shape
    for form in (X[..., None], pd.DataFrame(X, columns=[f"t{k}" for k in range(X.shape[1])])):
        np.testing.assert_array_equal(small().fit(form, Y).predict(form), expected)
    two = small(features=2).fit(X, Y)
    np.testing.assert_array_equal(small().fit(X.reshape(len(X), -1, 2), Y).predict(X.reshape(len(X), -1, 2)), two.predict(X))


@pytest.mark.on_the_cpu(reason="products of the reference depend on the rows of a batch")
@pytest.mark.parametrize("cls", CHECKS)
def test_sequences_of_unequal_lengths(cls):
    rng = np.random.default_rng(0)
    sequences = [rng.normal(size=(length, 2)) for length in rng.integers(2, 6, 40)]
    y = np.array([one[-1, 0] > 0 for one in sequences]) * 1.0
    model = cls(6, epochs=60, random_state=0).fit(sequences, y)
    assert model.score(sequences, y) > 0.6
    batch = model.predict(sequences)
    alone = np.concatenate([model.predict(one[None]) for one in sequences[:5]])
    np.testing.assert_array_equal(batch[:5], alone)


def test_results_do_not_depend_on_threads_or_on_global_random_numbers():
    np.random.seed(1)
    state = np.random.get_state()[1].copy()
    one = small(n_jobs=1, dropout=0.2).fit(X, Y).predict(X)
    np.testing.assert_array_equal(np.random.get_state()[1], state)
    np.random.seed(2)
    with num_threads(1):
        np.testing.assert_array_equal(small(n_jobs=-1, dropout=0.2).fit(X, Y).predict(X), one)


def test_copies_and_files_predict_the_same_bits():
    model = small().fit(X, Y)
    restored = pickle.loads(pickle.dumps(model))
    np.testing.assert_array_equal(restored.predict(X), model.predict(X))
    assert not hasattr(clone(model), "model_")


def test_training_goes_on():
    once = small(epochs=4, batch_size=100).fit(X, Y)
    warm = small(epochs=2, batch_size=100, warm_start=True).fit(X, Y).fit(X, Y)
    assert (warm.n_iter_, len(warm.loss_curve_)) == (4, 4)
    np.testing.assert_allclose(warm.predict(X), once.predict(X), rtol=1e-9)
    steps = small(batch_size=100)
    for _ in range(4):
        steps.partial_fit(X, Y)
    np.testing.assert_allclose(steps.predict(X), once.predict(X), rtol=1e-9)
    cold = small(epochs=2).fit(X, Y).fit(X, Y)
    assert cold.n_iter_ == 2


def test_classes_that_come_later():
    labels = np.array(["down", "up"])[(Y > 0).astype(int)]
    model = LSTMClassifier(4, random_state=0).partial_fit(X, labels, classes=["down", "flat", "up"])
    assert model.predict_proba(X).shape == (len(X), 3)
    with pytest.raises(
        ValueError, match=r"y has classes that LSTMClassifier does not know: \['left'\]. Give partial_fit classes"
    ):
        model.partial_fit(X, np.full(len(X), "left"))


def test_training_stops_early_and_takes_the_best_weights():
    model = small(epochs=400, early_stopping=True, n_iter_no_change=3, validation_fraction=0.2, tol=0.01).fit(X, Y)
    assert model.n_iter_ == len(model.validation_loss_curve_) < 400
    labels = np.repeat(["a", "b"], [len(X) - 10, 10])
    LSTMClassifier(4, epochs=1, early_stopping=True, validation_fraction=0.2, random_state=0).fit(X, labels)


@pytest.mark.filterwarnings("ignore:.*worker.*:UserWarning")
def test_pipelines_and_searches():
    pipe = make_pipeline(StandardScaler(), small())
    # first without processes, which then find the kernels on disk instead of compiling them at the same time
    alone = GridSearchCV(pipe, {"lstmregressor__units": [2, 4]}, cv=TimeSeriesSplit(2)).fit(X, Y)
    search = GridSearchCV(pipe, {"lstmregressor__units": [2, 4]}, cv=TimeSeriesSplit(2), n_jobs=2)
    search.fit(X, Y)
    np.testing.assert_array_equal(search.cv_results_["mean_test_score"], alone.cv_results_["mean_test_score"])
    assert r2_score(Y, search.predict(X)) == search.score(X, Y)


@pytest.mark.filterwarnings("ignore:.*worker.*:UserWarning")
def test_workers_of_searches_share_the_cores():
    found = joblib.Parallel(n_jobs=2)(joblib.delayed(get_num_threads)() for _ in range(2))
    assert found == [max(1, joblib.cpu_count() // 2)] * 2


@pytest.mark.parametrize(
    ("X_", "arguments", "sentence"),
    [
        (X[:, :7], {"features": 2}, "X has 7 columns, which are no whole number of steps of features=2 columns"),
        (X[..., None, None], {}, r"X must have 2 or 3 axes, \(N, T \* D\) or \(N, T, D\), got shape"),
        ([np.ones((2, 1)), np.ones((3, 2)), *[np.ones((2, 1))] * (len(Y) - 2)], {}, "same number of features, got .1, 2."),
        ([np.full((2, 1), np.nan), *[np.ones((3, 1))] * (len(Y) - 1)], {}, "contains NaN or infinity"),
    ],
)
def test_input_that_does_not_fit_is_answered_with_a_sentence(X_, arguments, sentence):
    with pytest.raises(ValueError, match=sentence):
        small(**arguments).fit(X_, Y)


def test_weights_that_are_all_zero_are_refused():
    with pytest.raises(ValueError, match="(?i)sample.weight.*zero"):
        small().fit(X, Y, sample_weight=np.zeros(len(Y)))


@pytest.mark.parametrize("arguments", [{"units": -1}, {"batch_size": 0}, {"early_stopping": True, "validation_fraction": 3.0}])
@pytest.mark.parametrize("cls", CHECKS)
def test_a_fit_that_fails_leaves_the_estimator_as_it_was(cls, arguments):
    model = cls(4, epochs=1, random_state=0).fit(X, (Y > 0) * 1.0)
    before = model.predict(X)
    with pytest.raises(ValueError):  # noqa: PT011 - sentences of layers, of fit and of scikit-learn
        model.set_params(**arguments).fit(5 * X, (Y < 2) * 3.0)
    np.testing.assert_array_equal(model.predict(X), before)
