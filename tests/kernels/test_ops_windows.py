"""Convolutions, pooling and resizing of a device against the reference, and what the contract promises of them."""

from __future__ import annotations

import numpy as np
import pytest
from kernel_cases import DTYPES, in_float64, put
from test_ops_dense import backwards_and_transposed, wide
from tolerances import SUMS, assert_close
from window_cases import (
    CONVOLUTIONS,
    GROUPED,
    POOLING,
    TANH,
    TRANSPOSED,
    conv_case,
    pool_case,
    run_conv,
    run_pool,
    run_transposed,
    transposed_case,
    windows,
)

from numba_lstm import device
from numba_lstm.device import get_ops
from numba_lstm.variables import Variable

pytestmark = pytest.mark.parametrize("dtype", DTYPES)


@pytest.mark.parametrize(("shape", "F", "spec"), CONVOLUTIONS, ids=str)
def test_convolution(ops, dtype, shape, F, spec):
    case = conv_case(shape, F, spec, dtype)
    expected = run_conv(get_ops("reference"), spec, *map(in_float64, case))
    for name, found, value in zip(("y", "dx", "dW", "db"), run_conv(ops, spec, *case), expected, strict=True):
        assert found.dtype == dtype
        assert_close(found, value, SUMS[dtype], name)


@pytest.mark.parametrize(("shape", "F", "groups", "spec"), GROUPED, ids=str)
def test_convolution_of_groups_and_volumes(ops, dtype, shape, F, groups, spec):
    case = conv_case(shape, F, spec, dtype, groups)
    expected = run_conv(get_ops("reference"), spec, *map(in_float64, case))
    for name, found, value in zip(("y", "dx", "dW", "db"), run_conv(ops, spec, *case), expected, strict=True):
        assert_close(found, value, SUMS[dtype], name)


@pytest.mark.parametrize(("shape", "F", "spec", "lengths"), TRANSPOSED, ids=str)
def test_transposed_convolution(ops, dtype, shape, F, spec, lengths):
    case = transposed_case(shape, F, spec, lengths, dtype)
    expected = run_transposed(get_ops("reference"), spec, *map(in_float64, case))
    for name, found, value in zip(("y", "dx", "dW", "db"), run_transposed(ops, spec, *case), expected, strict=True):
        assert found.dtype == dtype
        assert_close(found, value, SUMS[dtype], name)


@pytest.mark.parametrize("case", [TRANSPOSED[1], TRANSPOSED[3], TRANSPOSED[5]], ids=["many", "few", "few of images"])
def test_transposed_convolutions_of_views_and_single_samples_have_the_same_bits(ops, dtype, case):
    shape, F, spec, lengths = case
    x, W, _, dy = transposed_case(shape, F, spec, lengths, dtype)
    y, dx, *_ = run_transposed(ops, spec, x, W, None, dy)
    for layout, other in ((wide, backwards_and_transposed), (backwards_and_transposed, wide)):
        found = run_transposed(ops, spec, layout(x), W, None, other(dy))
        assert [a.tobytes() for a in found[:2]] == [y.tobytes(), dx.tobytes()]
    alone = run_transposed(ops, spec, x[:, 1:2], W, None, dy[:, 1:2])
    assert alone[0].tobytes() == y[:, 1:2].tobytes()
    assert alone[1].tobytes() == dx[:, 1:2].tobytes()


def test_convolution_without_bias_and_dx(ops, dtype):
    shape, F, spec = CONVOLUTIONS[1]
    x, W, _, dy = conv_case(shape, F, spec, dtype)
    y, dx, _, db = run_conv(ops, spec, x, W, None, dy, need_dx=False)
    assert dx is None
    assert db is None
    assert_close(y, run_conv(get_ops("reference"), spec, *map(in_float64, (x, W, 0 * W[0, 0], dy)))[0], SUMS[dtype])


@pytest.mark.parametrize("layout", [backwards_and_transposed, wide])
@pytest.mark.parametrize("padding", [(0, 0), (2, 0)])
def test_convolutions_take_views(ops, dtype, padding, layout):
    spec = windows(3, padding=padding)
    x, W, b, dy = conv_case((9, 3, 7), 11, spec, dtype)
    for found, value in zip(run_conv(ops, spec, layout(x), W, b, layout(dy)), run_conv(ops, spec, x, W, b, dy), strict=True):
        assert found.tobytes() == value.tobytes()


@pytest.mark.parametrize(("shape", "F", "spec"), [((9, 13, 2), 11, CONVOLUTIONS[2][2]), ((9, 13, 7), 50, CONVOLUTIONS[3][2])])
def test_a_convolved_sample_in_a_batch_has_the_bits_of_the_sample_alone(ops, dtype, shape, F, spec):
    x, W, b, _ = conv_case(shape, F, spec, dtype)
    kernel, bias = Variable(W), Variable(b)
    batch = ops.to_host(ops.conv_forward(put(ops, x), kernel, bias, TANH, spec)[0])
    for n in range(x.shape[1]):
        alone = ops.to_host(ops.conv_forward(put(ops, x[:, n : n + 1]), kernel, bias, TANH, spec)[0])
        assert batch[:, n : n + 1].tobytes() == alone.tobytes()


@pytest.mark.parametrize("shape", [(40, 32, 70), (24, 8, 24, 16)])
def test_threads_do_not_change_a_bit_of_windows(ops, dtype, shape):
    spec = windows(5, padding=(4, 0)) if len(shape) == 3 else windows([3, 3], [1, 1], [1, 1], [(1, 1), (1, 1)])
    case, (x, dy) = conv_case(shape, 90, spec, dtype), pool_case(shape, spec, dtype)
    threads, results = device.get_num_threads(), []
    try:
        for number in (1, 3):
            device.set_num_threads(number)
            results.append([*run_conv(ops, spec, *case), *run_pool(ops, "max", spec, x, dy)])
    finally:
        device.set_num_threads(threads)
    for one, three in zip(*results, strict=True):
        assert one.tobytes() == three.tobytes()


@pytest.mark.parametrize(("shape", "kind", "spec"), POOLING, ids=str)
def test_pooling(ops, dtype, shape, kind, spec):
    case = pool_case(shape, spec, dtype)
    expected = run_pool(get_ops("reference"), kind, spec, *map(in_float64, case))
    for name, found, value in zip(("y", "dx"), run_pool(ops, kind, spec, *case), expected, strict=True):
        assert found.dtype == dtype
        assert_close(found, value, SUMS[dtype], name)


def test_masked_average(ops, dtype):
    spec = windows(9, 9)
    x, dy = pool_case((9, 3, 7), spec, dtype)
    mask = np.random.default_rng(3).random((9, 3)) < 0.5
    mask[:, 2] = False
    x[~mask] = np.nan
    expected = run_pool(get_ops("reference"), "average", spec, *map(in_float64, (x, dy)), mask)
    found = run_pool(ops, "average", spec, x, dy, mask)
    assert np.isnan(found[0][:, 2]).all()  # an average of nothing
    for value, reference in zip(found, expected, strict=True):
        assert_close(value, reference, SUMS[dtype])


def test_nan_is_the_largest_of_a_window(ops, dtype):
    x, dy = pool_case((9, 3, 7), windows(3, 3), dtype)
    x[4, 1, 2] = np.nan
    y, dx = run_pool(ops, "max", windows(3, 3), x, dy)
    assert np.isnan(y[1, 1, 2])
    assert np.isnan(y).sum() == 1
    assert dx[4, 1, 2] == dy[1, 1, 2]


@pytest.mark.parametrize(("shape", "widths", "factors"), [((9, 3, 7), [(2, 1)], [3]), ((6, 3, 5, 4), [(0, 2), (1, 0)], [2, 3])])
def test_resizing(ops, dtype, shape, widths, factors):
    x, reference = np.random.default_rng(4).standard_normal(shape).astype(dtype), get_ops("reference")
    for op, argument in (("pad", widths), ("crop", widths), ("upsample", factors)):
        found = ops.to_host(getattr(ops, op)(put(ops, x), argument))
        np.testing.assert_array_equal(found, getattr(reference, op)(x, argument))
