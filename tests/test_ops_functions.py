"""Functions of numba_lstm.ops: on NumPy arrays, as programs of a device, and their derivatives."""

from __future__ import annotations

import numpy as np
import pytest
from tolerances import SUMS, assert_close

from numba_lstm import ops
from numba_lstm.device import get_ops
from numba_lstm.ops.program import Program
from numba_lstm.ops.tensor import Tensor, UntraceableError
from numba_lstm.ops.tracing import input_like, traced

#: Functions of x (3, 4, 5) and y (4, 5), away from kinks.
FUNCTIONS = {
    "arithmetic": lambda x, y: (x + y) * x - y / (x * x + 2) + 3 * x - (1 - y) ** 2 + x**3 + (x * x + 1) ** 1.5 + 2.0**y,
    "elementary": lambda x, y: ops.exp(x) + ops.log(ops.square(y) + 1) + ops.log1p(x * x) + ops.tanh(x) + ops.sqrt(y * y + 1),
    "activations": lambda x, y: ops.relu(x) + ops.sigmoid(y) + ops.silu(x) + ops.elu(y) + ops.leaky_relu(x) + ops.softplus(y),
    "bounded": lambda x, y: ops.relu6(4 * x) + ops.hard_sigmoid(y) * ops.arange(5.0) + ops.rsqrt(x * x + 1) - ops.ones((4, 5)),
    "kinks": lambda x, y: ops.maximum(x, y) * 2 + ops.minimum(x, 0.1) + ops.abs(y) + ops.clip(x, -0.5, 0.5) + ops.sign(x),
    "choices": lambda x, y: ops.where(ops.logical_and(x > y, ops.logical_not(x > 1)), x * x, y) + ops.cast(x <= y, "float32"),
    "numpy": lambda x, y: np.where(x > 0, np.exp(x), np.mean(y, axis=0)) + np.expm1(y) - np.reciprocal(x * x + 1),
    "sums": lambda x, y: ops.sum(x, 1, keepdims=True) + ops.mean(y) + ops.var(x, (0, 2), keepdims=True),
    "extremes": lambda x, y: ops.max(x, axis=-1) + ops.min(y) + ops.logsumexp(x, axis=2) + ops.std(x, axis=0)[0, 0],
    "softmax": lambda x, y: ops.softmax(x * y) + ops.softmax(x, axis=1) + ops.log_softmax(y),
    "shapes": lambda x, y: (
        ops.transpose(x, (2, 0, 1)) * ops.reshape(y, (5, 1, 4)) + ops.expand_dims(ops.squeeze(y[:1]), 1)[:, None]
    ),
    "slices": lambda x, y: x[:, 1:3, ::2] * y[None, -2:, :3] + ops.flip(x, 1)[:, :2, ::-2] + x[1, 2, 3],
    "joins": lambda x, y: ops.concatenate([x, ops.stack([y, y * y])], axis=0)[..., None] + ops.repeat(y, 2, 0)[3, 1],
    "products": lambda x, y: ops.matmul(x, ops.transpose(y)) + ops.einsum("btd,td->bt", x, y)[..., None] + ops.sum(x @ y[0]),
    "einsum": lambda x, y: ops.einsum("bij,bkj->kbi", x, x * 2) + ops.tensordot(x, y, [[1, 2], [0, 1]])[None, :, None],
}


def program(function, arrays, dtype):
    inputs = [input_like(x.shape, x.dtype.kind) for x in arrays]
    return Program(inputs, [traced(function, inputs, "the function")], [x.dtype.kind == "f" for x in arrays], dtype)


def run(device, function, arrays, dy=None, dtype="float64"):
    """Return the value of a function on a device, and the gradients of its inputs."""
    compiled, kernels = program(function, arrays, dtype), get_ops(device)
    placed = [kernels.asarray(x.astype(dtype), dtype) for x in arrays]
    (y,), tape = compiled.forward(kernels, placed, training=True)
    dxs = (
        () if dy is None else compiled.backward(kernels, tape, [kernels.asarray(dy.astype(dtype), dtype)], [True] * len(arrays))
    )
    return [np.array(kernels.to_host(kernels.dense(value))) for value in (y, *dxs)]


def inputs():
    rng = np.random.default_rng(8)
    return [rng.standard_normal((3, 4, 5)), rng.standard_normal((4, 5))]


@pytest.mark.parametrize("name", FUNCTIONS)
def test_a_program_computes_the_function_and_its_derivative(name):
    function, arrays = FUNCTIONS[name], inputs()
    expected = np.asarray(function(*arrays))
    dy = np.random.default_rng(9).standard_normal(expected.shape)
    y, *gradients = run("reference", function, arrays, dy)
    assert_close(y, expected, 1e-12)
    for x, dx in zip(arrays, gradients, strict=True):
        direction = np.random.default_rng(10).standard_normal(x.shape)
        before, after = ([a + s * direction if a is x else a for a in arrays] for s in (-1e-6, 1e-6))
        slope = np.sum((function(*after) - function(*before)) * dy) / 2e-6
        np.testing.assert_allclose(np.sum(dx * direction), slope, rtol=1e-6, atol=1e-7)


@pytest.mark.parametrize("name", ["kinks", "softmax", "slices", "einsum"])
def test_devices_agree(name):
    function, arrays = FUNCTIONS[name], inputs()
    dy = np.random.default_rng(9).standard_normal(np.shape(function(*arrays)))
    for found, expected in zip(
        run("cpu", function, arrays, dy, "float32"), run("reference", function, arrays, dy), strict=True
    ):
        assert_close(found, expected, 5 * SUMS["float32"])


def test_elementwise_operations_share_a_kernel():
    compiled = program(lambda x, y: ops.sum(ops.exp(x * y) - ops.square(x + y), axis=0), inputs(), "float64")
    assert [step.result.operation for step in compiled._forward] == ["broadcast", "subtract", "sum"]


def test_equal_ones_share_the_gradient():
    x = np.array([1.0, 2.0])
    assert np.stack(run("reference", lambda x, y: ops.maximum(x, y), [x, x], np.ones(2))[1:]).tolist() == [[0.5, 0.5]] * 2
    assert run("reference", lambda x: ops.max(x), [np.ones(2)], np.ones(()))[1].tolist() == [0.5, 0.5]
    assert run("reference", lambda x: x * ops.stop_gradient(x), [x], np.ones(2))[1].tolist() == [1, 2]


@pytest.mark.parametrize(
    ("function", "message"),
    [
        (lambda x: x if x > 0 else -x, "branches on values.*ops.where"),
        (lambda x: np.linalg.det(x), r"np\.det cannot be traced"),
        (lambda x: ops.unique(x), "unique takes arrays alone"),
        (lambda x: np.asarray(x), "NumPy needs its values"),
        (lambda x: x + np.ones(7), "can be broadcast"),
        (lambda x: ops.einsum("ii,ij->j", x, x), "one letter for each axis"),
        (lambda x: float(x), "needs a number"),
    ],
)
def test_what_cannot_be_traced_names_the_line(function, message):
    with pytest.raises(
        UntraceableError, match=f"(?s)the loss '<lambda>' cannot be traced .*line .*test_ops_functions.*{message}"
    ):
        traced(function, [input_like((2, 3))], "the loss")


def test_labels_and_masks():
    labels, mask = np.array([2, 0, 1]), np.array([True, False, True])
    compiled = Program(
        [Tensor("input", (), None, (3,), "i"), Tensor("input", (), None, (3,), "b")],
        [],
        [False, False],
        "float32",
    )
    y = ops.where(compiled.inputs[1], ops.sum(ops.one_hot(compiled.inputs[0], 3) * np.arange(3.0), -1), -1)
    compiled = Program(compiled.inputs, [y, ops.argmax(ops.one_hot(compiled.inputs[0], 3), axis=-1)], [False, False], "float32")
    kernels = get_ops("cpu")
    (chosen, largest), _ = compiled.forward(kernels, [kernels.asarray(labels, np.int64), kernels.asarray(mask, np.bool_)])
    assert kernels.to_host(chosen).tolist() == [2, -1, 1]
    assert kernels.to_host(largest).tolist() == [2, 0, 1]


def test_top_k_of_arrays_takes_integers_and_refuses_k_beyond_the_axis():
    values, places = ops.top_k(np.array([0, 2, 1], np.uint8), 2)
    np.testing.assert_array_equal((values, places), ([2, 1], [1, 2]))
    with pytest.raises(ValueError, match="top_k takes k from 1"):
        ops.top_k(np.zeros(3), 4)
