"""Write the operations that a function of tensors records as nodes."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from ....ops.tensor import Tensor
from ..protobuf.tensors import number_of
from .graph_builder import GraphBuilder
from .row_products import RowsProduct, rows_product
from .sizes import FreeSizes

_FAR = 2**63 - 1  #: a bound of a slice beyond every size

#: Operations that are one operator, whose operands are broadcast.
_OPERATORS = {
    **dict.fromkeys(("copy", "stop"), "Identity"),
    **{name: name.title() for name in ("negative", "reciprocal", "sqrt", "exp", "log", "tanh", "sigmoid", "sign", "where")},
    **{"negative": "Neg", "add": "Add", "subtract": "Sub", "multiply": "Mul", "divide": "Div", "absolute": "Abs"},
    **{"power": "Pow", "maximum": "Max", "minimum": "Min", "greater": "Greater", "less": "Less", "equal": "Equal"},
    **{name: name.title() for name in ("sin", "cos", "tan", "floor", "ceil", "erf")},
    **{"arcsin": "Asin", "arccos": "Acos", "arctan": "Atan", "rint": "Round"},
    **{"greater_equal": "GreaterOrEqual", "less_equal": "LessOrEqual"},
}
_REDUCTIONS = {"sum": "ReduceSum", "max": "ReduceMax", "min": "ReduceMin"}

_VIEWS = ("reshape", "broadcast", "permute", "slice")  #: whose elements are of any kind


def add_number(builder: GraphBuilder, label: str, value: Any) -> str:
    """Add a constant of a layer and return its name."""
    return builder.add_constant(f"{label}/constant_{len(builder.tensors)}", np.asarray(value))


def add_elementwise(builder: GraphBuilder, label: str, operation: str, names: Sequence[str]) -> str:
    """Add the nodes of an operation on elements and return their output."""

    def op(kind: str, *inputs: str) -> str:
        return builder.add_op(kind, inputs, label)

    match operation:
        case "square":
            return op("Mul", names[0], names[0])
        case "erfc":
            return op("Sub", add_number(builder, label, 1.0), op("Erf", names[0]))
        case "expm1":
            return op("Sub", op("Exp", names[0]), add_number(builder, label, 1.0))
        case "log1p":
            return op("Log", op("Add", names[0], add_number(builder, label, 1.0)))
        case "not_equal":
            return op("Not", op("Equal", *names))
    if operation not in _OPERATORS:
        raise ValueError(f"{label} computes {operation}, which ONNX has not. Save the model as .nlstm.")
    return op(_OPERATORS[operation], *names)


def add_formula(builder: GraphBuilder, label: str, formula: str, x: str) -> str:
    """Add the nodes of the formula of a custom activation of x and return their output."""
    *lines, result = formula.split("\n")
    names = {"x": x}
    for line in lines:
        name, call = line.split(" = ")
        operation, operands = call.rstrip(")").split("(")
        if operation == "constant":
            names[name] = add_number(builder, label, float(operands.split(", ")[1]))
        else:
            names[name] = add_elementwise(builder, label, operation, [names[one] for one in operands.split(", ")])
    return names[result]


class OperationWriter:
    """Writer of the operations of one layer."""

    def __init__(self, builder: GraphBuilder, label: str, opset: int, sizes: FreeSizes) -> None:
        self.builder, self.label, self.opset, self.sizes = builder, label, opset, sizes
        self.names: dict[int, str] = {}
        self.others: dict[int, Tensor] = {}  #: the tensor of the other run
        self._types: dict[tuple[str, str], str] = {}

    def op(self, kind: str, *inputs: str, **attributes: Any) -> str:
        """Add a node and return its output."""
        return self.builder.add_op(kind, inputs, self.label, **attributes)

    def name(self, x: Tensor) -> str:
        """Return the output of an operation, whose nodes the first call adds."""
        if id(x) not in self.names:
            self.names[id(x)] = self.write(x, self.others[id(x)])
        return self.names[id(x)]

    def number(self, value: Any) -> str:
        """Return a constant."""
        return add_number(self.builder, self.label, value)

    def cast(self, x: Tensor, kind: str) -> str:
        """Return a tensor as floating numbers, ``"f"``, or truth values, ``"b"``."""
        name = self.name(x)
        if x.kind == kind:
            return name
        key = (name, kind)
        if key not in self._types:
            dtype = self.builder.dtype if kind == "f" else np.dtype(np.bool_)
            self._types[key] = self.op("Cast", name, to=number_of(dtype))
        return self._types[key]

    def full(self, x: Tensor, other: Tensor, kind: str = "f") -> str:
        """Return a tensor of a kind in its whole shape; constants have none of their own."""
        name = self.name(x) if kind == "i" else self.cast(x, kind)
        return self.op("Expand", name, self.sizes.vector(x.shape, other.shape)) if x.is_constant and x.shape else name

    def write(self, x: Tensor, other: Tensor) -> str:
        """Add the nodes of an operation and return its output."""
        if x.operation != other.operation:
            raise ValueError(f"{self.label} computes something else for other sizes. Give the Input a fixed shape.")
        if x.operation in ("constant", "array", "input"):
            return self._constant(x, other)
        if x.operation in _OPERATORS or x.operation in ("square", "arctan2", "erfc", "expm1", "log1p", "not_equal"):
            return self._elementwise(x)
        product, second = rows_product(x), rows_product(other)
        if product is not None and second is not None:
            return self._rows_product(x, product, other, second)
        kind = x.kind if x.operation in _VIEWS else "f"
        operand = self.full(x.operands[0], other.operands[0], kind) if x.operands else ""
        match x.operation:
            case "reshape":
                before = (x.operands[0].shape, other.operands[0].shape)
                return self.op("Reshape", operand, self.sizes.reshaped(before, (x.shape, other.shape)))
            case "broadcast":
                return self.op("Expand", operand, self.sizes.vector(x.shape, other.shape))
            case "permute":
                return self.op("Transpose", operand, perm=[int(axis) for axis in x.detail])
            case "slice":
                return self._slice(operand, x, other)
            case "join":
                return self._join(x, other)
            case "matmul":
                return self.op("MatMul", operand, self.full(x.operands[1], other.operands[1]))
            case "row_order" if x.shape[-1] == other.shape[-1]:
                number = self.builder.add_integers([x.shape[-1]])
                return self.builder.add_node("TopK", [operand, number], self.label, {"axis": -1, "largest": 0}, outputs=2)[1]
            case "take_elements":
                places = self.op("Cast", self.name(x.operands[1]), to=number_of(np.dtype(np.int64)))
                return self.op("GatherElements", operand, places, axis=-1)
            case "softmax":
                return self.op("Softmax", operand, axis=-1)
            case "sum" | "max" | "min":
                return self._reduce(x, operand)
            case "argmax" | "argmin" if len(x.detail) == 1:
                kind = "ArgMax" if x.operation == "argmax" else "ArgMin"
                return self.op(kind, operand, axis=int(x.detail[0]), keepdims=0)
        raise ValueError(f"{self.label} computes {x.operation}, which is not written as ONNX. Save the model as .nlstm.")

    def _rows_product(self, x: Tensor, product: RowsProduct, other: Tensor, second: RowsProduct) -> str:
        a, b = self.full(product.a, second.a), self.full(product.b, second.b)
        if product.joined != product.a.shape:
            a = self.op("Reshape", a, self.sizes.reshaped((product.a.shape, second.a.shape), (product.joined, second.joined)))
        y = self.op("MatMul", a, b)
        if product.shape == x.shape:
            return y
        return self.op("Reshape", y, self.sizes.reshaped((product.shape, second.shape), (x.shape, other.shape)))

    def _constant(self, x: Tensor, other: Tensor) -> str:
        if x.operation == "constant":
            if x.detail == other.detail:
                return self.number(np.bool_(x.detail) if x.kind == "b" else float(x.detail))
            return self._by_size(x.detail, other.detail)
        array, second = np.asarray(x.detail), np.asarray(other.detail)
        if x.operation == "array" and array.shape == second.shape and np.array_equal(array, second):
            return self.number(array if array.dtype.kind in "bi" else array.astype(np.float64))
        triangle = np.tri(*array.shape[-2:], dtype=np.bool_) if array.ndim > 1 else None
        if x.operation == "array" and triangle is not None and np.array_equal(array, triangle.reshape(array.shape)):
            ones = self.op("Expand", self.number(1.0), self.sizes.vector(x.shape, other.shape))
            if self.opset < 14:
                raise ValueError(f"{self.label} has a causal mask, which ONNX has from opset 14 on. Give opset=14.")
            return self.op("Cast", self.op("Trilu", ones, upper=0), to=number_of(np.bool_))
        raise ValueError(f"{self.label} has an array that depends on the number of steps. Give the Input a fixed shape.")

    def _by_size(self, one: float, two: float) -> str:
        """Return a number that is divided by a size, as in a mean over steps."""
        a, b = round(1 / one), round(1 / two)
        if abs(a * one - 1) > 1e-9 or abs(b * two - 1) > 1e-9:
            raise ValueError(f"{self.label} has a number that depends on the number of steps. Give the Input a fixed shape.")
        size = self.op("Cast", self.sizes.entry(self.sizes.product(a, b)), to=number_of(self.builder.dtype))
        return self.op("Reciprocal", size)

    def _elementwise(self, x: Tensor) -> str:
        operands = [self._narrow(operand, x) for operand in x.operands]
        kinds = ["f"] * len(operands)
        if x.operation == "where":
            kinds = ["b", *(["f" if x.kind == "f" else "b"] * 2)]
        names = [self.cast(operand, kind) for operand, kind in zip(operands, kinds, strict=True)]
        return add_elementwise(self.builder, self.label, x.operation, names)

    def _narrow(self, operand: Tensor, x: Tensor) -> Tensor:
        """Return what was broadcast to the shape of ``x``, if another operand has this shape by itself."""
        if operand.operation != "broadcast":
            return operand
        others = [other for other in x.operands if other is not operand]
        has_shape = any(other.shape == x.shape and not other.is_constant and other.operation != "broadcast" for other in others)
        return operand.operands[0] if has_shape else operand

    def _reduce(self, x: Tensor, operand: str) -> str:
        axes = [int(axis) for axis in x.detail]
        if x.operation == "sum" or self.opset >= 18:
            return self.op(_REDUCTIONS[x.operation], operand, self.builder.add_integers(axes), keepdims=0)
        return self.op(_REDUCTIONS[x.operation], operand, axes=axes, keepdims=0)

    def _slice(self, operand: str, x: Tensor, other: Tensor) -> str:
        starts, ends, axes, steps = [], [], [], []
        sizes = zip(x.operands[0].shape, other.operands[0].shape, strict=True)
        for axis, (one, two, size) in enumerate(zip(x.detail, other.detail, sizes, strict=True)):
            if one == (0, size[0], 1) and two == (0, size[1], 1):
                continue
            if one[2] != two[2]:
                raise ValueError(f"{self.label} takes a slice that depends on the number of steps.")
            starts.append(self._bound(one[0], two[0], one[2], False))
            ends.append(self._bound(one[1], two[1], one[2], True))
            axes.append(axis)
            steps.append(one[2])
        return self.op("Slice", operand, *(self.builder.add_integers(numbers) for numbers in (starts, ends, axes, steps)))

    def _bound(self, one: int, two: int, step: int, is_end: bool) -> int:
        """Return a bound of a slice, counted from the end where the axis is free."""
        behind = self.sizes.difference(one, two)
        if behind is None:
            return -_FAR if is_end and step < 0 and one < 0 else one
        if behind < 0:
            return behind
        if behind == 0 and is_end and step > 0:
            return _FAR
        raise ValueError(f"{self.label} takes a slice that depends on the number of steps. Give the Input a fixed shape.")

    def _join(self, x: Tensor, other: Tensor) -> str:
        first = x.operands[0]
        axis = next((k for k in range(x.ndim) if x.shape[k] != first.shape[k]), 0)
        pieces = [self.full(a, b, x.kind) for a, b in zip(x.operands, other.operands, strict=True)]
        return self.op("Concat", *pieces, axis=axis) if len(pieces) > 1 else pieces[0]
