"""Every supported ONNX operator, in several opset versions, against NumPy."""

import numpy as np
import pytest
from tolerances import ELEMENTWISE, assert_each_close

from numba_lstm.interop.onnx.graph import reader
from numba_lstm.interop.onnx.protobuf import messages, tensors, wire
from numba_lstm.interop.onnx.writing import graph_builder

pytestmark = pytest.mark.usefixtures("on_reference")

draw = np.random.default_rng(12)
X = draw.normal(size=(2, 3, 4)).astype("f4")
M, V = X[0], X[0, 0]
A, C = draw.normal(size=(2, 3)).astype("f4"), draw.normal(size=(4, 1)).astype("f4")


def run(kind, *inputs, opset=17, **attributes):
    """A graph of one node: floating inputs come in, the others are constants; None is left out."""
    names = ["" if array is None else f"i{index}" for index, array in enumerate(inputs)]
    feeds = {name: array for name, array in zip(names, inputs, strict=True) if array is not None and array.dtype.kind == "f"}
    node = graph_builder.GraphBuilder("float32")
    node.add_node(kind, names, "n", {key: value for key, value in attributes.items() if not isinstance(value, np.ndarray)})
    for key, value in attributes.items():
        if isinstance(value, np.ndarray):
            node.nodes[0]["attribute"].append({"name": key, "t": tensors.tensor_of("", value), "type": 4})
    for name, array in feeds.items():
        node.add_input(name, array.shape, array.dtype)
    for name, array in zip(names, inputs, strict=True):
        if name and name not in feeds:
            node.add_constant(name, array)
    node.add_output("y", node.nodes[0]["output"][0], ())
    model = {"opset_import": [{"version": opset}], "graph": node.to_message("g")}
    return reader.loads(wire.write(model, messages.MODEL))(**feeds)


def ints(*values):
    return np.array(values, np.int64)


def softmax(x, axis):
    e = np.exp(x - x.max(axis=axis, keepdims=True))
    return e / e.sum(axis=axis, keepdims=True)


CASES = {
    "Gemm": (("Gemm", M, M.T), M @ M.T),
    "MatMul": (("MatMul", X, M.T), X @ M.T),
    "MatMul of vectors": (("MatMul", V, V), V @ V),
    "MatMul with a vector": (("MatMul", X, V), X @ V),
    "MatMul of batches": (("MatMul", X, X.transpose(0, 2, 1)), X @ X.transpose(0, 2, 1)),
    "MatMul of nothing": (("MatMul", M[:0], M.T), M[:0] @ M.T),
    "Add": (("Add", X, V), X + V),
    "Mul": (("Mul", V, X), V * X),
    "Tanh": (("Tanh", X), np.tanh(X)),
    "Tanh of a number": (("Tanh", X[0, 0, 0]), np.tanh(X[0, 0, 0])),
    "Tanh of nothing": (("Tanh", X[:0]), X[:0]),
    "Sigmoid": (("Sigmoid", X), 1 / (1 + np.exp(-X))),
    "Relu": (("Relu", X), np.maximum(X, 0)),
    "Softplus": (("Softplus", X), np.log1p(np.exp(X))),
    "Softsign": (("Softsign", X), X / (1 + np.abs(X))),
    "Exp": (("Exp", X), np.exp(X)),
    "Selu": (("Selu", X), 1.0507009873554805 * np.where(X > 0, X, 1.6732632423543772 * np.expm1(X))),
    "LeakyRelu": (("LeakyRelu", X), np.where(X > 0, X, 0.01 * X)),
    "Elu": (("Elu", X), np.where(X > 0, X, np.expm1(X))),
    "ThresholdedRelu": (("ThresholdedRelu", X), np.where(X > 1, X, 0)),
    "HardSigmoid": (("HardSigmoid", X), np.clip(0.2 * X + 0.5, 0, 1)),
    "Softmax": (("Softmax", X), softmax(X, -1)),
    "LayerNormalization": (
        ("LayerNormalization", X, V, V),
        (X - X.mean(-1, keepdims=True)) / np.sqrt(X.var(-1, keepdims=True) + 1e-5) * V + V,
    ),
    "Tile": (("Tile", M, ints(2, 1)), np.tile(M, (2, 1))),
    "Trilu": (("Trilu", X, np.array(1)), np.triu(X, 1)),
    "Mod": (("Mod", X, V), np.mod(X, V)),
    "Expand": (("Expand", V, ints(2, 1, 4)), np.broadcast_to(V, (2, 1, 4))),
    "Identity": (("Identity", X), X),
    "Shape": (("Shape", X), ints(2, 3, 4)),
    "Squeeze": (("Squeeze", X[:, :1, None]), X[:, 0]),
    "Squeeze of axes": (("Squeeze", X[:, :1, None], ints(-2)), X[:, :1]),
    "Unsqueeze": (("Unsqueeze", M, ints(0, -1)), M[None, ..., None]),
    "Flatten": (("Flatten", X), X.reshape(2, 12)),
    "Reshape": (("Reshape", X, ints(0, -1, 2)), X.reshape(2, 6, 2)),
    "Transpose": (("Transpose", X), X.T),
    "Gather": (("Gather", X, ints(1, -1)), X[[1, 1]]),
    "Gather of a number": (("Gather", X, np.array(1)), X[1]),
    "Slice": (("Slice", X, ints(1), ints(100), ints(1)), X[:, 1:]),
    "Slice backwards": (("Slice", X, ints(-1), ints(-(2**63)), ints(2), ints(-2)), X[..., ::-2]),
    "Slice from the end": (("Slice", X, ints(-2, 0), ints(-1, 1)), X[-2:-1, 0:1]),
    "Slice of nothing": (("Slice", X, ints(5), ints(9)), X[5:9]),
}


@pytest.mark.parametrize("case", CASES)
def test_an_operator(case):
    arguments, expected = CASES[case]
    assert_each_close(run(*arguments), expected, ELEMENTWISE["float32"])


OPTIONS = {
    "Gemm": (("Gemm", M, A, C), {"transA": 1, "transB": 1, "alpha": 0.5, "beta": 2.0}, 0.5 * (M.T @ A.T) + 2 * C),
    "LeakyRelu": (("LeakyRelu", X), {"alpha": 0.3}, np.where(X > 0, X, 0.3 * X)),
    "Elu": (("Elu", X), {"alpha": 0.5}, np.where(X > 0, X, 0.5 * np.expm1(X))),
    "HardSigmoid": (("HardSigmoid", X), {"alpha": 0.5, "beta": 0.25}, np.clip(0.5 * X + 0.25, 0, 1)),
    "Softmax": (("Softmax", X), {"axis": 1}, softmax(X, 1)),
    "Softmax of version 11": (("Softmax", X), {"opset": 11}, softmax(X.reshape(2, 12), 1).reshape(X.shape)),
    "Gelu": (("Gelu", np.zeros((1, 2), "f4")), {"opset": 20}, np.zeros((1, 2))),
    "Shape of some axes": (("Shape", X), {"start": -2, "end": 3}, ints(3, 4)),
    "Squeeze of version 11": (("Squeeze", X[:, :1]), {"opset": 11, "axes": [1]}, X[:, 0]),
    "Unsqueeze of version 11": (("Unsqueeze", M), {"opset": 11, "axes": [1]}, M[:, None]),
    "Slice of version 9": (("Slice", X), {"opset": 9, "starts": [1], "ends": [3], "axes": [2]}, X[..., 1:3]),
    "Flatten before the first axis": (("Flatten", X), {"axis": 0}, X.reshape(1, 24)),
    "Flatten behind the last axis": (("Flatten", X), {"axis": 3}, X.reshape(24, 1)),
    "Reshape to nothing": (("Reshape", X[:0], ints(0, 5)), {"allowzero": 1}, np.zeros((0, 5))),
    "Transpose": (("Transpose", X), {"perm": [1, 0, 2]}, X.transpose(1, 0, 2)),
    "Concat": (("Concat", X, X[:, :1]), {"axis": -2}, np.concatenate([X, X[:, :1]], axis=1)),
    "Gather": (("Gather", X, ints(2, 0)), {"axis": 1}, X[:, [2, 0]]),
    "Cast": (("Cast", 10 * X), {"to": 7}, (10 * X).astype("i8")),
    "a Constant's tensor": (("Constant",), {"value": M}, M),
    "a Constant's number": (("Constant",), {"value_float": 0.5}, np.array(0.5)),
    "a Constant's whole numbers": (("Constant",), {"value_ints": [3, -4]}, ints(3, -4)),
    "ConstantOfShape": (("ConstantOfShape", ints(2, 3)), {"value": ints(7)}, np.full((2, 3), 7)),
    "ConstantOfShape of zeros": (("ConstantOfShape", ints(2, 3)), {}, np.zeros((2, 3), "f4")),
}


@pytest.mark.parametrize("case", OPTIONS)
def test_an_operator_with_attributes(case):
    arguments, attributes, expected = OPTIONS[case]
    result = run(*arguments, **attributes)
    assert_each_close(result, expected, ELEMENTWISE["float32"])
    assert result.dtype == (np.int64 if expected.dtype == np.int64 else np.float32)


#: Where onnx keeps numbers that are not raw, by their data type.
STORED = {
    "float": ({"data_type": 1, "float_data": [0.5, -2.0]}, np.array([0.5, -2.0], "f4")),
    "double": ({"data_type": 11, "double_data": [0.5, -2.0]}, np.array([0.5, -2.0])),
    "int8": ({"data_type": 3, "int32_data": [5, -6]}, np.array([5, -6], "i1")),
    "bool": ({"data_type": 9, "int32_data": [1, 0]}, np.array([True, False])),
    "int64": ({"data_type": 7, "int64_data": [2**40, -1]}, np.array([2**40, -1])),
    "uint64": ({"data_type": 13, "uint64_data": [2**63, 1]}, np.array([2**63, 1], "u8")),
    "float16": ({"data_type": 10, "int32_data": [0x3C00, 0xC000]}, np.array([1.0, -2.0], "f2")),
    "bfloat16": ({"data_type": 16, "int32_data": [0x3F80, 0xC000]}, np.array([1.0, -2.0], "f4")),
    "raw bfloat16": ({"data_type": 16, "raw_data": b"\x80\x3f\x00\xc0"}, np.array([1.0, -2.0], "f4")),
    "raw int16": ({"data_type": 5, "raw_data": b"\x01\x00\xff\xff"}, np.array([1, -1], "i2")),
}


@pytest.mark.parametrize("case", STORED)
def test_where_numbers_are_stored(case):
    fields, expected = STORED[case]
    message = wire.read(wire.write({"dims": [2], **fields}, messages.TENSOR), messages.TENSOR)
    result = tensors.array_of(message, None)
    assert result.dtype == expected.dtype
    np.testing.assert_array_equal(result, expected)


def test_packed_numbers_are_read_as_unpacked_ones():
    """dims 3 and 300, packed: field 1, 3 bytes."""
    assert wire.read(b"\x0a\x03\x03\xac\x02", messages.TENSOR) == {"dims": [3, 300]}
    assert wire.read(b"\x08\x03\x08\xac\x02", messages.TENSOR) == {"dims": [3, 300]}
