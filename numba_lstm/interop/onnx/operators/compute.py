"""ONNX operators that compute, by the ops of a device (onnx, Operators.md)."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from typing import Any

import numpy as np
import numpy.typing as npt

from ....activations import as_spec
from ....kernels.contract import Ops
from ....kernels.specs import Activation
from ....variables import Variable
from . import activations, lstm_operator, shapes
from .call import Call

Host = npt.NDArray[Any]

WEIGHTS = (1, 2, 3, 7)  #: indices of W, R, B and P among the inputs of an LSTM


def lstm(call: Call) -> Sequence[Host]:
    """LSTM; cells of constant weights are made once."""
    cells = call.cached("cells", WEIGHTS, lambda: cells_of(call.inputs, call.attributes))
    layout = call.attributes.get("layout", 0)
    x, units = call.require(0), cells[0].weights.recurrent_kernel.shape[0]
    call.check_size((*x.shape[:2], len(cells), units))
    return lstm_operator.run(call.ops, call.require(0), cells, call.get(4), call.get(5), call.get(6), layout)


def cells_of(inputs: Sequence[Host | None], attributes: dict[str, Any]) -> list[lstm_operator.Cell]:
    """Make the cells of an LSTM node from its inputs W, R, B and P."""
    W, R, B, P = (inputs[index] if index < len(inputs) else None for index in WEIGHTS)
    if W is None or R is None:
        raise ValueError("its W or R is missing.")
    options = lstm_operator.Attributes(**{key: value for key, value in attributes.items() if key != "layout"})
    return lstm_operator.make_cells(W, R, B, P, options)


# -- products ---------------------------------------------------------------------------------------------------------


def _product(call: Call, a: Host, b: Host, bias: Host | None = None) -> Host:
    """Multiply a (M, K) by b (K, C) and add bias (C,), by the device's Dense op."""
    if a.shape[1] != b.shape[0] or a.dtype != b.dtype or a.dtype not in (np.float32, np.float64):
        raise ValueError(f"cannot multiply {a.dtype} of shape {a.shape} with {b.dtype} of shape {b.shape}.")
    call.check_size((a.shape[0], b.shape[1]))
    if 0 in a.shape or 0 in b.shape:
        zero = np.zeros((a.shape[0], b.shape[1]), a.dtype)
        return zero if bias is None else zero + bias
    kernel = call.cached("kernel", (1,), lambda: Variable(b))
    bias_variable = None if bias is None else call.cached("bias", (2,), lambda: Variable(bias))
    y, _ = call.ops.dense_forward(call.ops.asarray(np.ascontiguousarray(a), a.dtype), kernel, bias_variable, Activation())
    return np.array(call.ops.to_host(y))


def gemm(call: Call) -> Sequence[Host]:
    """``alpha A B + beta C`` of matrices."""
    a, b, c = call.require(0), call.require(1), call.get(2)
    if a.ndim != 2 or b.ndim != 2:
        raise ValueError(f"A and B must be matrices, got shapes {a.shape} and {b.shape}.")
    a = a.T if call.attributes.get("transA", 0) else a
    b = b.T if call.attributes.get("transB", 0) else b
    alpha, beta = call.attributes.get("alpha", 1.0), call.attributes.get("beta", 1.0)
    if c is None or (alpha, beta) == (1.0, 1.0) and c.shape == b.shape[1:] and c.dtype == b.dtype:
        y = _product(call, a, b, c)
        return [y if alpha == 1.0 else y * y.dtype.type(alpha)]
    y = _product(call, a, b)
    return [y * y.dtype.type(alpha) + np.broadcast_to(c * c.dtype.type(beta), y.shape).astype(y.dtype, copy=False)]


def matmul(call: Call) -> Sequence[Host]:
    """Matrix products that broadcast as ``np.matmul``."""
    a, b = call.require(0), call.require(1)
    if a.ndim < 1 or b.ndim < 1:
        raise ValueError("MatMul takes no scalars.")
    if b.ndim == 2 and a.ndim >= 2:
        return [_product(call, a.reshape(-1, a.shape[-1]), b).reshape(*a.shape[:-1], b.shape[1])]
    matrices_a, matrices_b = (a[None] if a.ndim == 1 else a), (b[:, None] if b.ndim == 1 else b)
    leading = np.broadcast_shapes(matrices_a.shape[:-2], matrices_b.shape[:-2])
    call.check_size((*leading, matrices_a.shape[-2], matrices_b.shape[-1]))
    pairs = zip(
        np.broadcast_to(matrices_a, (*leading, *matrices_a.shape[-2:])).reshape(-1, *matrices_a.shape[-2:]),
        np.broadcast_to(matrices_b, (*leading, *matrices_b.shape[-2:])).reshape(-1, *matrices_b.shape[-2:]),
        strict=True,
    )
    uncached = Call(
        call.ops, call.inputs, {}, call.opset, (False,) * 3, max_elements=call.max_elements
    )  # every pair has a kernel of its own
    products = [_product(uncached, one, two) for one, two in pairs]
    y = np.array(products).reshape(*leading, matrices_a.shape[-2], matrices_b.shape[-1])
    y = y[..., 0, :] if a.ndim == 1 else y
    return [y[..., 0] if b.ndim == 1 else y]


# -- elementwise ------------------------------------------------------------------------------------------------------


def elementwise(function: np.ufunc) -> Callable[[Call], Sequence[Host]]:
    """Make an operator of two inputs whose shapes broadcast."""

    def run(call: Call) -> Sequence[Host]:
        a, b = call.require(0), call.require(1)
        if a.dtype != b.dtype:
            raise ValueError(f"both inputs must have one dtype, got {a.dtype} and {b.dtype}.")
        call.check_size(np.broadcast_shapes(a.shape, b.shape))
        return [np.asarray(function(a, b))]

    return run


def activation(make: Callable[[dict[str, Any]], Activation]) -> Callable[[Call], Sequence[Host]]:
    """Make an operator that applies an activation."""

    def run(call: Call) -> Sequence[Host]:
        return [_apply_activation(call.ops, call.require(0), make(call.attributes))]

    return run


def _apply_activation(ops: Ops, x: Host, activation: Activation) -> Host:
    """Apply an activation to all elements, or along the last axis."""
    if x.dtype not in (np.float32, np.float64):
        raise ValueError(f"the input must be float32 or float64, got {x.dtype}.")
    if x.size == 0:
        return x
    rows = np.ascontiguousarray(x).reshape(-1, x.shape[-1] if x.ndim else 1)
    y, _ = ops.activation_forward(ops.asarray(rows, x.dtype), activation)
    return np.array(ops.to_host(y)).reshape(x.shape)


def softmax(call: Call) -> Sequence[Host]:
    """Softmax: up to opset 12 over all axes from ``axis`` on, later over that axis alone."""
    x = call.require(0)
    flattens = call.opset < 13
    axis = shapes.axis_of(call.attributes.get("axis", 1 if flattens else -1), x.ndim)
    if flattens:
        rows = x.reshape(math.prod(x.shape[:axis]), -1)
        return [_apply_activation(call.ops, rows, Activation("softmax")).reshape(x.shape)]
    y = _apply_activation(call.ops, np.moveaxis(x, axis, -1), Activation("softmax"))
    return [np.moveaxis(y, -1, axis)]


def layer_normalization(call: Call) -> Sequence[Host]:
    """LayerNormalization over the last axis."""
    x = call.require(0)
    if shapes.axis_of(call.attributes.get("axis", -1), x.ndim) != x.ndim - 1 or x.size == 0:
        raise ValueError(f"only the last axis of an input with elements can be normalised, got shape {x.shape}.")
    call.check_size(x.shape)
    size = x.shape[-1]  # in the key, since a single gain serves any number of features
    gamma = call.cached(f"gamma {size}", (1,), lambda: Variable(_by_feature(call.require(1), size, "Scale")))
    shift = call.get(2)
    beta = None if shift is None else call.cached(f"beta {size}", (2,), lambda: Variable(_by_feature(shift, size, "B")))
    rows = call.ops.asarray(np.ascontiguousarray(x).reshape(-1, x.shape[-1]), x.dtype)
    y, _ = call.ops.layer_norm_forward(rows, gamma, beta, call.attributes.get("epsilon", 1e-5))
    return [np.array(call.ops.to_host(y)).reshape(x.shape)]


def _by_feature(values: Host, size: int, what: str) -> Host:
    """Weights of a normalization, one per feature; a single one is broadcast."""
    if values.size != 1 and values.shape != (size,):
        raise ValueError(f"its {what} must have shape ({size},), one number a feature, got {values.shape}.")
    return np.broadcast_to(values.reshape(-1), (size,))


def plain_spec(name: str) -> Callable[[dict[str, Any]], Activation]:
    """An activation without parameters."""
    return lambda attributes: Activation(name)


def gelu_spec(attributes: dict[str, Any]) -> Activation:
    """Gelu, exact or approximate."""
    approximate = attributes.get("approximate", "none") == "tanh"
    return as_spec({"class_name": "gelu", "config": {"approximate": approximate}})


def parametric_spec(name: str, alpha: float, beta: float | None = None) -> Callable[[dict[str, Any]], Activation]:
    """An activation with ``alpha`` and perhaps ``beta``, and their defaults."""
    return lambda a: activations.spec(name, a.get("alpha", alpha), None if beta is None else a.get("beta", beta))
