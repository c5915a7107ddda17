"""onnx.load_model refuses graphs of which neither a chain of layers nor a functional model can be made, and names the node."""

import re

import numpy as np
import pytest
from onnx_chain_graphs import array, chain, write

from numba_lstm.interop import onnx
from numba_lstm.interop.onnx.writing import graph_builder
from numba_lstm.saving import FileFormatError

pytestmark = pytest.mark.usefixtures("on_reference")

N, T, D, H = 3, 5, 7, 4


def with_input(index, value):
    """One more input of the LSTM."""

    def change(graph):
        node = next(node for node in graph.nodes if node["op_type"] == "LSTM")
        node["input"] += [""] * (index - 3) + [graph.add_constant("more", value)]
        return "h"

    return change


def then(kind, *constants, source="h", **attributes):
    return lambda graph: graph.add_op(
        kind, [source, *(graph.add_constant(f"t{i}", np.array(o)) for i, o in enumerate(constants))], "odd", **attributes
    )


def double_sizes(graph):
    """A Reshape to a shape that is joined to itself sixty times."""
    sizes = graph.add_op("Shape", ["y"], "odd")
    for _ in range(60):
        sizes = graph.add_op("Concat", [sizes, sizes], "odd", axis=0)
    return graph.add_op("Reshape", ["y", sizes], "odd")


REFUSED = {
    "lengths": (with_input(4, np.array([1, 2, 3])), {}, "(LSTM) has sequence_lens"),
    "states": (with_input(5, array(1, N, H)), {}, "(LSTM) does not begin with states of zero"),
    "an operator that is no layer": (then("Concat", array(2, 2), axis=0), {}, "(Concat) is no layer here"),
    "a factor a row": (then("Mul", array(3, 1)), {}, "one number a feature was expected"),
    "a product with a vector": (then("MatMul", array(H)), {}, "where a matrix was expected"),
    "softmax over the batch": (then("Softmax", axis=0), {}, "is over another axis than the features"),
    "another type": (then("Cast", to=8), {}, "has ONNX's data type 8, which is not read"),
    "a squeeze of what may be longer": (then("Squeeze", [0]), {}, "drops axes that may have more than one element"),
    "a squeeze without axes": (then("Squeeze"), {}, "drops axes that may have more than one element"),
    "steps and samples exchanged": (then("Reshape", [3, 5, -1], source="y"), {}, "has the shape"),
    "sizes that double": (double_sizes, {}, "has a shape that is not followed here"),
    "a reshape of the batch": (then("Reshape", [4, -1]), {}, "where 0 for the batch"),
    "a flow as weights": (
        lambda g: g.add_op("MatMul", [g.add_constant("k", array(2, N)), "h"], "odd"),
        {},
        "no layer's output as input 0",
    ),
    "steps first": (lambda g: "h", {"time_first": True}, "say time_first"),
}


@pytest.mark.parametrize("recipe", REFUSED)
def test_a_graph_that_is_no_model_is_refused(tmp_path, recipe):
    change, options, message = REFUSED[recipe]
    graph = chain(**options)
    path = write(tmp_path, graph, change(graph), ())
    with pytest.raises(FileFormatError, match=re.escape(message)):
        onnx.load_model(path)


def test_an_output_that_is_a_constant_is_no_layer(tmp_path):
    graph = graph_builder.GraphBuilder("float32")
    graph.add_input("x", ("N", H))
    constant = graph.add_constant("out", array(1, H))
    with pytest.raises(FileFormatError, match="its output 'out' does not depend on its input"):
        onnx.load_model(write(tmp_path, graph, constant, ("N", H)))


def test_weights_that_many_lstms_share_are_refused(tmp_path):
    graph = graph_builder.GraphBuilder("float32")
    value = graph.add_input("x", ("T", "N", H))
    weights = [graph.add_constant("W", array(1, 4 * H, H)), graph.add_constant("R", array(1, 4 * H, H))]
    for _ in range(5):
        constant = graph.add_node("LSTM", [value, *weights], "lstm", {"hidden_size": H}, 3)
        value = graph.add_op("Squeeze", [constant[0], graph.add_integers([1])], "lstm")
    with pytest.raises(FileFormatError, match="one LSTM too many on the same weights"):
        onnx.load(write(tmp_path, graph, value, ("T", "N", H)))


def test_weights_that_many_layers_share_are_refused(tmp_path):
    graph = graph_builder.GraphBuilder("float32")
    value, kernel = graph.add_input("x", ("N", H)), graph.add_constant("W", array(H, H))
    for _ in range(5):
        value = graph.add_op("Gemm", [value, kernel], "dense", alpha=2.0)
    with pytest.raises(FileFormatError, match="one layer too many on the same weights"):
        onnx.load_model(write(tmp_path, graph, value, ("N", H)))


def test_more_layers_than_a_file_may_hold_are_refused(tmp_path):
    graph = graph_builder.GraphBuilder("float32")
    value = graph.add_input("x", ("N", H))
    for _ in range(300):
        value = graph.add_op("Tanh", [value], "tanh")
    with pytest.raises(FileFormatError, match="more than 256 layers"):
        onnx.load_model(write(tmp_path, graph, value, ("N", H)))
