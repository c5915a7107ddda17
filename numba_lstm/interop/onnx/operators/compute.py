"""The operators that compute, by the ops of a device (onnx, Operators.md)."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from typing import Any

import numpy as np
import numpy.typing as npt

from ....kernels.contract import Ops
from ....kernels.specs import Activation
from ....variables import Variable
from . import activations, lstm_operator, shapes
from .call import Call

Host = npt.NDArray[Any]

WEIGHTS = (1, 2, 3, 7)  #: the places of W, R, B and P among the inputs of an LSTM


def lstm(call: Call) -> Sequence[Host]:
    """ONNX's LSTM; weights that are constants are made ready once."""
    cells = call.keep("cells", WEIGHTS, lambda: cells_of(call.inputs, call.attributes))
    layout = call.attributes.get("layout", 0)
    x, units = call.need(0), cells[0].weights.recurrent_kernel.shape[0]
    call.check_size((*x.shape[:2], len(cells), units))
    return lstm_operator.run(call.ops, call.need(0), cells, call.get(4), call.get(5), call.get(6), layout)


def cells_of(inputs: Sequence[Host | None], attributes: dict[str, Any]) -> list[lstm_operator.Cell]:
    """The cells of an LSTM node, from its inputs W, R, B and P."""
    W, R, B, P = (inputs[index] if index < len(inputs) else None for index in WEIGHTS)
    if W is None or R is None:
        raise ValueError("its W or R is missing.")
    return lstm_operator.cells(W, R, B, P, **{key: value for key, value in attributes.items() if key != "layout"})


# -- products ---------------------------------------------------------------------------------------------------------


def _product(call: Call, a: Host, b: Host, bias: Host | None = None) -> Host:
    """a (M, K) times b (K, C), plus bias (C,), by the device's Dense."""
    if a.shape[1] != b.shape[0] or a.dtype != b.dtype or a.dtype not in (np.float32, np.float64):
        raise ValueError(f"cannot multiply {a.dtype} of shape {a.shape} with {b.dtype} of shape {b.shape}.")
    call.check_size((a.shape[0], b.shape[1]))
    if 0 in a.shape or 0 in b.shape:
        zero = np.zeros((a.shape[0], b.shape[1]), a.dtype)
        return zero if bias is None else zero + bias
    kernel = call.keep("kernel", (1,), lambda: Variable(b))
    added = None if bias is None else call.keep("bias", (2,), lambda: Variable(bias))
    y, _ = call.ops.dense_forward(call.ops.asarray(np.ascontiguousarray(a), a.dtype), kernel, added, Activation())
    return np.array(call.ops.to_host(y))


def gemm(call: Call) -> Sequence[Host]:
    """``alpha A B + beta C`` of matrices."""
    a, b, c = call.need(0), call.need(1), call.get(2)
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
    """Products of matrices, as ``np.matmul``."""
    a, b = call.need(0), call.need(1)
    if a.ndim < 1 or b.ndim < 1:
        raise ValueError("MatMul takes no scalars.")
    if b.ndim == 2 and a.ndim >= 2:
        return [_product(call, a.reshape(-1, a.shape[-1]), b).reshape(*a.shape[:-1], b.shape[1])]
    wide_a, wide_b = (a[None] if a.ndim == 1 else a), (b[:, None] if b.ndim == 1 else b)
    leading = np.broadcast_shapes(wide_a.shape[:-2], wide_b.shape[:-2])
    call.check_size((*leading, wide_a.shape[-2], wide_b.shape[-1]))
    pairs = zip(
        np.broadcast_to(wide_a, (*leading, *wide_a.shape[-2:])).reshape(-1, *wide_a.shape[-2:]),
        np.broadcast_to(wide_b, (*leading, *wide_b.shape[-2:])).reshape(-1, *wide_b.shape[-2:]),
        strict=True,
    )
    anew = Call(call.ops, call.inputs, {}, call.opset, (False,) * 3, most=call.most)  # every pair has a kernel of its own
    products = [_product(anew, one, two) for one, two in pairs]
    y = np.array(products).reshape(*leading, wide_a.shape[-2], wide_b.shape[-1])
    y = y[..., 0, :] if a.ndim == 1 else y
    return [y[..., 0] if b.ndim == 1 else y]


# -- elementwise ------------------------------------------------------------------------------------------------------


def elementwise(function: np.ufunc) -> Callable[[Call], Sequence[Host]]:
    """An operator of two inputs whose shapes broadcast."""

    def run(call: Call) -> Sequence[Host]:
        a, b = call.need(0), call.need(1)
        if a.dtype != b.dtype:
            raise ValueError(f"both inputs must have one dtype, got {a.dtype} and {b.dtype}.")
        call.check_size(np.broadcast_shapes(a.shape, b.shape))
        return [np.asarray(function(a, b))]

    return run


def activation(make: Callable[[dict[str, Any]], Activation]) -> Callable[[Call], Sequence[Host]]:
    """An operator that is an activation."""

    def run(call: Call) -> Sequence[Host]:
        return [_activated(call.ops, call.need(0), make(call.attributes))]

    return run


def _activated(ops: Ops, x: Host, activation: Activation) -> Host:
    """``activation`` of all elements, or of rows along the last axis."""
    if x.dtype not in (np.float32, np.float64):
        raise ValueError(f"the input must be float32 or float64, got {x.dtype}.")
    if x.size == 0:
        return x
    rows = np.ascontiguousarray(x).reshape(-1, x.shape[-1] if x.ndim else 1)
    y, _ = ops.activation_forward(ops.asarray(rows, x.dtype), activation)
    return np.array(ops.to_host(y)).reshape(x.shape)


def softmax(call: Call) -> Sequence[Host]:
    """Up to version 12 over all axes from ``axis`` on, afterwards over that axis alone."""
    x = call.need(0)
    old = call.opset < 13
    axis = shapes.axis_of(call.attributes.get("axis", 1 if old else -1), x.ndim)
    if old:
        rows = x.reshape(math.prod(x.shape[:axis]), -1)
        return [_activated(call.ops, rows, Activation("softmax")).reshape(x.shape)]
    y = _activated(call.ops, np.moveaxis(x, axis, -1), Activation("softmax"))
    return [np.moveaxis(y, -1, axis)]


def layer_normalization(call: Call) -> Sequence[Host]:
    """Over the last axis alone."""
    x = call.need(0)
    if shapes.axis_of(call.attributes.get("axis", -1), x.ndim) != x.ndim - 1 or x.size == 0:
        raise ValueError(f"only the last axis of an input with elements can be normalised, got shape {x.shape}.")
    call.check_size(x.shape)
    size = x.shape[-1]  # with one gain for all features, which another call may have more of
    gamma = call.keep(f"gamma {size}", (1,), lambda: Variable(_by_feature(call.need(1), size, "Scale")))
    shift = call.get(2)
    beta = None if shift is None else call.keep(f"beta {size}", (2,), lambda: Variable(_by_feature(shift, size, "B")))
    rows = call.ops.asarray(np.ascontiguousarray(x).reshape(-1, x.shape[-1]), x.dtype)
    y, _ = call.ops.layer_norm_forward(rows, gamma, beta, call.attributes.get("epsilon", 1e-5))
    return [np.array(call.ops.to_host(y)).reshape(x.shape)]


def _by_feature(values: Host, size: int, what: str) -> Host:
    """Weights of a normalization, one a feature; a single one is that of all."""
    if values.size != 1 and values.shape != (size,):
        raise ValueError(f"its {what} must have shape ({size},), one number a feature, got {values.shape}.")
    return np.broadcast_to(values.reshape(-1), (size,))


def named(name: str) -> Callable[[dict[str, Any]], Activation]:
    """An activation without parameters."""
    return lambda attributes: Activation(name)


def parametric(name: str, alpha: float, beta: float | None = None) -> Callable[[dict[str, Any]], Activation]:
    """An activation with ``alpha`` and perhaps ``beta``, and their defaults."""
    return lambda a: activations.spec(name, a.get("alpha", alpha), None if beta is None else a.get("beta", beta))
