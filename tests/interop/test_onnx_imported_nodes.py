"""Import of single ONNX nodes as layers and functions of tensors, also of those that are not run without a model."""

import math
import re

import exported_graphs
import numpy as np
import pytest
from tolerances import FOREIGN, assert_close

from numba_lstm import Input, Model, ops
from numba_lstm.activations import sparsemax
from numba_lstm.files.errors import FileFormatError
from numba_lstm.interop import onnx
from numba_lstm.interop.onnx.protobuf import messages, wire
from numba_lstm.interop.onnx.writing import graph_builder
from numba_lstm.layers import Conv1DTranspose, Dense, Lambda, MultiHeadAttention

pytestmark = pytest.mark.usefixtures("on_reference")

DRAW = np.random.default_rng(5)
X = DRAW.normal(size=(2, 3, 5)).astype("f4")
KERNEL = DRAW.normal(size=(3, 4, 3)).astype("f4")


def write(folder, kind, *constants, x=X, **attributes):
    """A file of a graph with one node, whose first input is x."""
    graph = graph_builder.GraphBuilder("float32")
    graph.add_input("x", ("N", *x.shape[1:]))
    names = ["" if array is None else graph.add_constant(f"c{index}", array) for index, array in enumerate(constants)]
    graph.add_output("y", graph.add_op(kind, ["x", *names], "node", **attributes), ())
    path = folder / "m.onnx"
    path.write_bytes(wire.write({"opset_import": [{"version": 17}], "graph": graph.to_message("g")}, messages.MODEL))
    return path


@pytest.mark.parametrize("case", ["transposed convolutions", "enlarged"])
def test_exported_layers_come_back(case, tmp_path):
    model, x = exported_graphs.build(case)
    onnx.export(model, tmp_path / "m.onnx")
    found, expected = onnx.load_model(tmp_path / "m.onnx").predict(x, verbose=0), model.predict(x, verbose=0)
    for one, other in zip(*((y if isinstance(y, list) else [y]) for y in (found, expected)), strict=True):
        assert_close(one, other, FOREIGN)


@pytest.mark.parametrize(
    ("stride", "pads", "more", "padding"), [(2, [0, 1], 0, "same"), (3, [0, 2], 1, "valid"), (1, [2, 0], 0, "valid")]
)
def test_transposed_convolutions_with_any_pads(stride, pads, more, padding, tmp_path):
    full = np.zeros((2, 4, 4 * stride + 3 + more), "f4")
    for t in range(5):
        full[..., t * stride : t * stride + 3] += np.einsum("nc,cfk->nfk", X[..., t], KERNEL)
    options = {"strides": [stride], "pads": pads, "output_padding": [more]}
    model = onnx.load_model(write(tmp_path, "ConvTranspose", KERNEL, **options))
    (layer,) = (layer for layer in model.layers if isinstance(layer, Conv1DTranspose))
    expected = full[..., pads[0] : full.shape[-1] - pads[1]]
    assert_close(model(X), expected, FOREIGN)
    assert layer.padding == padding


def test_transposed_convolutions_that_no_layer_computes_are_refused(tmp_path):
    with pytest.raises(FileFormatError, match="has groups of features"):
        onnx.load_model(write(tmp_path, "ConvTranspose", KERNEL, group=3))
    with pytest.raises(FileFormatError, match="not less than the strides"):
        onnx.load_model(write(tmp_path, "ConvTranspose", KERNEL, output_padding=[1]))


def ints(*values):
    return np.array(values, np.int64)


def log_softmax(x, axis):
    shifted = x - x.max(axis, keepdims=True)
    return shifted - np.log(np.exp(shifted).sum(axis, keepdims=True))


NEAREST = {"mode": "nearest", "coordinate_transformation_mode": "asymmetric", "nearest_mode": "floor"}
HEADS = DRAW.normal(size=(5, 2, 3)).astype("f4")
TRIANGLE = np.tri(3, 5, dtype=bool)

#: Operator, constants, attributes, and what is expected of X (2, 3, 5).
NODES = {
    "Resize by scales": ("Resize", [None, np.array([1, 1, 3], "f4")], NEAREST, X.repeat(3, -1)),
    "Resize to sizes": ("Resize", [None, None, ints(2, 3, 10)], {}, X.repeat(2, -1)),
    "ArgMax": ("ArgMax", [], {"axis": 1, "keepdims": 0}, X.argmax(1)),
    "ArgMax that keeps its axis": ("ArgMax", [], {"axis": -1}, X.argmax(-1)[..., None]),
    "LogSoftmax": ("LogSoftmax", [], {"axis": 1}, log_softmax(X, 1)),
    "TopK": ("TopK", [ints(2)], {"axis": 1}, np.sort(X, 1)[:, :0:-1]),
    "TopK of the smallest": ("TopK", [ints(3)], {"largest": 0, "sorted": 1}, np.sort(X, -1)[..., :3]),
    "CumSum": ("CumSum", [np.array(2)], {}, X.cumsum(2)),
    "CumSum from the end": ("CumSum", [np.array(-2)], {"reverse": 1, "exclusive": 1}, X.sum(1, keepdims=True) - X.cumsum(1)),
    "Cos": ("Cos", [], {}, np.cos(X)),
    "Atan": ("Atan", [], {}, np.arctan(X)),
    "Erf": ("Erf", [], {}, np.vectorize(math.erf)(X)),
    "Round": ("Round", [], {}, np.round(X)),
    "Gelu": ("Gelu", [], {"approximate": "tanh"}, X * (1 + np.tanh((2 / np.pi) ** 0.5 * (X + 0.044715 * X**3))) / 2),
    "Celu": ("Celu", [], {"alpha": 0.7}, np.maximum(X, 0) + np.minimum(0, 0.7 * np.expm1(X / 0.7))),
    "HardSwish": ("HardSwish", [], {}, X * np.clip(X / 6 + 0.5, 0, 1)),
    "Mish": ("Mish", [], {}, X * np.tanh(np.log1p(np.exp(X)))),
    "Einsum with a matrix": ("Einsum", [KERNEL[:, 0]], {"equation": "bij,ik->bjk"}, np.einsum("bij,ik->bjk", X, KERNEL[:, 0])),
    "Einsum to two axes": ("Einsum", [HEADS], {"equation": "...d,dhk->...hk"}, np.einsum("bid,dhk->bihk", X, HEADS)),
    "Einsum of two axes": ("Einsum", [X[0]], {"equation": "bij,ij->b"}, np.einsum("bij,ij->b", X, X[0])[:, None]),
    "Einsum of one tensor": ("Einsum", [], {"equation": "bij->bj"}, X.sum(1)),
    "Tile": ("Tile", [ints(1, 2, 1)], {}, np.tile(X, (1, 2, 1))),
}


def test_functions_and_formulas_come_back(tmp_path):
    x = Input((3, 5))
    y = ops.sin(x) * ops.round(3 * x) - ops.gelu(x, approximate=False) * ops.arctan(x) + ops.erfc(x)
    y = Dense(4, activation="mish")(y) + Dense(4, activation="relu6")(x)
    largest, places = ops.top_k(x, 2)
    rows = Lambda(sparsemax)(Dense(4)(x))  # which has a product of a matrix with the last axis, as attention has
    outputs = [Dense(2, activation="hard_silu")(y), largest, places * 2.0, ops.sort(x, 1), rows, MultiHeadAttention(2, 3)(x, x)]
    model = Model(x, outputs).to("reference")
    onnx.export(model, tmp_path / "m.onnx")
    found = onnx.load_model(tmp_path / "m.onnx").predict(X, verbose=0)
    for one, other in zip(found, model.predict(X, verbose=0), strict=True):
        assert_close(one, other, FOREIGN)


@pytest.mark.parametrize("case", NODES)
def test_a_node_becomes_a_layer_or_a_function(case, tmp_path):
    kind, constants, attributes, expected = NODES[case]
    assert_close(onnx.load_model(write(tmp_path, kind, *constants, **attributes))(X), expected, FOREIGN)


def test_constant_triangles_choose_elements(tmp_path):
    graph = graph_builder.GraphBuilder("float32")
    graph.add_input("x", ("N", 3, 5))
    ones = graph.add_constant("ones", np.ones((3, 5), "f4"))
    lower = graph.add_op("Cast", [graph.add_op("Trilu", [ones], "t", upper=0)], "t", to=9)
    far, doubled = graph.add_constant("far", np.array(-9.0, "f4")), graph.add_op("Add", ["x", "x"], "double")
    graph.add_output("y", graph.add_op("Where", [lower, "x", far], "first"), ())
    graph.add_output("z", graph.add_op("Where", [lower, doubled, "x"], "second"), ())
    path = tmp_path / "m.onnx"
    path.write_bytes(wire.write({"opset_import": [{"version": 17}], "graph": graph.to_message("g")}, messages.MODEL))
    y, z = onnx.load_model(path)(X)
    assert_close(y, np.where(TRIANGLE, X, -9), FOREIGN)
    assert_close(z, np.where(TRIANGLE, 2 * X, X), FOREIGN)


@pytest.mark.parametrize(
    ("kind", "constants", "attributes", "message"),
    [
        ("Resize", [None, np.array([1, 1, 2], "f4")], {"mode": "linear"}, "has the mode 'linear'"),
        ("Resize", [None, np.array([1, 1, 1.5], "f4")], NEAREST, "multiplies lengths by [1.5]"),
        ("Einsum", [X[0]], {"equation": "bij,ij->bij"}, "is no product of matrices"),
        ("Einsum", [], {"equation": "bij->ij"}, "where the batch is not one letter of all"),
        ("ArgMax", [], {"axis": 1, "select_last_index": 1}, "takes the last of equal elements"),
    ],
)
def test_nodes_that_no_layer_computes_are_refused(kind, constants, attributes, message, tmp_path):
    with pytest.raises(FileFormatError, match=re.escape(message)):
        onnx.load_model(write(tmp_path, kind, *constants, **attributes))


def graph_of(folder, make, *inputs, **options):
    """A model of a graph whose nodes ``make`` adds, with inputs of names, shapes and dtypes."""
    graph = graph_builder.GraphBuilder("float32")
    for name, shape, dtype in inputs:
        graph.add_input(name, shape, dtype)
    graph.add_output("out", make(graph), ())
    path = folder / "m.onnx"
    path.write_bytes(wire.write({"opset_import": [{"version": 17}], "graph": graph.to_message("g")}, messages.MODEL))
    return onnx.load_model(path, **options)


@pytest.mark.parametrize(
    ("kind", "constants", "message"),
    [
        ("Reshape", [ints(-1, 5)], "which mixes the batch with other axes"),
        ("ScatterND", [ints(0, 1).reshape(2, 1), X], "writes into a tensor of the model"),
    ],
)
def test_nodes_that_write_into_the_batch_are_refused(kind, constants, message, tmp_path):
    def make(graph):
        names = [graph.add_constant(f"c{index}", array) for index, array in enumerate(constants)]
        return graph.add_op("Add", [graph.add_op(kind, ["x", *names], "n"), "z"], "a")

    with pytest.raises(FileFormatError, match=message):
        graph_of(tmp_path, make, ("x", ("N", 3, 5), np.float32), ("z", ("N", 5), np.float32))


def test_products_of_attention_by_einsum(tmp_path):
    def make(graph):
        scores = graph.add_op("Einsum", ["x", "z"], "scores", equation="bid,bjd->bij")
        return graph.add_op("Einsum", [scores, "z"], "sums", equation="bij,bjd->bdi")

    model = graph_of(tmp_path, make, ("x", ("N", 3, 5), np.float32), ("z", ("N", 4, 5), np.float32))
    z = DRAW.normal(size=(2, 4, 5)).astype("f4")
    assert_close(model([X, z]), np.einsum("bid,bjd,bje->bei", X, z, z), FOREIGN)


def test_constants_are_written_into_a_constant(tmp_path):
    def make(graph):
        arrays = (np.zeros((3, 5), "f4"), ints(-1, 0).reshape(2, 1), X[0, :2])
        names = [graph.add_constant(f"c{index}", array) for index, array in enumerate(arrays)]
        return graph.add_op("Add", ["x", graph.add_op("ScatterND", names, "s")], "a")

    expected = X + np.stack([X[0, 1], 0 * X[0, 0], X[0, 0]])
    assert_close(graph_of(tmp_path, make, ("x", ("N", 3, 5), np.float32))(X), expected, FOREIGN)


@pytest.mark.parametrize(("kind", "direction"), [("LSTM", "bidirectional"), ("GRU", "reverse")])
def test_sequence_lens_are_a_mask(kind, direction, tmp_path):
    draw, gates, directions = np.random.default_rng(1), 4 if kind == "LSTM" else 3, 1 + (direction == "bidirectional")
    W, R = (draw.normal(size=(directions, gates * 2, size)).astype("f4") for size in (5, 2))

    def make(graph, lengths):
        names = ["x", graph.add_constant("W", W), graph.add_constant("R", R), "", *lengths]
        options = {"hidden_size": 2, "direction": direction}
        y, last, *_ = graph.add_node(kind, names, "rnn", options, outputs=2 + (kind == "LSTM"))
        y = graph.add_op("Transpose", [y], "t", perm=[2, 0, 1, 3])
        last = graph.add_op("Unsqueeze", [graph.add_op("Transpose", [last], "t", perm=[1, 0, 2]), graph.add_integers([1])], "u")
        return graph.add_op("Concat", [y, last], "c", axis=1)

    x, counts = ("x", ("T", "N", 5), np.float32), ("counts", ("N",), np.int32)
    masked = graph_of(tmp_path, lambda graph: make(graph, ["counts"]), x, counts, time_first=True)([X, np.array([1, 3])])
    plain = graph_of(tmp_path, lambda graph: make(graph, []), x, time_first=True)
    short = plain(X[:1, :1])
    assert_close(masked[:1], np.concatenate([short[:, :1], np.zeros((1, 2, *short.shape[2:])), short[:, 1:]], 1), FOREIGN)
    assert_close(masked[1:], plain(X[1:]), FOREIGN)


def test_indices_are_compared_with_a_constant(tmp_path):
    """A mask of padding, which an average over the words of a sentence leaves out."""
    graph = graph_builder.GraphBuilder("float32")
    graph.add_input("x", ("N", 4), np.int64)
    zero = graph.add_constant("zero", np.array(0, np.int64))
    counts = graph.add_op("Cast", [graph.add_op("Not", [graph.add_op("Equal", ["x", zero], "e")], "n")], "c", to=1)
    graph.add_output("y", graph.add_op("ReduceSum", [counts, graph.add_integers([1])], "s"), ())
    path = tmp_path / "m.onnx"
    path.write_bytes(wire.write({"opset_import": [{"version": 17}], "graph": graph.to_message("g")}, messages.MODEL))
    assert_close(onnx.load_model(path)(ints(3, 0, 1, 0, 2, 2, 0, 5).reshape(2, 4)), [[2.0], [3.0]], FOREIGN)
