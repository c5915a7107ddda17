"""Table of the operators that a graph may have, with their inputs, outputs and attributes (onnx, Operators.md)."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import numpy as np
import numpy.typing as npt

from ..protobuf.tensors import dtype_of
from . import compute, shapes
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


#: The field of an AttributeProto that holds each attribute; a name has the same field in all operators.
KINDS = {
    **dict.fromkeys(("activation_alpha", "activation_beta", "value_floats"), "floats"),
    **dict.fromkeys(("alpha", "beta", "clip", "epsilon", "value_float"), "f"),
    **dict.fromkeys(("allowzero", "axis", "end", "hidden_size", "input_forget", "layout", "start", "to"), "i"),
    **dict.fromkeys(("transA", "transB", "value_int"), "i"),
    **dict.fromkeys(("axes", "ends", "perm", "starts", "value_ints"), "ints"),
    "activations": "strings",
    "direction": "s",
    "value": "t",
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

OPERATORS: dict[str, Operator] = {
    "LSTM": Operator(compute.lstm, (3, 8), 3, _LSTM_ATTRIBUTES),
    "Gemm": Operator(compute.gemm, (2, 3), 1, ("alpha", "beta", "transA", "transB")),
    "MatMul": Operator(compute.matmul, (2, 2)),
    "Add": Operator(compute.elementwise(np.add), (2, 2)),
    "Mul": Operator(compute.elementwise(np.multiply), (2, 2)),
    "Tanh": Operator(compute.activation(compute.plain_spec("tanh")), (1, 1)),
    "Sigmoid": Operator(compute.activation(compute.plain_spec("sigmoid")), (1, 1)),
    "Relu": Operator(compute.activation(compute.plain_spec("relu")), (1, 1)),
    "Softplus": Operator(compute.activation(compute.plain_spec("softplus")), (1, 1)),
    "Softsign": Operator(compute.activation(compute.plain_spec("softsign")), (1, 1)),
    "Exp": Operator(compute.activation(compute.plain_spec("exponential")), (1, 1)),
    "Selu": Operator(compute.activation(compute.plain_spec("selu")), (1, 1)),
    "Gelu": Operator(compute.activation(compute.plain_spec("gelu")), (1, 1)),
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
    "Transpose": Operator(_single(lambda call: shapes.transpose(call.require(0), **call.attributes)), (1, 1), 1, ("perm",)),
    "Concat": Operator(_single(_concat), (1, 4096), 1, ("axis",)),
    "Gather": Operator(_single(_gather), (2, 2), 1, ("axis",)),
    "Slice": Operator(
        _single(lambda call: shapes.slice_of(call.require(0), *_bounds(call))), (1, 5), 1, ("starts", "ends", "axes")
    ),
}
