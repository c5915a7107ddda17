"""The reference's losses and metrics: gradients against finite differences, values against known ones."""

from __future__ import annotations

import math

import numpy as np
import pytest
from finite_differences import assert_gradient
from loss_cases import LOSSES, loss_case, name_of

from numba_lstm.device import get_ops
from numba_lstm.kernels.specs import LossSpec, MetricSpec

OPS = get_ops("reference")


@pytest.mark.parametrize("weighted", [False, True], ids=["plain", "weighted"])
@pytest.mark.parametrize("leading", [(3,), (5, 3)], ids=str)
@pytest.mark.parametrize("spec", LOSSES, ids=name_of)
def test_loss_gradient(spec, leading, weighted):
    y, target, weight = loss_case(spec, leading, 4, weighted=weighted)
    _, dy = OPS.loss(y, target, spec, weight=weight, gradient=True)
    assert_gradient(dy, lambda y: float(OPS.loss(y, target, spec, weight=weight, gradient=False)[0]), y)


KNOWN_LOSSES = [
    # spec, y, target, value
    (LossSpec("mean_squared_error"), [1.0, 2.0], [0.0, 4.0], 2.5),
    (LossSpec("mean_absolute_error"), [1.0, 2.0], [0.0, 4.0], 1.5),
    (LossSpec("huber"), [0.5, 2.0], [0.0, 4.0], (0.125 + 1.5) / 2),
    (LossSpec("huber", delta=0.25), [0.5, 2.0], [0.0, 4.0], (0.25 * 0.375 + 0.25 * 1.875) / 2),
    (LossSpec("log_cosh"), [1.0, 2.0], [0.0, 4.0], (math.log(math.cosh(1)) + math.log(math.cosh(2))) / 2),
    (LossSpec("binary_crossentropy"), [0.8, 0.3], [1.0, 0.0], -(math.log(0.8) + math.log(0.7)) / 2),
    (LossSpec("binary_crossentropy", from_logits=True), [math.log(4), 0.0], [1.0, 0.0], -(math.log(0.8) + math.log(0.5)) / 2),
    (LossSpec("binary_crossentropy", label_smoothing=0.2), [0.8], [1.0], -(0.9 * math.log(0.8) + 0.1 * math.log(0.2))),
    (LossSpec("binary_crossentropy"), [1.0], [0.0], -math.log(1e-7)),
    (LossSpec("categorical_crossentropy"), [0.2, 0.6], [0.0, 1.0], -math.log(0.75)),
    (LossSpec("categorical_crossentropy", label_smoothing=0.2), [0.2, 0.8], [0.0, 1.0], -math.log(0.2**0.1 * 0.8**0.9)),
    (LossSpec("categorical_crossentropy", from_logits=True), [0.0, math.log(3)], [0.0, 1.0], -math.log(0.75)),
    (LossSpec("sparse_categorical_crossentropy"), [0.2, 0.6], 1, -math.log(0.75)),
    (LossSpec("sparse_categorical_crossentropy", from_logits=True), [0.0, math.log(3)], 0, -math.log(0.25)),
    (LossSpec("sparse_categorical_crossentropy"), [0.2, 0.6], 2, 0.0),
    (LossSpec("sparse_categorical_crossentropy"), [0.2, 0.6], -1, 0.0),
]


@pytest.mark.parametrize(("spec", "y", "target", "value"), KNOWN_LOSSES)
def test_known_losses(spec, y, target, value):
    found, _ = OPS.loss(np.array([y]), np.array([target]), spec, gradient=False)
    assert float(found) == pytest.approx(value, rel=1e-8)


def test_weights_scale_each_sample_and_the_count_stays():
    y, target, spec = np.array([[1.0], [5.0]]), np.zeros((2, 1)), LossSpec("mean_squared_error")
    value, _ = OPS.loss(y, target, spec, weight=np.array([2.0, 0.0]), gradient=False)
    assert float(value) == 1.0


@pytest.mark.parametrize("name", ["binary_crossentropy", "categorical_crossentropy"])
def test_no_slope_where_a_probability_is_clipped(name):
    _, dy = OPS.loss(np.array([[0.0, 1.0]]), np.array([[1.0, 0.0]]), LossSpec(name), gradient=True)
    np.testing.assert_array_equal(dy, [[0.0, 0.0]])


KNOWN_METRICS = [
    # spec, y, target, one value a row
    (MetricSpec("mean_squared_error"), [[1.0, 2.0], [3.0, 3.0]], [[0.0, 4.0], [3.0, 2.0]], [2.5, 0.5]),
    (MetricSpec("mean_absolute_error"), [[1.0, 2.0], [3.0, 3.0]], [[0.0, 4.0], [3.0, 2.0]], [1.5, 0.5]),
    (MetricSpec("binary_accuracy"), [[0.6, 0.5], [0.1, 0.9]], [[1.0, 0.0], [1.0, 1.0]], [1.0, 0.5]),
    (MetricSpec("binary_accuracy", threshold=0.8), [[0.6, 0.5], [0.1, 0.9]], [[1.0, 0.0], [1.0, 1.0]], [0.5, 0.5]),
    (MetricSpec("categorical_accuracy"), [[0.2, 0.8, 0.0], [0.4, 0.4, 0.2]], [[0.0, 1.0, 0.0], [0.0, 1.0, 0.0]], [1.0, 0.0]),
    (MetricSpec("sparse_categorical_accuracy"), [[0.2, 0.8, 0.0], [0.4, 0.4, 0.2]], [1, 0], [1.0, 1.0]),
]


@pytest.mark.parametrize(("spec", "y", "target", "values"), KNOWN_METRICS)
def test_known_metrics(spec, y, target, values):
    total, count = OPS.metric(np.array(y), np.array(target), spec)
    assert (float(total), float(count)) == (sum(values), 2)
    total, count = OPS.metric(np.array(y), np.array(target), spec, weight=np.array([0.25, 2.0]))
    assert (float(total), float(count)) == (0.25 * values[0] + 2 * values[1], 2.25)
