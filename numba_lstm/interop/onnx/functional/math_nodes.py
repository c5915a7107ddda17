"""Convert nodes that compute element by element, reduce, or normalize."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import numpy as np
import numpy.typing as npt

from .... import ops
from ....activations.element_formulas import element_formula
from ....kernels.specs import Activation as Spec
from ....layers import Activation, BatchNormalization, LayerNormalization
from ..graph.graph import Node
from ..operators.activations import spec
from ..operators.arithmetic import reduced_axes
from ..operators.compute import gelu_spec
from .folding import Known
from .scope import Entry, Scope
from .value import Value, arranged, placed, real_order

Host = npt.NDArray[Any]

MAX_ELEMENTS = 1 << 16  #: of an array that a function of tensors has among its arguments


def elementwise(function: Callable[..., Any]) -> Callable[[Scope, Node], list[Value]]:
    """Make the handler of an operator of any number of inputs whose shapes broadcast."""

    def convert(scope: Scope, node: Node) -> list[Value]:
        result = scope.get(node, 0)
        if len(node.inputs) == 1 and isinstance(result, Value):
            return [Value(function(result.tensor), result.axes)]
        for index in range(1, len(node.inputs)):
            result = pair(function, result, scope.get(node, index))
        if not isinstance(result, Value):
            raise ValueError("has no input that depends on the graph's inputs")
        return [result]

    return convert


def pair(function: Callable[..., Any], a: Entry | None, b: Entry | None) -> Value:
    """Apply a function of two tensors to values or constants."""
    if isinstance(a, Value) and isinstance(b, Value):
        return _two_values(function, a, b)
    if isinstance(a, Value) and isinstance(b, Known):
        _check_uniform(a, b)
        return _with_constant(function, a, b.numbers())
    if isinstance(a, Known) and isinstance(b, Value):
        _check_uniform(b, a)
        return _with_constant(lambda x, y: function(y, x), b, a.numbers())
    raise ValueError("computes with what is no tensor of the graph")


def _check_uniform(x: Value, known: Known) -> None:
    """Raise ValueError for an axis of size 1 that a constant of free sizes may repeat."""
    if not known.uniform:
        return
    shape = known.array.shape
    sizes = x.sizes[max(x.rank - len(shape), 0) :]
    if len(shape) > x.rank or any(size == 1 == n for size, n in zip(sizes, shape[len(shape) - len(sizes) :], strict=True)):
        raise ValueError(f"repeats sizes {x.sizes} to ones that are free. Give shapes of the inputs")


def _of_rank(x: Value, rank: int) -> Value:
    """Return a value with as many axes of size 1 before the others as ``rank`` needs."""
    return x.with_axes([None] * (rank - x.rank) + list(x.axes))


def _two_values(function: Callable[..., Any], a: Value, b: Value) -> Value:
    rank = max(a.rank, b.rank)
    a, b = _of_rank(a, rank), _of_rank(b, rank)
    if a.batch != b.batch:
        raise ValueError(f"joins sizes {a.sizes} and {b.sizes}, which have the batch at different axes")
    if a.axes == b.axes and a.tensor.shape == b.tensor.shape:
        return Value(function(a.tensor, b.tensor), a.axes)
    first, second = (a, b) if len(real_order(a)) >= len(real_order(b)) else (b, a)
    order = real_order(first)
    order += [axis for axis in real_order(second) if axis not in order]
    return placed(function(arranged(a, order), arranged(b, order)), order, rank, a.batch)


def _with_constant(function: Callable[..., Any], x: Value, array: Host) -> Value:
    if array.dtype.kind not in "fiub":
        raise ValueError(f"computes with {array.dtype}")
    if array.size == 1 and array.ndim <= x.rank:
        return Value(function(x.tensor, array.item()), x.axes)
    if array.size > MAX_ELEMENTS:
        raise ValueError(f"computes with a constant of shape {array.shape}, larger than {MAX_ELEMENTS:,} elements")
    rank = max(x.rank, array.ndim)
    x = _of_rank(x, rank)
    array = array.reshape((1,) * (rank - array.ndim) + array.shape)
    if x.batch is not None and array.shape[x.batch] != 1:
        raise ValueError(f"computes with a constant of shape {array.shape}, which has an element for each sample")
    order = real_order(x)
    order += [axis for axis in x.samples if axis not in order and array.shape[axis] != 1]
    dropped = [axis for axis in range(rank) if axis not in order]
    constant = array.transpose([*dropped, *order]).reshape(1, *(array.shape[axis] for axis in order))
    return placed(function(arranged(x, order), constant), order, rank, x.batch)


def unary(function: Callable[[Any], Any]) -> Callable[[Scope, Node], list[Value]]:
    """Make the handler of an operator of one input."""

    def convert(scope: Scope, node: Node) -> list[Value]:
        x = scope.value(node)
        return [Value(function(x.tensor), x.axes)]

    return convert


def activation(scope: Scope, node: Node) -> list[Value]:
    """Activation, with parameters or without."""
    x = scope.value(node)
    if node.kind in _PARAMETERS:
        defaults = _PARAMETERS[node.kind]
        function = spec(node.kind.lower(), **{key: node.attributes.get(key, value) for key, value in defaults.items()})
    elif node.kind == "Gelu":
        function = gelu_spec(node.attributes)
    elif node.kind == "Celu":
        function = element_formula("celu", (float(node.attributes.get("alpha", 1.0)),))
    elif node.kind in ("HardSwish", "Mish"):
        function = element_formula("mish" if node.kind == "Mish" else "hard_silu", ())
    else:
        function = Spec(_NAMES.get(node.kind, node.kind.lower()))
    return [Value(scope.add(Activation, node, x.tensor, activation=function), x.axes)]


def softmax(scope: Scope, node: Node) -> list[Value]:
    """Softmax and LogSoftmax along an axis; up to opset 12 along all from ``axis`` on, of which one may be larger than 1."""
    x = scope.value(node)
    axis = scope.axis(node, x, 1 if scope.opset < 13 else -1)
    if scope.opset < 13:
        large = [k for k in range(axis, x.rank) if x.sizes[k] != 1]
        if len(large) > 1:
            raise ValueError(f"is over several axes of {x.sizes}")
        axis = large[0] if large else axis
    if axis == x.batch:
        raise ValueError("is over the batch")
    at = x.axes[axis]
    if node.kind == "LogSoftmax" or (at is not None and x.tensor.shape[at] is None):
        function = ops.log_softmax if node.kind == "LogSoftmax" else ops.softmax
        return [Value(function(x.tensor, at), x.axes) if at is not None else Value(ops.zeros_like(x.tensor), x.axes)]
    order = [*(k for k in real_order(x) if k != axis), axis]
    y = scope.add(Activation, node, arranged(x, order), activation=Spec("softmax"))
    return [placed(y, order, x.rank, x.batch)]


def prelu(scope: Scope, node: Node) -> list[Value]:
    """PRelu: a slope below zero for each element of a constant."""
    x, slope = scope.value(node), scope.require(node, 1)
    below = _with_constant(ops.multiply, Value(ops.minimum(x.tensor, 0.0), x.axes), slope)
    return [_two_values(ops.add, Value(ops.maximum(x.tensor, 0.0), x.axes), below)]


def reduction(function: Callable[..., Any]) -> Callable[[Scope, Node], list[Value]]:
    """Make the handler of a reduction over axes."""

    def convert(scope: Scope, node: Node) -> list[Value]:
        x = scope.value(node)
        axes = reduced_axes(scope.constant(node, 1), node.attributes, x.rank)
        if x.batch is not None and x.batch in axes:
            raise ValueError("reduces the batch axis")
        real = [k for axis in axes if (k := x.axes[axis]) is not None and x.sizes[axis] != 1]
        tensor = function(x.tensor, axis=real, keepdims=True) if real else x.tensor
        keeps = bool(node.attributes.get("keepdims", 1))
        return [Value(tensor, tuple(k for axis, k in enumerate(x.axes) if keeps or axis not in axes))]

    return convert


def layer_normalization(scope: Scope, node: Node) -> list[Value]:
    """LayerNormalization over the last axis."""
    x = scope.value(node)
    last = x.rank - 1
    if scope.axis(node, x, -1) != last or last == x.batch:
        raise ValueError(f"is over other axes than the last one of {x.sizes}")
    weights = [array for index in (1, 2) if (array := scope.constant(node, index)) is not None]
    order = [*(axis for axis in real_order(x) if axis != last), last]
    tensor = arranged(x, order)
    size = int(tensor.shape[-1] or 0)
    rows = [np.broadcast_to(array.reshape(-1), (size,)) if array.size in (1, size) else array for array in weights]
    arguments = {"epsilon": node.attributes.get("epsilon", 1e-5), "center": len(weights) > 1}
    return [placed(scope.add(LayerNormalization, node, tensor, rows, **arguments), order, x.rank, x.batch)]


def batch_normalization(scope: Scope, node: Node) -> list[Value]:
    """BatchNormalization of the axis behind the batch, from its moving statistics."""
    x = scope.value(node)
    if node.attributes.get("training_mode", 0) or x.rank < 2 or x.batch == 1:
        raise ValueError("is in training mode, or has no axis of features behind the batch")
    order = [*(axis for axis in real_order(x) if axis != 1), 1]
    weights = [scope.require(node, index) for index in range(1, 5)]
    y = scope.add(BatchNormalization, node, arranged(x, order), weights, epsilon=node.attributes.get("epsilon", 1e-5))
    return [placed(y, order, x.rank, x.batch)]


_NAMES = {"Exp": "exponential"}
_PARAMETERS: dict[str, dict[str, float]] = {
    "LeakyRelu": {"alpha": 0.01},
    "Elu": {"alpha": 1.0},
    "ThresholdedRelu": {"alpha": 1.0},
    "HardSigmoid": {"alpha": 0.2, "beta": 0.5},
}
_ACTIVATIONS = (
    "Tanh",
    "Sigmoid",
    "Relu",
    "Softplus",
    "Softsign",
    "Selu",
    "Gelu",
    "Exp",
    "Celu",
    "HardSwish",
    "Mish",
    *_PARAMETERS,
)

HANDLERS: dict[str, Callable[[Scope, Node], Sequence[Value]]] = {
    **dict.fromkeys(_ACTIVATIONS, activation),
    "Add": elementwise(ops.add),
    "Sub": elementwise(ops.subtract),
    "Mul": elementwise(ops.multiply),
    "Div": elementwise(ops.divide),
    "Pow": elementwise(ops.power),
    "Max": elementwise(ops.maximum),
    "Min": elementwise(ops.minimum),
    "Sign": unary(ops.sign),
    **{name: unary(getattr(ops, name.lower())) for name in ("Sin", "Cos", "Tan", "Floor", "Ceil", "Round", "Erf")},
    **{f"A{name}": unary(getattr(ops, f"arc{name}")) for name in ("sin", "cos", "tan")},
    "Abs": unary(ops.absolute),
    "Neg": unary(ops.negative),
    "Log": unary(ops.log),
    "Sqrt": unary(ops.sqrt),
    "Reciprocal": unary(ops.reciprocal),
    "PRelu": prelu,
    **dict.fromkeys(("LogSoftmax", "Softmax"), softmax),
    "ReduceMean": reduction(ops.mean),
    "ReduceSum": reduction(ops.sum),
    "ReduceMax": reduction(ops.max),
    "ReduceMin": reduction(ops.min),
    "LayerNormalization": layer_normalization,
    "BatchNormalization": batch_normalization,
}
