"""Functions of numba_lstm.ops that are composed of others: as programs, with their derivatives, and of arrays alone."""

from __future__ import annotations

import numpy as np
import pytest
from test_ops_functions import inputs, run
from tolerances import assert_close

from numba_lstm import ops
from numba_lstm.device import get_ops
from numba_lstm.ops.program import Program
from numba_lstm.ops.tracing import input_like

#: Functions of x (3, 4, 5) and y (4, 5), away from kinks.
FUNCTIONS = {
    "logarithms": lambda x, y: ops.log2(y * y + 1) - ops.log10(x * x + 1) + ops.logaddexp(x, y) + ops.exp2(y) + ops.hypot(x, y),
    "hyperbolic": lambda x, y: ops.sinh(x) + ops.arcsinh(y) + ops.arctanh(ops.tanh(x)) * ops.cosh(y) + ops.arccosh(x * x + 2),
    "numbers": lambda x, y: (
        ops.nan_to_num(ops.where(x > 0, x * x, np.nan), nan=0.5) * ops.nan_to_num(ops.where(y > 0, y, -np.inf), neginf=3.0)
        + ops.divide_no_nan(y, x * (x > 0.5))
    ),
    "finite": lambda x, y: ops.where(ops.logical_xor(ops.isnan(ops.log(x)), ops.isinf(y)), x, y) * ops.isfinite(ops.log(y)),
    "activations": lambda x, y: ops.selu(x) + ops.celu(y, 0.5) + ops.hard_tanh(2 * x) + ops.hard_silu(y) + ops.log_sigmoid(x),
    "angles": lambda x, y: (
        ops.sin(3 * x) * ops.cos(2 * y)
        + ops.tan(y)
        + ops.arctan2(x, y * y + 0.5)
        + ops.arctan(x)
        + ops.arcsin(ops.tanh(x)) * ops.arccos(ops.sin(y))
        + ops.deg2rad(x)
        - ops.rad2deg(y)
    ),
    "rounded": lambda x, y: (
        x * ops.floor(3 * y)
        + y * ops.ceil(2 * x)
        + x * ops.round(3 * y)
        + ops.round(x, 1)
        + ops.trunc(2 * x) * y
        + ops.mod(x * 3, ops.sign(y) * 0.7)
        + ops.floor_divide(x, 0.3)
        + x * ops.isclose(y, y * (1 + 1e-7 * ops.sign(x)))
    ),
    "errors": lambda x, y: ops.erf(x) + ops.erfc(2 * y) + ops.gelu(x) + ops.gelu(2 * y, approximate=False),
    "sparse": lambda x, y: ops.sparse_plus(x) + ops.sparse_sigmoid(y) + ops.sparsemax(x, 1) + ops.sparsemax(2 * y),
    "order": lambda x, y: (
        ops.sort(x) * ops.sort(y, 0)
        + ops.reshape(ops.sort(x, None), (3, 4, 5))
        + x * ops.argsort(y, 0)
        + ops.top_k(x, 2)[0][..., :1] * ops.top_k(y, 1)[1]
        + ops.cumprod(x, 1)
        + ops.cumprod(y)[7]
    ),
    "quantiles": lambda x, y: (
        ops.median(x, 1, keepdims=True)
        + ops.quantile(y, [0.1, 0.85], 0)[1]
        + ops.percentile(x, 30.0)
        + ops.searchsorted([-1.0, 0.0, 0.5], x) * y
        + x * ops.digitize(y, [-0.5, 0.0, 1.0])
        + ops.isin(ops.round(x), [0, 1])
    ),
    "elements": lambda x, y: (
        ops.take_along_axis(x, ops.argsort(x, 1), 1)
        + ops.take_along_axis(y, ops.argsort(y)[:1] - 5, -1)
        + ops.take_along_axis(x, np.array([[[4, 0, 0, -1, 4]]]), 2)
    ),
    "shrinking": lambda x, y: ops.tanh_shrink(x) + ops.soft_shrink(y) + ops.hard_shrink(x, 0.3) + ops.threshold(y, 0.1, -2.0),
    "halves": lambda x, y: ops.glu(ops.stack([x[0], y]), 0)[:1] + ops.prod(x, 0) + ops.prod(y, keepdims=True),
    "norms": lambda x, y: ops.norm(x, axis=0) + ops.norm(y) + ops.norm(x, 1, axis=2, keepdims=True) + ops.normalize(x, 1, 3),
    "more norms": lambda x, y: (
        ops.norm(x, 3, axis=1, keepdims=True) + ops.norm(y, np.inf, axis=0) + ops.norm(x[0], "fro") * ops.normalize(x)
    ),
    "running sums": lambda x, y: ops.cumsum(x, axis=1) * ops.diff(ops.append(y, y[:, :1], axis=1)) + ops.cumsum(y)[3],
    "averages": lambda x, y: ops.average(x, 2, np.arange(1.0, 6.0))[..., None] + ops.average(y, 0) + ops.squareplus(y),
    "moved": lambda x, y: ops.roll(x, (1, -2), (0, 2)) + ops.fliplr(y) * ops.flipud(y) + ops.reshape(ops.roll(y, 3), (4, 5)),
    "tiled": lambda x, y: ops.tile(y, (3, 1, 1)) * ops.pad(x[:, :2], ((0, 0), (1, 1), (0, 0)), constant_values=2.0),
    "repeated": lambda x, y: ops.tile(y[0, :2], 2)[:, None] + ops.tile(x, (2, 3))[:, -4:, -5:],
    "stacked": lambda x, y: ops.hstack([x, ops.vstack([y[0], y[1]]) * x[:, :2]])[:, 2:] + ops.unstack(x, axis=1)[2][:, None],
    "taken": lambda x, y: ops.take(x, [3, 0, -1, 1], axis=1) + ops.take(y, 2, axis=0) * ops.slice(x, (1, 0, 2), (1, 1, 1)),
    "triangles": lambda x, y: ops.tril(x) + ops.triu(x, 1) * y + ops.full((5,), 2.0) + ops.eye(4, 5, 1) + ops.identity(5)[0],
    "pairs": lambda x, y: ops.outer(y[0, :4], y[1]) + ops.inner(x, y[:1]) * ops.vdot(y, y) + ops.take(y, [[7, 3]])[0, 1],
    "moments": lambda x, y: ops.moments(x, [0, 1])[1] - ops.moments(y, 1)[0][1] * ops.moments(x, 0, keepdims=True)[0],
    "entropies": lambda x, y: (
        ops.categorical_crossentropy(ops.softmax(y), ops.softmax(x))[..., None]
        + ops.binary_crossentropy(ops.sigmoid(y), ops.sigmoid(x))
        + ops.binary_crossentropy(ops.sigmoid(y), x, from_logits=True)
        + ops.sparse_categorical_crossentropy(np.array([1, 0, 4, 2]), x[0], from_logits=True)[:, None]
    ),
}


@pytest.mark.parametrize("name", FUNCTIONS)
def test_a_program_computes_the_function_and_its_derivative(name):
    function, arrays = FUNCTIONS[name], inputs()
    with np.errstate(all="ignore"):
        expected = np.asarray(function(*arrays))
        dy = np.random.default_rng(9).standard_normal(expected.shape)
        y, *gradients = run("reference", function, arrays, dy)
        assert_close(y, expected, 1e-12)
        for x, dx in zip(arrays, gradients, strict=True):
            direction = np.random.default_rng(10).standard_normal(x.shape)
            before, after = ([a + s * direction if a is x else a for a in arrays] for s in (-1e-6, 1e-6))
            slope = np.sum((function(*after) - function(*before)) * dy) / 2e-6
            np.testing.assert_allclose(np.sum(dx * direction), slope, rtol=1e-6, atol=1e-6)


def test_labels():
    labels = np.array([2, 0, 1])
    x = input_like((3,), "i")
    outputs = [
        ops.take(np.arange(8.0).reshape(4, 2), x, axis=0),
        ops.count_nonzero(x),
        ops.cast(ops.in_top_k(x, np.arange(12.0).reshape(3, 4) % 5, 1), "float32"),
        ops.multi_hot(ops.reshape(x, (1, 3)), 4),
    ]
    kernels = get_ops("reference")
    found, _ = Program([x], outputs, [False], "float32").forward(kernels, [kernels.asarray(labels, np.int64)])
    rows, count, among, several = (np.asarray(kernels.to_host(kernels.dense(y))).tolist() for y in found)
    assert rows == [[4, 5], [0, 1], [2, 3]]
    assert (count, among, several) == (2, [0, 1, 1], [[1, 1, 1, 0]])
    assert ops.in_top_k(labels, np.arange(12.0).reshape(3, 4) % 5, 1).tolist() == [False, True, True]


def test_what_arrays_have_alone():
    x = np.array([[3.0, -1.5, 7.0]])
    assert ops.unique(x).tolist() == [-1.5, 3, 7]
    assert [y.tolist() for y in ops.top_k(x, 2)] == [[[7, 3]], [[2, 0]]]
    assert ops.convert_to_numpy([1.0]).tolist() == [1]
    assert [ops.is_tensor(value) for value in (x, input_like((2,)), 3.0)] == [True, True, False]
