"""Graphs around one LSTM, to which tests add a node, and the files of such graphs."""

import numpy as np

from numba_lstm.interop.onnx.protobuf import messages, wire
from numba_lstm.interop.onnx.writing import graph_builder

N, T, D, H = 3, 5, 7, 4

draw = np.random.default_rng(31)


def array(*shape):
    return 0.3 * draw.normal(size=shape)


def chain(direction="forward", time_first=False):
    """x, turned, and an LSTM whose outputs are "y", "Y_h" and "c"; of one direction, "h" is the squeezed Y_h."""
    graph = graph_builder.GraphBuilder("float32")
    K = 2 if direction == "bidirectional" else 1
    x = graph.add_input("x", ("N", "T", D))
    time_major = x if time_first else graph.add_op("Transpose", [x], "lstm", perm=[1, 0, 2])
    weights = [graph.add_constant("W", array(K, 4 * H, D)), graph.add_constant("R", array(K, 4 * H, H))]
    graph.add_node("LSTM", [time_major, *weights], "lstm", {"hidden_size": H, "direction": direction})
    graph.nodes[-1]["output"] = ["y", "Y_h", "c"]
    if K == 1:
        graph.add_op("Squeeze", ["Y_h", graph.add_integers([0])], "lstm")
        graph.nodes[-1]["output"] = ["h"]
    return graph


def write(folder, graph, out, dims):
    graph.add_output("out", out, dims)
    model = {"ir_version": 8, "opset_import": [{"version": 17}], "graph": graph.to_message("g")}
    (folder / "m.onnx").write_bytes(wire.write(model, messages.MODEL))
    return folder / "m.onnx"
