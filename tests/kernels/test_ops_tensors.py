"""Ops on arrays of any rank against the reference, on views of any strides, and promises of their bits."""

from __future__ import annotations

import numpy as np
import pytest
from kernel_cases import DTYPES, put
from tolerances import SUMS, assert_close

from numba_lstm import set_num_threads
from numba_lstm.device import get_ops
from numba_lstm.kernels.contract import ElementwiseFormula
from numba_lstm.kernels.cpu.tensors.products import can_start, products

FORMULA = ElementwiseFormula(
    "v0 = add(x0, x1)\nv1 = multiply(v0, c0)\nv2 = not_equal(x2, c1)\nv3 = where(v2, v1, x3)\nv4 = sigmoid(v3)\nv4", (2.5, 0.0)
)

pytestmark = pytest.mark.parametrize("dtype", DTYPES)


def arrays(dtype):
    """Three arrays of the shape (3, 5, 17): C-ordered, time-major and broadcast."""
    rng = np.random.default_rng(3)
    shared = rng.standard_normal((5, 1))
    plain, turned = rng.standard_normal((3, 5, 17)), rng.standard_normal((5, 3, 17))
    return plain.astype(dtype), turned.astype(dtype), shared.astype(dtype)


def views(ops, dtype):
    """The same as views of a device."""
    plain, turned, shared = (put(ops, x) for x in arrays(dtype))
    return plain, ops.permute(turned, (1, 0, 2)), ops.broadcast_to(shared, (3, 5, 17))


def host(ops, x):
    return np.array(ops.to_host(ops.dense(ops.reshape_elements(x, x.shape or (1,)))))


def assert_equals_reference(ops, dtype, compute):
    """Compare ``compute(ops, views)``, which is the reference's in float64."""
    reference = get_ops("reference")
    expected = host(reference, compute(reference, [x.astype("float64") for x in views(reference, dtype)]))
    found = host(ops, compute(ops, views(ops, dtype)))
    assert found.dtype == dtype
    assert found.shape == expected.shape
    assert_close(found, expected, SUMS[dtype])


def test_a_formula_of_floats_booleans_and_labels(ops, dtype):
    rng = np.random.default_rng(4)
    mask, labels = rng.random((3, 5, 17)) < 0.5, rng.integers(0, 3, (3, 5, 17))

    def compute(ops, xs):
        a, b, c = xs
        first = ops.elementwise(FORMULA, [a, b, ops.asarray(mask, np.bool_), c], a.dtype.name)
        return ops.elementwise(FORMULA, [first, b, ops.asarray(labels, np.int64), a], a.dtype.name)

    assert_equals_reference(ops, dtype, compute)


@pytest.mark.parametrize("axes", [(0,), (1,), (2,), (0, 1), (0, 2), (0, 1, 2)], ids=str)
def test_reductions(ops, dtype, axes):
    for view in range(3):
        for kind in ("sum", "max", "argmin"):
            assert_equals_reference(ops, dtype, lambda ops, xs, v=view, k=kind: ops.reduce_axes(xs[v], k, axes))


def test_nan_is_an_extreme(ops, dtype):
    x = put(ops, np.array([[1, np.nan, 3, np.nan]], dtype))
    assert np.isnan(host(ops, ops.reduce_axes(x, "max", (1,)))).all()
    assert host(ops, ops.reduce_axes(x, "argmin", (1,))).tolist() == [1]


def test_products_of_views(ops, dtype):
    def compute(ops, xs):
        a, b, c = xs
        products = ops.matrix_product(a, ops.permute(b, (0, 2, 1)))
        return ops.matrix_product(ops.permute(products, (0, 2, 1)), c)

    assert_equals_reference(ops, dtype, compute)

    def square(ops, xs):
        step = ops.reshape_elements(ops.take_slices(xs[1], (slice(0, 3), slice(2, 3), slice(0, 17))), (3, 17))
        return ops.matrix_product(ops.permute(step, (1, 0)), step)

    assert_equals_reference(ops, dtype, square)


def test_a_product_has_the_bits_of_the_product_alone(ops, dtype):
    rng = np.random.default_rng(5)
    a, b = rng.standard_normal((6, 9, 70)).astype(dtype), rng.standard_normal((6, 70, 21)).astype(dtype)
    answers = set()
    for threads in (1, 3):
        set_num_threads(threads)
        answers.add(host(ops, ops.matrix_product(put(ops, a), put(ops, b))).tobytes())
    (whole,) = answers
    alone = host(ops, ops.matrix_product(put(ops, a[2, :1]), put(ops, b[2])))
    assert np.frombuffer(whole, dtype).reshape(6, 9, 21)[2, :1].tobytes() == alone.tobytes()


def test_joins_slices_and_softmax(ops, dtype):
    def compute(ops, xs):
        part = ops.take_slices(xs[1], (slice(0, 3, 2), slice(1, 4), slice(16, 2, -3)))
        places = [(slice(0, 2), slice(0, 3), slice(4, None, -1)), (slice(2, 3), slice(3, 4), slice(5, 6))]
        joined = ops.join([part, ops.take_slices(xs[0], [slice(0, 1)] * 3)], places, (3, 4, 6))
        return ops.softmax_rows(joined)

    assert_equals_reference(ops, dtype, compute)


@pytest.mark.parametrize("columns", [16, 5])
def test_products_that_start_with_an_array(ops, dtype, columns):
    def compute(ops, xs):
        weights = ops.matrix_product(xs[0], ops.permute(xs[1], (0, 2, 1)))
        values, start = (ops.take_slices(x, (slice(0, 3), slice(0, 5), slice(1, 1 + columns))) for x in xs[1:])
        first = ops.matrix_product(weights, values, start)
        return ops.matrix_product(weights, values, first)

    assert_equals_reference(ops, dtype, compute)


def test_products_start_with_arrays_whose_rows_are_as_long_as_their_own(dtype):
    a, started = np.zeros((1, 1, 2, 3), dtype), 0
    for columns in range(1, 70):
        b, start = np.zeros((1, 1, 3, columns), dtype), np.zeros((1, 1, 2, columns), dtype)
        if can_start(start, a, b):
            started += 1
            assert products(a, b, start)[0].strides[2] == start.strides[2]  # a tile reads whole blocks of both
    assert started > 0


@pytest.mark.parametrize("axes", [(0, 1, 2), (0, 2, 1)], ids=["rows", "columns"])
def test_softmax_and_its_gradient(ops, dtype, axes):
    def compute(ops, xs):
        x, dy = (ops.permute(x, axes) for x in xs[:2])
        y = ops.softmax_rows(x)
        return ops.softmax_rows_backward(y, ops.elementwise(FORMULA, [dy, y, y, y], y.dtype.name))

    assert_equals_reference(ops, dtype, compute)


def test_a_plan_records_them(dtype):
    ops = get_ops("cpu")

    def compute(x, _):
        products = ops.matrix_product(x, ops.permute(x, (0, 2, 1)))
        total = ops.reduce_axes(ops.elementwise(FORMULA, [products, products, products, products], dtype), "sum", (2,))
        return ops.softmax_rows(ops.join([total, total], [(slice(0, 3), slice(0, 5)), (slice(0, 3), slice(5, 10))], (3, 10)))

    x = arrays(dtype)[0]
    plan = ops.plan(compute, [np.zeros_like(x)], training=True)
    assert np.array(plan(x)).tobytes() == np.array(compute(x, None)).tobytes()
