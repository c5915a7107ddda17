"""The reference's normalizing ops: their definitions, and their gradients against finite differences."""

from __future__ import annotations

import numpy as np
import pytest
from finite_differences import assert_gradient
from norm_cases import batch_norm, layer_norm, norm_case, run_batch_norm, run_layer_norm

from numba_lstm.device import get_ops

OPS = get_ops("reference")
MASK = np.array([[1, 1, 0], [1, 0, 1], [0, 1, 1], [1, 1, 1], [0, 0, 0]], bool)


def assert_gradients(case, forward, run):
    gradients = run(OPS, case)
    for name in ("x", "gamma", "beta"):
        if getattr(case, name) is None:
            assert gradients[f"d{name}"] is None
            continue
        loss = lambda value, name=name: np.sum(forward(OPS, case.but(**{name: value}))[0] * case.dy)  # noqa: E731
        assert_gradient(gradients[f"d{name}"], loss, getattr(case, name))


@pytest.mark.parametrize("shape", [(3, 7), (5, 3, 7), (1, 3)], ids=str)
@pytest.mark.parametrize("absent", [(), ("gamma",), ("beta",), ("gamma", "beta")], ids=str)
def test_layer_norm_gradient(shape, absent):
    assert_gradients(norm_case(shape, **dict.fromkeys(absent)), layer_norm, run_layer_norm)


@pytest.mark.parametrize("momentum", [None, 0.9])
@pytest.mark.parametrize("shape", [(4, 7), (5, 3, 7)], ids=str)
@pytest.mark.parametrize("absent", [(), ("gamma",), ("beta",)], ids=str)
def test_batch_norm_gradient(shape, absent, momentum):
    assert_gradients(norm_case(shape, momentum=momentum, **dict.fromkeys(absent)), batch_norm, run_batch_norm)


@pytest.mark.parametrize("mask", [MASK, MASK[4:] | (np.arange(3) == 1), ~MASK[:1]], ids=["gaps", "one row", "one of three"])
def test_masked_batch_norm_gradient(mask):
    """With a single row the variance is of the order of 1e-14: only epsilon and the count's own 1e-7 are left."""
    assert_gradients(norm_case((len(mask), 3, 7), momentum=0.9, mask=mask), batch_norm, run_batch_norm)


def test_layer_norm_of_a_known_row():
    case = norm_case((1, 2), x=np.array([[1.0, 5.0]]), gamma=np.array([2.0, 3.0]), beta=np.array([0.5, -1.0]), epsilon=5.0)
    np.testing.assert_allclose(layer_norm(OPS, case)[0], [[0.5 - 4 / 3, -1 + 6 / 3]], rtol=1e-15)


def test_batch_norm_of_a_known_batch():
    x = np.array([[1.0], [5.0]])
    ones = np.ones(1)
    case = norm_case((2, 1), x=x, gamma=2 * ones, beta=ones, mean=10 * ones, variance=20 * ones, epsilon=5.0, momentum=0.9)
    y, _, mean, variance = batch_norm(OPS, case)
    np.testing.assert_allclose(y, [[1 - 4 / 3], [1 + 4 / 3]], rtol=1e-15)
    np.testing.assert_allclose([mean, variance], [[9.3], [18.4]], rtol=1e-15)
    y, _, mean, variance = batch_norm(OPS, case.but(momentum=None))
    np.testing.assert_allclose(y, [[1 - 18 / 5], [1 - 10 / 5]], rtol=1e-15)
    np.testing.assert_array_equal([mean, variance], [[10], [20]])


def test_masked_rows_leave_no_trace_in_the_statistics():
    case = norm_case((5, 3, 7), momentum=0.9, mask=MASK)
    other = case.but(x=np.where(MASK[..., None], case.x, np.nan))
    found, expected = batch_norm(OPS, other), batch_norm(OPS, case)
    for a, b in zip(found[2:], expected[2:], strict=True):
        np.testing.assert_array_equal(a, b)
    np.testing.assert_array_equal(found[0][MASK], expected[0][MASK])
