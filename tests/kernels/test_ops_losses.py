"""The losses and metrics of a device against the reference."""

from __future__ import annotations

import numpy as np
import pytest
from kernel_cases import DTYPES, in_float64, put
from loss_cases import LOSSES, METRICS, loss_case, name_of
from tolerances import SUMS, assert_close

from numba_lstm.device import get_ops
from numba_lstm.kernels.specs import LossSpec, MetricSpec

pytestmark = pytest.mark.parametrize("dtype", DTYPES)

SIZES = [((3,), 7), ((5, 3), 7), ((1,), 1), ((70,), 1), ((1,), 2), ((5, 3), 33)]


#: Losses whose gradient is 0 but for rounding where C is 1.
OF_CLASSES = ("categorical", "sparse_categorical")

#: Losses and metrics that are tested on fewer sizes.
FURTHER = {spec.name for spec in (*LOSSES[15:], *METRICS[6:])}
FURTHER_SIZES = [((5, 3), 7), ((1,), 2), ((5, 3), 33)]


def cases(specs):
    """Specs with sizes; no classes of one: its probability is 1, and its loss is the rounding of 1 - epsilon."""
    return [
        pytest.param(spec, *size, id=f"{name_of(spec)} {size}")
        for spec in specs
        for size in SIZES
        if size in FURTHER_SIZES or (spec.name not in FURTHER and (size[1] > 1 or not spec.name.startswith(OF_CLASSES)))
    ]


def run_loss(ops, y, target, weight, spec, *, gradient=True):
    value, dy = ops.loss(put(ops, y), put(ops, target), spec, weight=put(ops, weight), gradient=gradient)
    return float(value), None if dy is None else np.array(ops.to_host(dy))


def run_metric(ops, y, target, weight, spec):
    return [float(v) for v in ops.metric(put(ops, y), put(ops, target), spec, weight=put(ops, weight))]


@pytest.mark.parametrize("weighted", [False, True], ids=["plain", "weighted"])
@pytest.mark.parametrize(("spec", "leading", "C"), cases(LOSSES))
def test_loss(ops, dtype, spec, leading, C, weighted):
    case = loss_case(spec, leading, C, weighted=weighted, dtype=dtype)
    value, dy = run_loss(ops, *case, spec)
    expected, slopes = run_loss(get_ops("reference"), *map(in_float64, case), spec)
    assert dy.dtype == dtype
    assert_close(value, expected, SUMS[dtype], "value")
    assert_close(dy, slopes, SUMS[dtype], "dy")


@pytest.mark.parametrize("spec", LOSSES, ids=name_of)
def test_value_alone(ops, dtype, spec):
    case = loss_case(spec, (5, 3), 7, weighted=True, dtype=dtype)
    value, dy = run_loss(ops, *case, spec, gradient=False)
    assert dy is None
    assert value == run_loss(ops, *case, spec)[0]


@pytest.mark.parametrize("spec", [s for s in LOSSES if "crossentropy" in s.name], ids=name_of)
def test_certain_predictions(ops, dtype, spec):
    """Probabilities of 0 and 1, logits of 1e4: clipped, or finite by their formula."""
    y, target, _ = loss_case(spec, (3,), 4, weighted=False, dtype=dtype)
    y = np.array([[0, 1, 0, 0], [1, 0, 0, 0], [0.5, 0, 0.25, 1]], dtype) * (1e4 if spec.from_logits else 1)
    value, dy = run_loss(ops, y, target, None, spec)
    expected, slopes = run_loss(get_ops("reference"), y, target, None, spec)  # in y's dtype: 1 - epsilon is rounded to it
    assert_close(value, expected, SUMS[dtype], "value")
    assert_close(dy, slopes, SUMS[dtype], "dy")


@pytest.mark.parametrize("from_logits", [False, True])
def test_an_index_that_is_no_class(ops, dtype, from_logits):
    spec = LossSpec("sparse_categorical_crossentropy", from_logits=from_logits)
    y, _, _ = loss_case(spec, (3,), 4, weighted=False, dtype=dtype)
    case = y, np.array([-1, 4, 2]), None
    value, dy = run_loss(ops, *case, spec)
    expected, slopes = run_loss(get_ops("reference"), *map(in_float64, case), spec)
    assert_close(value, expected, SUMS[dtype], "value")
    assert_close(dy, slopes, SUMS[dtype], "dy")


@pytest.mark.parametrize("kind", ["int8", "int32", "int64", "uint8"])
def test_integer_kinds_of_labels(ops, dtype, kind):
    spec = LossSpec("sparse_categorical_crossentropy")
    y, target, _ = loss_case(spec, (5, 3), 4, weighted=False, dtype=dtype)
    assert run_loss(ops, y, target.astype(kind), None, spec)[0] == run_loss(ops, y, target, None, spec)[0]


@pytest.mark.parametrize("spec", LOSSES, ids=name_of)
def test_nan_in_a_prediction(ops, dtype, spec):
    y, target, _ = loss_case(spec, (3,), 7, weighted=False, dtype=dtype)
    y[1, 2] = np.nan
    value, dy = run_loss(ops, y, target, None, spec)
    assert np.isnan(value)
    assert np.isnan(dy[1, 2])
    assert np.isfinite(dy[[0, 2]]).all()


@pytest.mark.parametrize("spec", [LOSSES[0], LossSpec("sparse_categorical_crossentropy", from_logits=True)], ids=name_of)
def test_views(ops, dtype, spec):
    """Targets and predictions of sequences come as transposed views."""
    case = loss_case(spec, (5, 3), 7, weighted=True, dtype=dtype)
    views = [np.ascontiguousarray(a.swapaxes(0, 1)).swapaxes(0, 1) for a in case]
    found, expected = run_loss(ops, *views, spec), run_loss(ops, *case, spec)
    assert_close(found[0], expected[0], SUMS[dtype])
    assert found[1].tobytes() == expected[1].tobytes()


@pytest.mark.parametrize("weighted", [False, True], ids=["plain", "weighted"])
@pytest.mark.parametrize(("spec", "leading", "C"), cases(METRICS))
def test_metric(ops, dtype, spec, leading, C, weighted):
    case = loss_case(spec, leading, C, weighted=weighted, dtype=dtype)
    total, count = run_metric(ops, *case, spec)
    expected_total, expected_count = run_metric(get_ops("reference"), *map(in_float64, case), spec)
    assert_close(total, expected_total, SUMS[dtype], "total")
    assert_close(count, expected_count, SUMS[dtype], "count")


def test_the_first_of_equals_is_the_answer(ops, dtype):
    spec = MetricSpec("sparse_categorical_accuracy")
    y = np.array([[0.25, 0.5, 0.5], [0.5, 0.5, 0.5]], dtype)
    assert run_metric(ops, y, np.array([1, 0]), None, spec) == [2, 2]
    assert run_metric(ops, y, np.array([2, 2]), None, spec) == [0, 2]


def test_a_label_that_is_no_class_is_not_among_the_largest(ops, dtype):
    y, spec = np.array([[0.2, 0.5, 0.3]] * 4, dtype), MetricSpec("sparse_top_k_categorical_accuracy", k=2)
    assert run_metric(ops, y, np.array([-1, 255, 1, 2]), None, spec) == [2, 4]


@pytest.mark.parametrize("threshold", [0.1, 0.3, 0.5, 0.7])
def test_a_threshold_is_a_number_of_the_outputs_dtype(every_ops, dtype, threshold):
    """The float32 0.3 is above the float64 one, but not above the threshold 0.3 of a float32 model, as in Keras."""
    y = np.array([[threshold], [0]], dtype)
    y[1] = np.nextafter(y[0], np.ones(1, dtype))
    for target, right in ([[0], [1]], 2), ([[1], [0]], 0):
        spec = MetricSpec("binary_accuracy", threshold=threshold)
        assert run_metric(every_ops, y, np.array(target, dtype), None, spec)[0] == right
