"""Metrics by themselves, and which accuracy "accuracy" is."""

from __future__ import annotations

import json

import numpy as np
import pytest
from tolerances import ELEMENTWISE, assert_close

from numba_lstm import Sequential, losses, metrics
from numba_lstm.layers import Dense
from numba_lstm.metrics.base import MAX_PENDING

DRAW = np.random.default_rng(29)
Y, TARGET = DRAW.normal(size=(7, 3)), DRAW.normal(size=(7, 3))
LABELS = DRAW.integers(0, 3, size=7)
BINARY, ONE_HOT, SPARSE = (losses.get(f"{kind}_crossentropy").spec for kind in ("binary", "categorical", "sparse_categorical"))


@pytest.mark.parametrize(
    ("name", "cls"),
    [
        ("mse", metrics.MeanSquaredError),
        ("mae", metrics.MeanAbsoluteError),
        ("rmse", metrics.RootMeanSquaredError),
        ("mean_squared_error", metrics.MeanSquaredError),
        ("binary_accuracy", metrics.BinaryAccuracy),
        ("categorical_accuracy", metrics.CategoricalAccuracy),
        ("sparse_categorical_accuracy", metrics.SparseCategoricalAccuracy),
    ],
)
def test_a_name_becomes_the_key(name, cls):
    metric = metrics.get(name)
    assert (type(metric), metric.name) == (cls, name)


def test_a_result_is_the_mean_over_all_elements_of_all_batches():
    metric = metrics.MeanAbsoluteError()
    metric.update_state(TARGET[:2], Y[:2])
    metric.update_state(TARGET[2:], Y[2:])
    assert_close(metric.result(), np.mean(np.abs(Y - TARGET)), ELEMENTWISE["float64"])


def test_rmse_is_the_root_of_the_mean_and_not_a_mean_of_roots():
    metric = metrics.RootMeanSquaredError()
    metric.update_state(TARGET[:2], Y[:2])
    assert_close(metric(TARGET[2:], Y[2:]), np.sqrt(np.mean((Y - TARGET) ** 2)), ELEMENTWISE["float64"])


def test_weights_count_in_the_sum_and_in_the_number():
    weight = DRAW.uniform(size=7)
    expected = np.average(np.mean((Y - TARGET) ** 2, axis=1), weights=weight)
    assert_close(metrics.MeanSquaredError()(TARGET, Y, weight), expected, ELEMENTWISE["float64"])


def test_binary_accuracy_counts_the_threshold_itself_as_no():
    assert metrics.BinaryAccuracy(threshold=0.25)([[1.0], [1.0], [0.0]], [[0.25], [0.3], [0.1]]) == pytest.approx(2 / 3)


def test_sparse_and_categorical_accuracy_agree():
    one_hot = np.eye(3)[LABELS]
    assert metrics.SparseCategoricalAccuracy()(LABELS, Y) == metrics.CategoricalAccuracy()(one_hot, Y)


def test_a_reset_forgets():
    metric = metrics.MeanSquaredError()
    metric.update_state(TARGET, Y)
    metric.reset_state()
    assert metric.result() == 0.0
    assert metric(TARGET[:1], TARGET[:1] + 2) == pytest.approx(4.0)


def test_many_batches_are_read_in_between():
    metric = metrics.MeanSquaredError()
    for k in range(3 * MAX_PENDING):
        metric.update_state([[0.0]], [[float(k % 2)]])
    assert len(metric._pending) < MAX_PENDING
    assert metric.result() == 0.5


@pytest.mark.parametrize(
    ("units", "loss", "cls"),
    [
        (1, BINARY, metrics.BinaryAccuracy),
        (3, ONE_HOT, metrics.CategoricalAccuracy),
        (3, SPARSE, metrics.SparseCategoricalAccuracy),
        (1, SPARSE, metrics.SparseCategoricalAccuracy),
    ],
)
def test_accuracy_follows_the_output_and_the_loss(units, loss, cls):
    metric = metrics.get("acc").for_output((None, units), loss)
    assert (type(metric), metric.name) == (cls, "acc")


def test_a_metric_for_a_run_has_seen_nothing_and_leaves_the_users_alone():
    metric = metrics.MeanSquaredError()
    metric.update_state(TARGET, Y)
    before = metric.result()
    duplicate = metric.for_output((None, 3), ONE_HOT)
    assert duplicate.result() == 0.0
    duplicate.update_state(TARGET, TARGET)
    assert metric.result() == before


def test_labels_and_targets_do_not_mix():
    with pytest.raises(
        ValueError, match="takes labels, but the loss categorical_crossentropy takes targets in the output's shape"
    ):
        metrics.SparseCategoricalAccuracy().for_output((None, 3), ONE_HOT)


def test_a_config_makes_an_equal_metric():
    metric = metrics.BinaryAccuracy("mine", threshold=0.75)
    duplicate = metrics.deserialize(metrics.serialize(metric))
    assert (type(duplicate), duplicate.spec, duplicate.name) == (type(metric), metric.spec, "mine")


def test_deferred_accuracy_survives_its_config():
    duplicate = metrics.deserialize(metrics.serialize(metrics.get("acc")))
    assert (type(duplicate), duplicate.name) == (metrics.DeferredAccuracy, "acc")


def test_an_unknown_name_is_a_sentence():
    with pytest.raises(ValueError, match="unknown metric 'acuracy', did you mean 'accuracy'"):
        metrics.get("acuracy")


@pytest.mark.parametrize("name", ["accuracy", "acc", "Accuracy", "ACC"])
def test_accuracy_is_taken_in_any_case_and_keeps_its_name(name):
    metric = metrics.get(name)
    assert (type(metric), metric.name) == (metrics.DeferredAccuracy, name)


def test_a_function_of_the_losses_is_the_metric_of_its_name():
    metric = metrics.get(losses.mean_absolute_error)
    assert (type(metric), metric.name) == (metrics.MeanAbsoluteError, "mean_absolute_error")


@pytest.mark.parametrize(
    "metric",
    [
        metrics.AUC(50, "PR", thresholds=[0.2, 0.6], label_weights=[1.0, 2.0], multi_label=True),
        metrics.Precision([0.2, 0.7], class_id=1),
        metrics.Recall(top_k=2),
        metrics.TruePositives(0.3),
        metrics.FBetaScore("macro", 2.0, 0.5),
        metrics.F1Score("micro"),
        metrics.R2Score(None, 3),
        metrics.TopKCategoricalAccuracy(3),
        metrics.SparseCategoricalCrossentropy(from_logits=True, ignore_class=2),
        metrics.Perplexity(mask_token_id=0),
        metrics.BinaryCrossentropy(label_smoothing=0.25),
    ],
    ids=lambda metric: metric.name,
)
def test_a_config_makes_an_equal_metric_of_each_kind(metric):
    config = metrics.serialize(metric)
    assert metrics.serialize(metrics.deserialize(json.loads(json.dumps(config)))) == config


def test_perplexity_is_the_exponential_of_the_cross_entropy():
    shares = np.exp(Y) / np.exp(Y).sum(axis=1, keepdims=True)
    expected = np.exp(-np.mean(np.log(shares[np.arange(7), LABELS])))
    assert metrics.Perplexity()(LABELS, shares) == pytest.approx(expected)
    counted = LABELS[0] != LABELS
    expected = np.exp(-np.mean(np.log(shares[np.arange(7), LABELS])[counted]))
    assert metrics.Perplexity(mask_token_id=int(LABELS[0]))(LABELS, shares) == pytest.approx(expected)


def test_symmetric_percentages():
    assert metrics.get("smape")([[1.0], [0.0], [2.0]], [[3.0], [0.0], [2.0]]) == pytest.approx(100 / 3)


def test_a_function_of_ones_own_is_wrapped():
    metric = metrics.MeanMetricWrapper(lambda y_true, y_pred, scale: scale * np.abs(y_true - y_pred), "mine", scale=2.0)
    assert_close(metric(TARGET, Y), 2 * np.mean(np.abs(TARGET - Y)), ELEMENTWISE["float64"])
    assert metric.name == "mine"


def test_counts_begin_again_after_a_reset_and_for_each_run():
    metric = metrics.Precision()
    metric.update_state([[1.0], [0.0]], [[0.9], [0.8]])
    duplicate = metric.for_output((None, 1), BINARY)
    assert (metric.result(), duplicate.result()) == (0.5, 0.0)
    metric.reset_state()
    assert metric([[1.0]], [[0.9]]) == 1.0


def test_numbers_of_all_classes_are_logged_by_fit():
    model = Sequential([Dense(3, activation="softmax")], device="reference")
    model.compile("sgd", "categorical_crossentropy", metrics=[metrics.F1Score()])
    history = model.fit(Y, np.eye(3)[LABELS], verbose=1, epochs=2).history
    assert np.shape(history["f1_score"]) == (2, 3)


@pytest.mark.parametrize(
    ("make", "sentence"),
    [
        (lambda: metrics.AUC(curve="F"), "curve must be one of 'ROC', 'PR', got 'F'"),
        (lambda: metrics.AUC(1), "num_thresholds must be at least 2, got 1"),
        (lambda: metrics.Precision(1.5), r"a threshold must be a number in \[0, 1\], got 1.5"),
        (lambda: metrics.Precision(class_id=4)(Y, Y), "has class_id=4, but the output has 3 units"),
        (lambda: metrics.F1Score("mean"), "average must be one of None, 'micro', 'macro', 'weighted', got 'mean'"),
        (lambda: metrics.Mean().for_output((None, 3), BINARY), "mean takes numbers, not outputs and targets"),
        (lambda: metrics.SparseTopKCategoricalAccuracy(from_sorted_ids=True), "takes scores of all classes"),
    ],
)
def test_a_wrong_argument_is_a_sentence(make, sentence):
    with pytest.raises((TypeError, ValueError), match=sentence):
        make()
