"""The normalizing ops of a device against the reference, and what the contract promises of them."""

from __future__ import annotations

import numpy as np
import pytest
from kernel_cases import DTYPES
from norm_cases import batch_norm, layer_norm, norm_case, run_batch_norm, run_layer_norm
from tolerances import SUMS, assert_close

from numba_lstm.device import get_ops

pytestmark = pytest.mark.parametrize("dtype", DTYPES)

RUNS = {"layer": run_layer_norm, "batch": run_batch_norm}
SHAPES = [(3, 7), (5, 3, 7), (1, 4, 33), (5, 1, 1), (2, 50), (1, 1), (13, 6, 64)]
MASK = np.array([[1, 1, 0], [1, 0, 1], [0, 1, 1], [1, 1, 1], [0, 0, 0]], bool)


def assert_equals_reference(ops, norm, case, **options):
    actual, expected = RUNS[norm](ops, case, **options), RUNS[norm](get_ops("reference"), case.in_float64(), **options)
    for name, value in expected.items():
        found = actual[name]
        if value is None:
            assert found is None, name
            continue
        assert found.dtype == case.x.dtype, name
        assert_close(found, value, SUMS[str(found.dtype)], name)


@pytest.mark.parametrize("absent", [(), ("gamma",), ("beta",)], ids=str)
@pytest.mark.parametrize("shape", SHAPES, ids=str)
def test_layer_norm(ops, dtype, shape, absent):
    assert_equals_reference(ops, "layer", norm_case(shape, dtype, epsilon=0.1, **dict.fromkeys(absent)))


@pytest.mark.parametrize("momentum", [None, 0.9])
@pytest.mark.parametrize("absent", [(), ("gamma",), ("beta",)], ids=str)
@pytest.mark.parametrize("shape", SHAPES, ids=str)
def test_batch_norm(ops, dtype, shape, absent, momentum):
    assert_equals_reference(ops, "batch", norm_case(shape, dtype, epsilon=0.1, momentum=momentum, **dict.fromkeys(absent)))


@pytest.mark.parametrize("mask", [MASK, np.asfortranarray(MASK), MASK[::-1], MASK & False], ids=["C", "F", "flipped", "none"])
def test_batch_norm_with_a_mask(ops, dtype, mask):
    assert_equals_reference(ops, "batch", norm_case((5, 3, 7), dtype, momentum=0.9, mask=mask))


def test_batch_norm_of_rows_with_a_mask(ops, dtype):
    assert_equals_reference(ops, "batch", norm_case((5, 7), dtype, momentum=0.9, mask=MASK[:, 0]))


@pytest.mark.parametrize("norm", RUNS)
def test_without_dx(ops, dtype, norm):
    assert_equals_reference(ops, norm, norm_case((5, 3, 7), dtype, momentum=0.9), need_dx=False)


def backwards_and_transposed(a):
    """The same values of a sequence as a view with two strides of its own, read-only."""
    view = np.ascontiguousarray(a[::-1].swapaxes(0, 1)).swapaxes(0, 1)[::-1]
    view.flags.writeable = False
    return view


def wide(a):
    """The same values as a part of wider rows, whose other part must not be looked at."""
    return np.concatenate([a, np.full_like(a, np.nan)], axis=-1)[..., : a.shape[-1]]


@pytest.mark.parametrize("layout", [backwards_and_transposed, wide])
@pytest.mark.parametrize("norm", RUNS)
def test_views_have_the_same_bits(ops, dtype, norm, layout):
    case = norm_case((5, 3, 37), dtype, momentum=0.9)
    expected = RUNS[norm](ops, case)
    for name, found in RUNS[norm](ops, case.but(x=layout(case.x), dy=layout(case.dy))).items():
        assert found.tobytes() == expected[name].tobytes(), name


@pytest.mark.parametrize("forward", [layer_norm, batch_norm])
@pytest.mark.parametrize("D", [1, 11, 50])
def test_a_row_in_a_batch_has_the_bits_of_the_row_alone(ops, dtype, forward, D):
    case = norm_case((13, D), dtype)
    batch = ops.to_host(forward(ops, case)[0])
    for n in range(13):
        alone = ops.to_host(forward(ops, case.but(x=case.x[n : n + 1]))[0])
        assert batch[n : n + 1].tobytes() == alone.tobytes()


@pytest.mark.parametrize("norm", RUNS)
def test_inputs_are_left_alone(ops, dtype, norm):
    case = norm_case((5, 3, 7), dtype, mask=MASK, momentum=0.9)
    copies = {name: np.copy(value) for name, value in vars(case).items() if isinstance(value, np.ndarray)}
    RUNS[norm](ops, case)
    for name, value in copies.items():
        np.testing.assert_array_equal(getattr(case, name), value)


def test_nan_stays_in_its_row_or_its_feature(ops, dtype):
    case = norm_case((5, 3, 7), dtype, momentum=0.9)
    case.x[1, 2, 4] = np.nan
    of_rows, of_features = (np.isnan(ops.to_host(forward(ops, case)[0])) for forward in (layer_norm, batch_norm))
    assert of_rows[1, 2].all()
    assert of_rows.sum() == 7
    assert of_features[..., 4].all()
    assert of_features.sum() == 15
