"""Graphs that are chains of layers become models; of others the node is named where that shows."""

import re

import exported_models
import numpy as np
import pytest
from golden import onnx_dynamo, onnx_graphs
from tolerances import FOREIGN, assert_close

from numba_lstm import Sequential, activations, load_model
from numba_lstm.interop import onnx
from numba_lstm.interop.onnx.protobuf import messages, wire
from numba_lstm.interop.onnx.writing import graph_builder
from numba_lstm.layers import (
    LSTM,
    Activation,
    Bidirectional,
    Dense,
    Dropout,
    Embedding,
    GaussianNoise,
    Input,
    SpatialDropout1D,
    TimeDistributed,
)
from numba_lstm.saving import FileFormatError

pytestmark = pytest.mark.usefixtures("on_reference")

NUMBERS = np.load(onnx_graphs.FILE)
CASES = exported_models.CASES
N, T, D, H = 3, 5, 7, 4
draw = np.random.default_rng(31)


@pytest.mark.parametrize("case", CASES)
def test_what_was_exported_computes_the_same(tmp_path, case):
    model, path = exported_models.build(case), tmp_path / "m.onnx"
    onnx.export(model, path)
    read = onnx.load_model(path)
    for n, t in ((3, 5), (1, 1), (2, 8)):
        x = exported_models.inputs(n, t)
        assert_close(read.predict(x, verbose=0), model.predict(x, verbose=0), FOREIGN)


@pytest.mark.parametrize("case", ["last step", "both ways", "backwards, all steps", "activations", "peepholes", "shapes"])
def test_names_kinds_and_weights_come_back(tmp_path, case):
    model, path = exported_models.build(case), tmp_path / "m.onnx"
    onnx.export(model, path)
    read = onnx.load_model(path)
    assert [(type(a), a.name) for a in read.layers] == [(type(b), b.name) for b in model.layers]
    for a, b in zip(read.get_weights(), model.get_weights(), strict=True):
        np.testing.assert_array_equal(a, b)


def test_a_model_of_float64(tmp_path):
    model, path = exported_models.build("three layers", "float64"), tmp_path / "m.onnx"
    onnx.export(model, path)
    read = onnx.load_model(path)
    assert read.dtype == "float64"
    x = exported_models.inputs(dtype="float64")
    np.testing.assert_array_equal(read.predict(x, verbose=0), model.predict(x, verbose=0))


def test_a_model_of_indices(tmp_path):
    model, path = exported_models.words(), tmp_path / "m.onnx"
    onnx.export(model, path)
    read, x = onnx.load_model(path), draw.integers(0, 11, size=(3, 5))
    assert [type(layer) for layer in read.layers] == [Embedding, LSTM, Dense]
    assert_close(read.predict(x, verbose=0), model.predict(x, verbose=0), FOREIGN)


@pytest.mark.parametrize("case", ["torch_last_step", "torch_both_ways"])
def test_what_pytorch_exported_becomes_a_model(case):
    model = onnx.load_model(onnx_graphs.path(case))
    x, expected = NUMBERS[f"{case}/input0"], NUMBERS[f"{case}/output0"]
    assert_close(model.predict(x, verbose=0), expected, FOREIGN)
    assert model.layers[-1].name == "head"


@pytest.mark.parametrize("case", onnx_dynamo.CASES)
def test_what_pytorchs_newer_exporter_wrote_becomes_a_model(case):
    numbers = np.load(onnx_dynamo.FILE)
    model = onnx.load_model(onnx_dynamo.path(case))
    assert_close(model.predict(numbers[f"{case}/x"], verbose=0), numbers[f"{case}/y"], FOREIGN)
    found = onnx.load(onnx_dynamo.path(case))(numbers[f"{case}/x"])
    assert_close(found, numbers[f"{case}/y"], FOREIGN)


def test_a_graph_that_takes_steps_first():
    path = onnx_graphs.path("torch_time_first")
    with pytest.raises(FileFormatError, match="say time_first"):
        onnx.load_model(path)
    model, x = onnx.load_model(path, time_first=True), NUMBERS["torch_time_first/input0"]
    y = model.predict(x.swapaxes(0, 1), verbose=0)
    assert_close(y.swapaxes(0, 1), NUMBERS["torch_time_first/output0"], FOREIGN)


def test_a_model_that_was_read_trains_and_is_saved(tmp_path):
    onnx.export(exported_models.build("last step"), tmp_path / "m.onnx")
    model = onnx.load_model(tmp_path / "m.onnx")
    model.compile("adam", "mse")
    x = exported_models.inputs()
    before = model.evaluate(x, np.zeros((N, 2)), verbose=0)
    model.fit(x, np.zeros((N, 2)), epochs=5, verbose=0)
    assert model.evaluate(x, np.zeros((N, 2)), verbose=0) < before
    model.save(tmp_path / "m.nlstm")
    np.testing.assert_array_equal(load_model(tmp_path / "m.nlstm").predict(x, verbose=0), model.predict(x, verbose=0))


def test_an_activation_that_keras_has_not_is_computed(tmp_path):
    """ONNX's own HardSigmoid, 0.2 x + 0.5."""
    graph = chain()
    flow = graph.one("HardSigmoid", ["h"], "last")
    model = onnx.load_model(write(tmp_path, graph, flow, ("N", H)))
    x = exported_models.inputs()
    assert isinstance(model.layers[-1].activation, activations.Activation)
    assert_close(model.predict(x, verbose=0), onnx.load(tmp_path / "m.onnx")(x), FOREIGN)


# -- graphs that are no chains ----------------------------------------------------------------------------------------


def array(*shape):
    return 0.3 * draw.normal(size=shape)


def chain(direction="forward", time_first=False):
    """x, turned, and an LSTM whose outputs are "y", "Y_h" and "c"; of one direction, "h" is the squeezed Y_h."""
    graph = graph_builder.Builder("float32")
    K = 2 if direction == "bidirectional" else 1
    x = graph.input("x", ("N", "T", D))
    turned = x if time_first else graph.one("Transpose", [x], "lstm", perm=[1, 0, 2])
    weights = [graph.tensor("W", array(K, 4 * H, D)), graph.tensor("R", array(K, 4 * H, H))]
    graph.node("LSTM", [turned, *weights], "lstm", {"hidden_size": H, "direction": direction})
    graph.nodes[-1]["output"] = ["y", "Y_h", "c"]
    if K == 1:
        graph.one("Squeeze", ["Y_h", graph.whole([0])], "lstm")
        graph.nodes[-1]["output"] = ["h"]
    return graph


def write(folder, graph, out, dims):
    graph.output("out", out, dims)
    model = {"ir_version": 8, "opset_import": [{"version": 17}], "graph": graph.graph("g")}
    (folder / "m.onnx").write_bytes(wire.write(model, messages.MODEL))
    return folder / "m.onnx"


def two_lstms(graph):
    """A second LSTM on the same input."""
    graph.node("LSTM", [graph.nodes[0]["output"][0], "W", "R"], "second", {"hidden_size": H}, 3)
    return graph.one("Squeeze", [graph.nodes[-1]["output"][1], graph.whole([0])], "second")


def given(place, value):
    """One more input of the LSTM."""

    def change(graph):
        node = next(node for node in graph.nodes if node["op_type"] == "LSTM")
        node["input"] += [""] * (place - 3) + [graph.tensor("more", value)]
        return "h"

    return change


def one(kind, *others, source="h", **attributes):
    return lambda graph: graph.one(
        kind, [source, *(graph.tensor(f"t{i}", np.array(o)) for i, o in enumerate(others))], "odd", **attributes
    )


def joined(kind):
    """An output of the LSTM with what a Dense makes of it."""

    def change(graph):
        dense = graph.one("Gemm", ["h", graph.tensor("k", array(H, H))], "dense")
        return graph.one(kind, ["h", dense], "odd")

    return change


def passed_by(graph):
    """The input itself, with an LSTM that nobody asks."""
    name = graph.one("Identity", ["x"], "odd")
    graph.nodes.insert(0, graph.nodes.pop())
    return name


def doubled(graph):
    """A Reshape to a shape that is joined to itself sixty times."""
    sizes = graph.one("Shape", ["y"], "odd")
    for _ in range(60):
        sizes = graph.one("Concat", [sizes, sizes], "odd", axis=0)
    return graph.one("Reshape", ["y", sizes], "odd")


REFUSED = {
    "another input of an LSTM": (two_lstms, {}, "'second/LSTM_3' (LSTM) takes an output from which the graph branches"),
    "a residual": (joined("Add"), {}, "'odd/Add_4' (Add) takes an output from which the graph branches"),
    "a gate of one's own": (joined("Mul"), {}, "'odd/Mul_4' (Mul) joins two branches"),
    "the cell state": (one("Squeeze", [0], source="c"), {}, "takes 'c', which a layer does not hand on"),
    "lengths": (given(4, np.array([1, 2, 3])), {}, "(LSTM) has sequence_lens"),
    "states": (given(5, array(1, N, H)), {}, "(LSTM) does not begin with states of zero"),
    "an operator that is no layer": (one("Concat", array(2, 2), axis=0), {}, "(Concat) is no layer here"),
    "a step in the middle": (one("Gather", 2, source="y", axis=0), {}, "'odd/Gather_3' (Gather) takes a part"),
    "the last step of both directions": (one("Gather", -1, source="y", axis=0), {"direction": "bidirectional"}, "takes a part"),
    "the last step of the other direction": (one("Gather", -1, source="y", axis=0), {"direction": "reverse"}, "takes a part"),
    "steps cut off": (one("Slice", [1], [100], [0], source="y"), {}, "'odd/Slice_3' (Slice) cuts out a part"),
    "a constant added": (one("Add", array(H)), {}, "(Add) adds a constant to what is no product"),
    "a factor a row": (one("Mul", array(3, 1)), {}, "one number a feature was expected"),
    "a product with a vector": (one("MatMul", array(H)), {}, "where a matrix was expected"),
    "softmax over the batch": (one("Softmax", axis=0), {}, "is over another axis than the features"),
    "another type": (one("Cast", to=7), {}, "casts a layer's output"),
    "a squeeze of what may be longer": (one("Squeeze", [0]), {}, "drops axes that may have more than one element"),
    "a squeeze without axes": (one("Squeeze"), {}, "drops axes that may have more than one element"),
    "steps and samples exchanged": (one("Reshape", [3, 5, -1], source="y"), {}, "has the shape"),
    "sizes that double": (doubled, {}, "has a shape that is not followed here"),
    "a reshape of the batch": (one("Reshape", [4, -1]), {}, "where 0 for the batch"),
    "a flow as weights": (
        lambda g: g.one("MatMul", [g.tensor("k", array(2, N)), "h"], "odd"),
        {},
        "no layer's output as input 0",
    ),
    "steps first": (lambda g: "h", {"time_first": True}, "say time_first"),
    "all steps with time first": (
        lambda g: g.one("Squeeze", ["y", g.whole([1])], "odd"),
        {},
        "has the axes time, batch, features",
    ),
    "one direction": (one("Gather", 1, source="Y_h", axis=0), {"direction": "bidirectional"}, "one direction of an LSTM"),
    "directions apart": (lambda g: "Y_h", {"direction": "bidirectional"}, "has the axes directions, batch, features"),
    "the input": (passed_by, {}, "its output 'out' is not what its last layer puts out"),
}


@pytest.mark.parametrize("recipe", REFUSED)
def test_a_graph_that_is_no_chain_is_refused(tmp_path, recipe):
    change, options, message = REFUSED[recipe]
    graph = chain(**options)
    path = write(tmp_path, graph, change(graph), ())
    with pytest.raises(FileFormatError, match=re.escape(message)):
        onnx.load_model(path)


@pytest.mark.parametrize("case", ["torch_states", "defaults", "bidirectional"])
def test_a_graph_of_several_inputs_or_outputs_is_refused(case):
    with pytest.raises(FileFormatError, match="has one input and one output; the graph has"):
        onnx.load_model(onnx_graphs.path(case))


ALONE = {
    "dropout": lambda: [Dropout(0.5)],
    "dropouts": lambda: [Dropout(0.5), Dropout(0.2)],
    "dropout of features": lambda: [SpatialDropout1D(0.5)],
    "noise": lambda: [GaussianNoise(0.5)],
    "linear": lambda: [Activation("linear")],
    "dropout of each step": lambda: [TimeDistributed(Dropout(0.5))],
}


@pytest.mark.parametrize("shape", [(5, 4), (None, 4), (1, 1)])
@pytest.mark.parametrize("case", ALONE)
def test_a_model_of_layers_that_count_in_training_only(tmp_path, case, shape):
    model = Sequential([Input(shape), *ALONE[case]()])
    onnx.export(model, tmp_path / "m.onnx")
    read = onnx.load_model(tmp_path / "m.onnx")
    assert [layer.get_config()["activation"] for layer in read.layers] == ["linear"]
    x = draw.normal(size=(3, 5 if shape[0] is None else shape[0], shape[1])).astype("float32")
    np.testing.assert_array_equal(read.predict(x, verbose=0), x)
    read.save(tmp_path / "m.nlstm")


def test_rows_through_a_dropout_alone(tmp_path):
    onnx.export(Sequential([Input((4,)), Dropout(0.5)]), tmp_path / "m.onnx")
    x = draw.normal(size=(3, 4)).astype("float32")
    np.testing.assert_array_equal(onnx.load_model(tmp_path / "m.onnx").predict(x, verbose=0), x)


def test_an_output_that_is_a_constant_is_no_layer(tmp_path):
    graph = graph_builder.Builder("float32")
    graph.input("x", ("N", H))
    made = graph.tensor("out", array(1, H))
    with pytest.raises(FileFormatError, match="its output 'out' does not depend on its input"):
        onnx.load_model(write(tmp_path, graph, made, ("N", H)))


def test_weights_that_many_lstms_share_are_refused(tmp_path):
    graph = graph_builder.Builder("float32")
    flow = graph.input("x", ("T", "N", H))
    weights = [graph.tensor("W", array(1, 4 * H, H)), graph.tensor("R", array(1, 4 * H, H))]
    for _ in range(5):
        made = graph.node("LSTM", [flow, *weights], "lstm", {"hidden_size": H}, 3)
        flow = graph.one("Squeeze", [made[0], graph.whole([1])], "lstm")
    with pytest.raises(FileFormatError, match="one LSTM too many on the same weights"):
        onnx.load(write(tmp_path, graph, flow, ("T", "N", H)))


def test_weights_that_many_layers_share_are_refused(tmp_path):
    graph = graph_builder.Builder("float32")
    flow, kernel = graph.input("x", ("N", H)), graph.tensor("W", array(H, H))
    for _ in range(5):
        flow = graph.one("Gemm", [flow, kernel], "dense", alpha=2.0)
    with pytest.raises(FileFormatError, match="one layer too many on the same weights"):
        onnx.load_model(write(tmp_path, graph, flow, ("N", H)))


def test_more_layers_than_a_file_may_hold_are_refused(tmp_path):
    graph = graph_builder.Builder("float32")
    flow = graph.input("x", ("N", H))
    for _ in range(300):
        flow = graph.one("Tanh", [flow], "tanh")
    with pytest.raises(FileFormatError, match="more than 256 layers"):
        onnx.load_model(write(tmp_path, graph, flow, ("N", H)))


def test_both_directions_are_one_layer(tmp_path):
    onnx.export(exported_models.build("two activations"), tmp_path / "m.onnx")
    (layer,) = onnx.load_model(tmp_path / "m.onnx").layers
    assert isinstance(layer, Bidirectional)
    assert layer.forward_layer.activation != layer.backward_layer.activation
