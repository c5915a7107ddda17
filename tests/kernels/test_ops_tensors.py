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


#: Functions of one formula, which the second operand selects, and their errors in units in the last place.
ERRORS = {
    "sin": 2, "cos": 2, "tan": 3, "arcsin": 3, "arccos": 3, "arctan": 2, "erf": 3, "erfc": 16, "floor": 0, "ceil": 0, "rint": 0,
}  # fmt: skip
CHOICES = [f"u{k} = {name}(x0)\ne{k} = equal(x1, c{k})\nv{k + 1} = where(e{k}, u{k}, v{k})" for k, name in enumerate(ERRORS)]
ELEMENTARY = ElementwiseFormula(
    "\n".join(["v0 = arctan2(x0, x1)", *CHOICES, f"v{len(ERRORS)}"]), tuple(float(k) for k in range(len(ERRORS)))
)


def test_elementary_functions_are_within_some_units_in_the_last_place(ops, dtype):
    rng = np.random.default_rng(12)
    small, large = rng.standard_normal(300) * 2.0 ** rng.integers(-30, 3, 300), rng.uniform(-1e5, 1e5, 300)
    inf, nan = np.inf, np.nan
    special = [0, -0.0, 1, -1, 0.5, -2.5, 1e30, 7e5, 2**31, inf, -inf, nan, 9, -1e-30, 1.0000001, 0.3, -0.7, 2**25]
    x = np.concatenate([small, large, np.arange(1, 200) * (np.pi / 2), rng.uniform(-1, 1, 200), special]).astype(dtype)
    grid, which = (a.astype(dtype) for a in np.meshgrid(x, [*range(len(ERRORS)), -0.3]))
    found, reference = host(ops, ops.elementwise(ELEMENTARY, [put(ops, grid), put(ops, which)], dtype)), get_ops("reference")
    wide = "longdouble" if dtype == "float64" else "float64"
    with np.errstate(all="ignore"):
        expected = {name: getattr(np, name)(x.astype(wide)) for name in ERRORS if not name.startswith("erf")}
        angle = np.arctan2(x.astype(wide), which[-1].astype(wide))
    for name in ("erf", "erfc"):
        formula = ElementwiseFormula(f"v0 = {name}(x0)\nv0")
        expected[name] = reference.elementwise(formula, [x.astype("float64")], "float64")
    for y, (name, units), right in zip(
        found, [*ERRORS.items(), ("arctan2", 2)], [expected[n] for n in ERRORS] + [angle], strict=True
    ):
        assert np.array_equal(np.isnan(y), np.isnan(right)), name
        counts = (np.abs(right) >= 2 * np.finfo(dtype).tiny) & (y != right) & ((name != "erfc") | (x < 9))
        right = np.where(counts, right, 1)
        error = np.where(counts, np.abs(y - right) / np.spacing(np.abs(right).astype(dtype)), 0)
        assert error.max() <= units, (name, x[error.argmax()], error.max())


def test_elementary_functions_have_one_value_wherever_a_number_is(ops, dtype):
    x = np.linspace(-9e5, 1e6, 401).astype(dtype)
    bits = set()
    for threads, turned in ((1, False), (3, True)):
        set_num_threads(threads)
        grid, which = (a.astype(dtype) for a in np.meshgrid(x[::-1] if turned else x, range(len(ERRORS))))
        y = host(ops, ops.elementwise(ELEMENTARY, [put(ops, grid), put(ops, which)], dtype))
        bits.add((y[:, ::-1] if turned else y).tobytes())
    assert len(bits) == 1


def test_the_order_of_rows_and_elements_at_indices(ops, dtype):
    indices = np.random.default_rng(6).integers(-9, 17, (5, 3, 40))

    def compute(ops, xs):
        x = ops.permute(xs[1], (1, 0, 2))
        tens = ops.elementwise(ElementwiseFormula("v0 = multiply(x0, c0)\nv1 = rint(v0)\nv1", (3.0,)), [x], x.dtype.name)
        places = put(ops, indices.astype(x.dtype))
        order = ops.row_order(tens)
        taken = ops.take_elements(x, places)
        return ops.join(
            [order, ops.take_elements(x, order), taken, ops.add_elements(taken, places, 17)],
            [(slice(0, 5), slice(0, 3), slice(a, b)) for a, b in ((0, 17), (17, 34), (34, 74), (74, 91))],
            (5, 3, 91),
        )

    assert_equals_reference(ops, dtype, compute)
    rows = put(ops, np.array([[np.nan, 2, -np.inf, np.nan, 2]], dtype))
    assert host(ops, ops.row_order(rows)).tolist() == [[2, 1, 4, 0, 3]]
    beyond = host(ops, ops.take_elements(rows, put(ops, np.array([[5, -6, 1, np.nan]], dtype))))
    assert np.isnan(beyond).tolist() == [[True, True, False, True]]
    assert host(
        ops, ops.add_elements(put(ops, np.ones((1, 3), dtype)), put(ops, np.array([[5, -1, -1]], dtype)), 2)
    ).tolist() == [[0, 2]]


def test_a_plan_records_them(dtype):
    ops = get_ops("cpu")

    def compute(x, _):
        x = ops.take_elements(x, ops.row_order(x))
        products = ops.matrix_product(x, ops.permute(x, (0, 2, 1)))
        total = ops.reduce_axes(ops.elementwise(FORMULA, [products, products, products, products], dtype), "sum", (2,))
        return ops.softmax_rows(ops.join([total, total], [(slice(0, 3), slice(0, 5)), (slice(0, 3), slice(5, 10))], (3, 10)))

    x = arrays(dtype)[0]
    plan = ops.plan(compute, [np.zeros_like(x)], training=True)
    assert np.array(plan(x)).tobytes() == np.array(compute(x, None)).tobytes()
