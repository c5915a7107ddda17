"""Table of the operators that a graph may have, with their inputs, outputs and attributes (onnx, Operators.md)."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from typing import Any

import numpy as np
import numpy.typing as npt

from ..protobuf.tensors import dtype_of
from . import arithmetic, compute, shapes
from .call import Call, Operator

Host = npt.NDArray[Any]


def constant_of(attributes: dict[str, Any]) -> Host:
    """Return the value of a Constant node."""
    if len(attributes) != 1:
        raise ValueError(f"a Constant has one value, got {len(attributes)}.")
    ((name, value),) = attributes.items()
    return np.asarray(value, {"f": np.float32, "floats": np.float32, "i": np.int64, "ints": np.int64}.get(KINDS[name]))


def _constant_of_shape(call: Call) -> Sequence[Host]:
    value = call.attributes.get("value", np.zeros(1, np.float32))
    if value.size != 1:
        raise ValueError(f"the value must have one element, got shape {value.shape}.")
    shape = call.check_size(shapes.sizes_of(call.require(0)))
    return [np.broadcast_to(value.reshape(()), shape)]


def _expand(call: Call) -> Sequence[Host]:
    x = call.require(0)
    return [np.broadcast_to(x, call.check_size(np.broadcast_shapes(x.shape, shapes.sizes_of(call.require(1)))))]


def _cast(call: Call) -> Sequence[Host]:
    dtype = dtype_of(call.attributes.get("to", 0), "the output")
    with np.errstate(invalid="ignore"):  # ONNX leaves open which integers NaN and infinity become
        return [call.require(0).astype(dtype)]


def _single(function: Callable[[Call], Host]) -> Callable[[Call], Sequence[Host]]:
    return lambda call: [function(call)]


def _axes(call: Call) -> Host | None:
    """Axes: an attribute up to opset 12, an input later."""
    given = call.get(1)
    return np.asarray(call.attributes["axes"], np.int64) if "axes" in call.attributes else given


def _bounds(call: Call) -> tuple[Host | None, ...]:
    """Starts, ends, axes and steps of a Slice: attributes up to opset 9, inputs later."""
    if call.opset < 10:
        return tuple(np.asarray(call.attributes[key]) if key in call.attributes else None for key in ("starts", "ends", "axes"))
    return tuple(call.get(index) for index in range(1, 5))


def _concat(call: Call) -> Host:
    arrays = [call.require(index) for index in range(len(call.inputs))]
    if len({array.dtype for array in arrays}) != 1:
        raise ValueError(f"all inputs must have one dtype, got {', '.join(str(array.dtype) for array in arrays)}.")
    call.check_size((sum(array.size for array in arrays),))
    return np.concatenate(arrays, axis=shapes.axis_of(call.attributes.get("axis"), arrays[0].ndim))


def _gather(call: Call) -> Host:
    x, indices = call.require(0), call.require(1)
    axis = shapes.axis_of(call.attributes.get("axis", 0), x.ndim)
    size = x.shape[axis]
    if indices.dtype.kind not in "iu" or np.any(indices < -size) or np.any(indices >= size):
        raise ValueError(f"the indices must be whole numbers from {-size} to {size - 1}.")
    call.check_size((*x.shape[:axis], *indices.shape, *x.shape[axis + 1 :]))
    return np.take(x, indices, axis=axis)


def _tile(call: Call) -> Sequence[Host]:
    x, repeats = call.require(0), shapes.sizes_of(call.require(1))
    if len(repeats) != x.ndim:
        raise ValueError(f"the repeats must be {x.ndim} numbers, got {len(repeats)}.")
    call.check_size([n * size for n, size in zip(repeats, x.shape, strict=True)])
    return [np.tile(x, repeats)]


def _triangle(call: Call) -> Host:
    x, k = call.require(0), call.get(1)
    if x.ndim < 2:
        raise ValueError(f"a triangle needs two axes, got shape {x.shape}.")
    offset = 0 if k is None else int(k.item())
    return np.triu(x, offset) if call.attributes.get("upper", 1) else np.tril(x, offset)


#: The field of an AttributeProto that holds each attribute; a name has the same field in all operators.
KINDS = {
    **dict.fromkeys(("activation_alpha", "activation_beta", "value_floats"), "floats"),
    **dict.fromkeys(("alpha", "beta", "clip", "epsilon", "max", "min", "momentum", "ratio", "value_float"), "f"),
    **dict.fromkeys(("allowzero", "axis", "ceil_mode", "count_include_pad", "end", "group", "hidden_size"), "i"),
    **dict.fromkeys(("input_forget", "keepdims", "layout", "linear_before_reset", "noop_with_empty_axes"), "i"),
    **dict.fromkeys(("num_outputs", "seed", "spatial", "start", "storage_order", "to", "training_mode"), "i"),
    **dict.fromkeys(("transA", "transB", "value_int"), "i"),
    **dict.fromkeys(("axes", "dilations", "ends", "kernel_shape", "pads", "perm", "split", "starts", "strides"), "ints"),
    **dict.fromkeys(("output_padding", "output_shape"), "ints"),
    **dict.fromkeys(("antialias", "exclude_outside", "fmod", "select_last_index", "upper"), "i"),
    **dict.fromkeys(("cubic_coeff_a", "extrapolation_value"), "f"),
    **dict.fromkeys(("exclusive", "largest", "reverse", "sorted"), "i"),
    **dict.fromkeys(("approximate", "auto_pad", "direction", "equation", "mode", "reduction"), "s"),
    **dict.fromkeys(("coordinate_transformation_mode", "keep_aspect_ratio_policy", "nearest_mode"), "s"),
    **dict.fromkeys(("else_branch", "then_branch"), "g"),
    "activations": "strings",
    "value": "t",
    "value_ints": "ints",
}

_LSTM_ATTRIBUTES = (
    "activations",
    "activation_alpha",
    "activation_beta",
    "clip",
    "direction",
    "hidden_size",
    "input_forget",
    "layout",
)
_CONSTANT_ATTRIBUTES = ("value", "value_float", "value_floats", "value_int", "value_ints")

_REDUCTION = ("axes", "keepdims", "noop_with_empty_axes")
_ARITHMETIC = {
    **{name: Operator(arithmetic.unary(f), (1, 1)) for name, f in (("Sqrt", np.sqrt), ("Abs", np.abs), ("Neg", np.negative))},
    **{name: Operator(arithmetic.unary(f), (1, 1)) for name, f in (("Log", np.log), ("Reciprocal", np.reciprocal))},
    "Not": Operator(arithmetic.unary(np.logical_not), (1, 1)),
    "Sub": Operator(compute.elementwise(np.subtract), (2, 2)),
    "Div": Operator(arithmetic.binary(arithmetic.divide), (2, 2)),
    "Pow": Operator(arithmetic.binary(arithmetic.power), (2, 2)),
    **{name: Operator(arithmetic.binary(f), (2, 2)) for name, f in (("And", np.logical_and), ("Or", np.logical_or))},
    **{name: Operator(arithmetic.binary(f), (2, 2)) for name, f in (("Equal", np.equal), ("Less", np.less))},
    "Greater": Operator(arithmetic.binary(np.greater), (2, 2)),
    "GreaterOrEqual": Operator(arithmetic.binary(np.greater_equal), (2, 2)),
    "LessOrEqual": Operator(arithmetic.binary(np.less_equal), (2, 2)),
    "Sign": Operator(arithmetic.unary(np.sign), (1, 1)),
    **{name: Operator(arithmetic.unary(f), (1, 1)) for name, f in (("Sin", np.sin), ("Cos", np.cos), ("Tan", np.tan))},
    **{name: Operator(arithmetic.unary(f), (1, 1)) for name, f in (("Asin", np.arcsin), ("Acos", np.arccos))},
    **{name: Operator(arithmetic.unary(f), (1, 1)) for name, f in (("Atan", np.arctan), ("Floor", np.floor))},
    **{name: Operator(arithmetic.unary(f), (1, 1)) for name, f in (("Ceil", np.ceil), ("Round", np.round))},
    "Erf": Operator(arithmetic.unary(np.vectorize(math.erf, otypes=[np.float64])), (1, 1)),
    "Mod": Operator(arithmetic.remainder, (2, 2), 1, ("fmod",)),
    "Max": Operator(arithmetic.several(np.maximum), (1, 4096)),
    "Min": Operator(arithmetic.several(np.minimum), (1, 4096)),
    "Where": Operator(arithmetic.where, (3, 3)),
    "Clip": Operator(arithmetic.clip, (1, 3), 1, ("min", "max")),
    "ReduceMean": Operator(arithmetic.reduction(np.mean), (1, 2), 1, _REDUCTION),
    "ReduceSum": Operator(arithmetic.reduction(np.sum), (1, 2), 1, _REDUCTION),
    "ReduceMax": Operator(arithmetic.reduction(np.max), (1, 2), 1, _REDUCTION),
    "ReduceMin": Operator(arithmetic.reduction(np.min), (1, 2), 1, _REDUCTION),
    "Pad": Operator(arithmetic.pad, (1, 4), 1, ("mode", "pads")),
    "ScatterND": Operator(arithmetic.scatter, (3, 3), 1, ("reduction",)),
    "Split": Operator(arithmetic.split, (1, 2), 4096, ("axis", "num_outputs", "split")),
    "Size": Operator(_single(lambda call: np.array(call.require(0).size, np.int64)), (1, 1)),
}

OPERATORS: dict[str, Operator] = {
    "LSTM": Operator(compute.lstm, (3, 8), 3, _LSTM_ATTRIBUTES),
    "Gemm": Operator(compute.gemm, (2, 3), 1, ("alpha", "beta", "transA", "transB")),
    "MatMul": Operator(compute.matmul, (2, 2)),
    "Add": Operator(compute.elementwise(np.add), (2, 2)),
    "Mul": Operator(compute.elementwise(np.multiply), (2, 2)),
    **_ARITHMETIC,
    "Tanh": Operator(compute.activation(compute.plain_spec("tanh")), (1, 1)),
    "Sigmoid": Operator(compute.activation(compute.plain_spec("sigmoid")), (1, 1)),
    "Relu": Operator(compute.activation(compute.plain_spec("relu")), (1, 1)),
    "Softplus": Operator(compute.activation(compute.plain_spec("softplus")), (1, 1)),
    "Softsign": Operator(compute.activation(compute.plain_spec("softsign")), (1, 1)),
    "Exp": Operator(compute.activation(compute.plain_spec("exponential")), (1, 1)),
    "Selu": Operator(compute.activation(compute.plain_spec("selu")), (1, 1)),
    "Gelu": Operator(compute.activation(compute.gelu_spec), (1, 1), 1, ("approximate",)),
    "LeakyRelu": Operator(compute.activation(compute.parametric_spec("leakyrelu", 0.01)), (1, 1), 1, ("alpha",)),
    "Elu": Operator(compute.activation(compute.parametric_spec("elu", 1.0)), (1, 1), 1, ("alpha",)),
    "ThresholdedRelu": Operator(compute.activation(compute.parametric_spec("thresholdedrelu", 1.0)), (1, 1), 1, ("alpha",)),
    "HardSigmoid": Operator(compute.activation(compute.parametric_spec("hardsigmoid", 0.2, 0.5)), (1, 1), 1, ("alpha", "beta")),
    "Softmax": Operator(compute.softmax, (1, 1), 1, ("axis",)),
    "LayerNormalization": Operator(compute.layer_normalization, (2, 3), 1, ("axis", "epsilon")),
    "Constant": Operator(_single(lambda call: constant_of(call.attributes)), (0, 0), 1, _CONSTANT_ATTRIBUTES),
    "ConstantOfShape": Operator(_constant_of_shape, (1, 1), 1, ("value",)),
    "Expand": Operator(_expand, (2, 2)),
    "Cast": Operator(_cast, (1, 1), 1, ("to",)),
    "Identity": Operator(_single(lambda call: call.require(0)), (1, 1)),
    "Shape": Operator(_single(lambda call: shapes.shape(call.require(0), **call.attributes)), (1, 1), 1, ("start", "end")),
    "Squeeze": Operator(_single(lambda call: shapes.squeeze(call.require(0), _axes(call))), (1, 2), 1, ("axes",)),
    "Unsqueeze": Operator(_single(lambda call: shapes.unsqueeze(call.require(0), _axes(call))), (1, 2), 1, ("axes",)),
    "Flatten": Operator(_single(lambda call: shapes.flatten(call.require(0), **call.attributes)), (1, 1), 1, ("axis",)),
    "Reshape": Operator(
        _single(lambda call: shapes.reshape(call.require(0), call.require(1), **call.attributes)),
        (2, 2),
        1,
        ("allowzero",),
    ),
    "Tile": Operator(_tile, (2, 2)),
    "Trilu": Operator(_single(_triangle), (1, 2), 1, ("upper",)),
    "Transpose": Operator(_single(lambda call: shapes.transpose(call.require(0), **call.attributes)), (1, 1), 1, ("perm",)),
    "Concat": Operator(_single(_concat), (1, 4096), 1, ("axis",)),
    "Gather": Operator(_single(_gather), (2, 2), 1, ("axis",)),
    "Slice": Operator(
        _single(lambda call: shapes.slice_of(call.require(0), *_bounds(call))), (1, 5), 1, ("starts", "ends", "axes")
    ),
}

#: Operators that a device computes; NumPy computes the others.
DEVICE_OPERATORS = frozenset(
    {
        "Elu",
        "Exp",
        "Gelu",
        "Gemm",
        "HardSigmoid",
        "LSTM",
        "LayerNormalization",
        "LeakyRelu",
        "MatMul",
        "Relu",
        "Selu",
        "Sigmoid",
    }
    | {"Softmax", "Softplus", "Softsign", "Tanh", "ThresholdedRelu"}
)
