"""Convert products of matrices."""

from __future__ import annotations

from typing import Any

import numpy as np
import numpy.typing as npt

from .... import ops
from ....layers import Dense
from ..graph.graph import Node
from .folding import Known
from .scope import Scope
from .value import Value, arranged, natural, placed, real_order

Host = npt.NDArray[Any]


def gemm(scope: Scope, node: Node) -> list[Value]:
    """Gemm: a Dense, whose weights include the factors alpha and beta."""
    x, attributes = scope.value(node), node.attributes
    if x.rank != 2 or x.batch == 1 or attributes.get("transA", 0):
        raise ValueError(f"multiplies sizes {x.sizes}, where rows of features were expected")
    kernel, bias = scope.require(node, 1), scope.constant(node, 2)
    kernel = kernel.T if attributes.get("transB", 0) else kernel
    with np.errstate(invalid="ignore", over="ignore"):  # of weights that are infinite
        kernel = kernel * kernel.dtype.type(attributes.get("alpha", 1.0))
        bias = None if bias is None else bias * bias.dtype.type(attributes.get("beta", 1.0))
    return [_dense(scope, node, x, kernel, bias)]


def matmul(scope: Scope, node: Node) -> list[Value]:
    """MatMul: a Dense, whose bias may be in the Add behind it, or a product of tensors."""
    a, b = scope.get(node, 0), scope.get(node, 1)
    if isinstance(a, Value) and isinstance(b, Value):
        if a.rank != b.rank or a.rank < 2 or a.batch != b.batch or a.batch in (a.rank - 1, a.rank - 2):
            raise ValueError(f"multiplies sizes {a.sizes} and {b.sizes}, where products of each sample were expected")
        order = a.samples
        return [placed(ops.matmul(natural(a), natural(b)), order, a.rank, a.batch)]
    x, kernel = scope.value(node), scope.require(node, 1)
    if kernel.ndim != 2 or x.batch == x.rank - 1:
        raise ValueError(f"multiplies sizes {x.sizes} with a constant of shape {kernel.shape}, where a matrix was expected")
    follower = scope.consumers.get(node.outputs[0])
    if follower is None or follower.kind != "Add" or scope.uses[node.outputs[0]] != 1:
        return [_dense(scope, node, x, kernel)]
    name = next((name for name in follower.inputs if name != node.outputs[0]), "")
    bias = scope.values.get(name)
    if not isinstance(bias, Known) or bias.array.shape != kernel.shape[1:]:
        return [_dense(scope, node, x, kernel)]
    y = _dense(scope, node, x, kernel, bias.numbers())
    scope.values[follower.outputs[0]] = y
    scope.skipped.add(follower.outputs[0])
    return [y]


def _dense(scope: Scope, node: Node, x: Value, kernel: Host, bias: Host | None = None) -> Value:
    last = x.rank - 1
    order = [*(axis for axis in real_order(x) if axis != last), last]
    tensor = arranged(x, order)
    if kernel.ndim != 2 or kernel.shape[0] != tensor.shape[-1]:
        raise ValueError(f"multiplies sizes {x.sizes} with a constant of shape {kernel.shape}")
    weights = [kernel]
    if bias is not None:
        if bias.size not in (1, kernel.shape[1]) or bias.shape[-1:] not in ((), (1,), kernel.shape[1:]):
            raise ValueError(f"adds an array of shape {bias.shape} to {kernel.shape[1]} features")
        weights.append(np.array(np.broadcast_to(bias.reshape(-1), kernel.shape[1:])))
    y = scope.add(Dense, node, tensor, weights, units=kernel.shape[1], use_bias=bias is not None)
    return placed(y, order, x.rank, x.batch)


HANDLERS: dict[str, Any] = {"Gemm": gemm, "MatMul": matmul}
