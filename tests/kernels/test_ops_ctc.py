"""CTC (Graves et al. 2006): against all paths, finite differences, ``torch.nn.CTCLoss``, and the reference."""

from __future__ import annotations

import itertools
import json

import numpy as np
import pytest
from finite_differences import assert_gradient
from golden import torch_ctc
from kernel_cases import in_float64, put
from tolerances import ANCHORS, SUMS, assert_close

from numba_lstm import set_num_threads
from numba_lstm.device import get_num_threads, get_ops
from numba_lstm.kernels.specs import LossSpec

GOLDEN = json.loads(torch_ctc.FILE.read_text())
REFERENCE = get_ops("reference")


def run(ops, y, labels, spec, weight=None, mask=None, *, gradient=True):
    put_mask = None if mask is None else ops.asarray(mask, bool)
    value, dy = ops.loss(put(ops, y), put(ops, labels), spec, weight=put(ops, weight), mask=put_mask, gradient=gradient)
    return float(value), None if dy is None else np.array(ops.to_host(dy))


def collapsed(path, blank):
    """What a path gives: equal neighbours become one, then blanks are dropped."""
    return [symbol for symbol, _ in itertools.groupby(path) if symbol != blank]


@pytest.mark.parametrize("labels", [[], [1], [1, 1], [2, 1], [1, 2, 1, 2]], ids=str)
def test_loss_is_the_sum_over_all_paths(every_ops, labels):
    T, C = 4, 3
    y = np.sin(1.7 * np.arange(T * C)).reshape(T, 1, C)
    p = np.exp(y[:, 0]) / np.exp(y[:, 0]).sum(axis=1, keepdims=True)
    paths = (path for path in itertools.product(range(C), repeat=T) if collapsed(path, 0) == labels)
    expected = -np.log(sum(np.prod(p[np.arange(T), path]) for path in paths))
    padded = np.array([*labels, 0, 0], np.int64)[:, None]
    assert_close(run(every_ops, y, padded, LossSpec("ctc"))[0], expected, SUMS["float64"])


@pytest.mark.parametrize("blank", [0, -1])
def test_gradient_of_the_reference(blank):
    y = np.sin(1.7 * np.arange(5 * 2 * 4)).reshape(5, 2, 4)
    labels, weight, spec = np.array([[1, 2], [1, 3 - 3 * (blank == 0)]]), np.array([0.5, 2.0]), LossSpec("ctc", blank=blank)
    mask = np.array([[1, 1], [0, 1], [1, 1], [1, 1], [1, 0]], bool)
    dy = run(REFERENCE, y, labels, spec, weight, mask)[1]
    assert_gradient(dy, lambda y: run(REFERENCE, y, labels, spec, weight, mask, gradient=False)[0], y)


@pytest.mark.parametrize("zero_infinity", [False, True])
@pytest.mark.parametrize("blank", [0, -1])
def test_losses_and_gradients_of_torch(every_ops, blank, zero_infinity):
    expected = GOLDEN[f"{blank % torch_ctc.C} {zero_infinity}"]
    spec, y = LossSpec("ctc", blank=blank, zero_infinity=zero_infinity), torch_ctc.logits()
    for n, (loss, gradient) in enumerate(zip(expected["losses"], expected["gradients"], strict=True)):
        labels = torch_ctc.labels(blank % torch_ctc.C)[n, : torch_ctc.LABEL_LENGTHS[n], None]
        mask = (np.arange(torch_ctc.T) < torch_ctc.INPUT_LENGTHS[n])[:, None]
        value, dy = run(every_ops, np.ascontiguousarray(y[n, :, None]), labels, spec, mask=mask)
        if loss is None:
            assert value == np.inf
            assert not dy.any()
        else:
            assert value == pytest.approx(loss, abs=ANCHORS)
            np.testing.assert_allclose(dy[:, 0], gradient, rtol=0, atol=ANCHORS)


@pytest.mark.parametrize("dtype", ["float32", "float64"])
@pytest.mark.parametrize("weighted", [False, True], ids=["plain", "weighted and masked"])
def test_ctc(ops, dtype, weighted):
    rng = np.random.default_rng(7)
    T, N, C, L = 13, 5, 6, 4
    y, labels = rng.normal(0, 3, (T, N, C)).astype(dtype), rng.integers(0, C - 1, (L, N))
    labels[2:, 1], labels[:, 2] = C - 1, -1
    weight = np.array([2, 0.5, 1, 0, 3], dtype) if weighted else None
    mask = rng.uniform(size=(T, N)) < 0.8 if weighted else None
    if mask is not None:
        mask[:, 3] = False  # no step, hence no path, and no weight
    spec = LossSpec("ctc", blank=-1)
    value, dy = run(ops, y, labels, spec, weight, mask)
    expected, slopes = run(REFERENCE, *map(in_float64, (y, labels)), spec, in_float64(weight), mask)
    assert dy.dtype == dtype
    assert_close(value, expected, SUMS[dtype], "value")
    assert_close(dy, slopes, 10 * SUMS[dtype], "dy")  # exp(alpha + beta + loss) has the error of sums of some 30
    assert run(ops, y, labels, spec, weight, mask, gradient=False)[0] == value


def test_nan_stays_in_its_sample(ops):
    y = np.zeros((3, 2, 3))
    y[1, 1, 2] = np.nan
    value, dy = run(ops, y, np.array([[1, 1]]), LossSpec("ctc"))
    assert np.isnan(value)
    assert np.isnan(dy[1, 1]).all()
    assert np.isfinite(dy[:, 0]).all()


def test_ctc_has_the_same_bits_on_any_number_of_threads():
    ops, rng, before = get_ops("cpu"), np.random.default_rng(1), get_num_threads()
    y, labels = rng.normal(size=(150, 7, 30)), rng.integers(1, 30, (40, 7))
    results = []
    for count in (1, 2):
        set_num_threads(count)
        value, dy = run(ops, y, labels, LossSpec("ctc"))
        results.append((value, dy.tobytes()))
    set_num_threads(before)
    assert results[0] == results[1]
