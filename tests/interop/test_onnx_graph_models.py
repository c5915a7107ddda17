"""onnx.load_model: graphs that are no chains of layers become functional models."""

import importlib.util
import re
from pathlib import Path

import numpy as np
import pytest
from golden import onnx_branches, onnx_graphs
from onnx_chain_graphs import D, H, N, T, array, chain, write
from tolerances import FOREIGN, assert_close

from numba_lstm import load_model
from numba_lstm.interop import onnx
from numba_lstm.interop.onnx.protobuf import messages, wire
from numba_lstm.interop.onnx.writing import graph_builder
from numba_lstm.saving import FileFormatError

pytestmark = pytest.mark.usefixtures("on_reference")

NUMBERS, GRAPHS = np.load(onnx_branches.FILE), np.load(onnx_graphs.FILE)
SPEECH = onnx_branches.path("speech")


def batch_first(name, x):
    """An array of the graph as the model has it."""
    return x.swapaxes(0, 1) if name in ("state", "stateN", "largest") else x


def check(model, key, names, sample=False):
    """Compare all calls of a case with what ONNX Runtime computed, with the states of the call before."""
    states = {}
    for call in range(sum(f"{key}/{k}/input" in NUMBERS for k in range(onnx_branches.CALLS))):
        given = {value.name: NUMBERS.get(f"{key}/{call}/{value.name}") for value in model.inputs}
        feed = [states.get(name, None if x is None else batch_first(name, x)) for name, x in given.items()]
        feed = [x[None] if sample and name not in states else x for name, x in zip(given, feed, strict=True)]
        y = model(feed if len(feed) > 1 else feed[0])
        for name, found in zip(names, y if len(names) > 1 else [y], strict=True):
            expected = batch_first(name, NUMBERS[f"{key}/{call}/{name}"])
            assert_close(found[0] if sample else found, expected, FOREIGN)
            states |= {state: found for state, after in onnx_branches.AFTER.items() if after == name}


@pytest.mark.parametrize("rate", onnx_branches.RATES)
def test_a_branch_is_taken_by_a_constant_input_and_states_are_carried(tmp_path, rate):
    shapes = {"input": (None, onnx_branches.S)}
    model = onnx.load_model(SPEECH, inputs={"sr": rate}, shapes=shapes)
    assert [tuple(value.shape) for value in model.inputs] == [(None, 24), (None, 2, onnx_branches.H)]
    check(model, f"speech_{rate}", ["output", "stateN"])
    model.save(tmp_path / "m.nlstm")
    check(load_model(tmp_path / "m.nlstm"), f"speech_{rate}", ["output", "stateN"])


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({}, "(Equal) compares whole numbers that are known only when the model computes. Give the constant inputs"),
        ({"inputs": {"sr": 8000}}, "'/narrow_/narrow_Pad0_0' (Pad) reflects more elements than sizes (batch, free) have"),
    ],
)
def test_what_is_missing_is_named(options, message):
    with pytest.raises(FileFormatError, match=re.escape(message)):
        onnx.load_model(SPEECH, **options)


@pytest.mark.parametrize(
    ("error", "options", "message"),
    [
        (ValueError, {"inputs": {"rate": 8000}}, "the graph has no input 'rate', it has 'input', 'state', 'sr'."),
        (TypeError, {"inputs": {"sr": 0.5}}, r"inputs\['sr'\] must be int64, got float64"),
        (ValueError, {"shapes": {"state": (3, 1, 3)}}, r"shapes\['state'\] must fit the graph's \(2, 'batch', 3\)"),
    ],
)
def test_inputs_and_shapes_that_do_not_fit_are_refused(error, options, message):
    with pytest.raises(error, match=message):
        onnx.load_model(SPEECH, **{"inputs": {"sr": 8000}, **options})


def test_a_graph_without_a_batch_axis_is_one_sample():
    model = onnx.load_model(onnx_branches.path("sample"))
    assert [tuple(value.shape) for value in model.inputs][0] == (None, None, onnx_branches.S)
    check(model, "sample", ["output", "hn", "cn"], sample=True)


@pytest.mark.parametrize(
    ("case", "names"), [("operators", ["output", "largest"]), ("images", ["output", "map"]), ("torch", ["output", "state"])]
)
def test_operators_become_layers_and_functions_of_tensors(case, names):
    check(onnx.load_model(onnx_branches.path(case)), case, names)


def test_a_model_of_branches_trains():
    model = onnx.load_model(SPEECH, inputs={"sr": 8000}, shapes={"input": (None, onnx_branches.S)})
    x = [NUMBERS["speech_8000/0/input"], np.zeros((2, 2, onnx_branches.H), "f4")]
    targets = [np.ones((2, 1), "f4"), np.zeros_like(x[1])]
    model.compile("adam", "mse")
    before = model.evaluate(x, targets, verbose=0)
    model.fit(x, targets, epochs=3, verbose=0)
    assert model.evaluate(x, targets, verbose=0)[0] < before[0]


def then(kind, *constants, source="h", **attributes):
    return lambda graph: graph.add_op(
        kind, [source, *(graph.add_constant(f"t{i}", np.array(o)) for i, o in enumerate(constants))], "odd", **attributes
    )


def join(kind):
    """An output of the LSTM with what a Dense makes of it."""

    def change(graph):
        dense = graph.add_op("Gemm", ["h", graph.add_constant("k", array(H, H))], "dense")
        return graph.add_op(kind, ["h", dense], "odd")

    return change


def two_lstms(graph):
    """A second LSTM on the same input."""
    graph.add_node("LSTM", [graph.nodes[0]["output"][0], "W", "R"], "second", {"hidden_size": H}, 3)
    return graph.add_op("Squeeze", [graph.nodes[-1]["output"][1], graph.add_integers([0])], "second")


#: What follows an LSTM, options of it, and the axes of ONNX's output with the batch first.
CONVERTED = {
    "another input of an LSTM": (two_lstms, {}, None),
    "a residual": (join("Add"), {}, None),
    "a gate": (join("Mul"), {}, None),
    "the cell state": (then("Squeeze", [0], source="c"), {}, None),
    "a step in the middle": (then("Gather", 2, source="y", axis=0), {}, (1, 0, 2)),
    "several steps": (then("Gather", [3, 0], source="y", axis=0), {}, (2, 0, 1, 3)),
    "the last step of both directions": (then("Gather", -1, source="y", axis=0), {"direction": "bidirectional"}, (1, 0, 2)),
    "the last step of the other direction": (then("Gather", -1, source="y", axis=0), {"direction": "reverse"}, (1, 0, 2)),
    "steps cut off": (then("Slice", [1], [100], [0], source="y"), {}, (2, 0, 1, 3)),
    "every other step, backwards": (then("Slice", [-1], [-100], [0], [-2], source="y"), {}, (2, 0, 1, 3)),
    "a constant added": (then("Add", array(H).astype("f4")), {}, None),
    "all steps with time first": (then("Squeeze", [1], source="y"), {}, (1, 0, 2)),
    "one direction": (then("Gather", 1, source="Y_h", axis=0), {"direction": "bidirectional"}, None),
    "directions apart": (lambda g: "Y_h", {"direction": "bidirectional"}, (1, 0, 2)),
    "the input": (lambda g: g.add_op("Identity", ["x"], "odd"), {}, None),
}


@pytest.mark.parametrize("recipe", CONVERTED)
def test_what_is_no_chain_of_layers_computes_the_same(tmp_path, recipe):
    change, options, axes = CONVERTED[recipe]
    graph = chain(**options)
    path = write(tmp_path, graph, change(graph), ())
    x = np.random.default_rng(1).normal(size=(N, T, D)).astype("f4")
    expected = onnx.load(path)(x)
    assert_close(onnx.load_model(path)(x), expected if axes is None else expected.transpose(axes), FOREIGN)


def test_states_that_pytorch_exports_are_inputs_and_outputs():
    numbers, model = GRAPHS, onnx.load_model(onnx_graphs.path("torch_states"))
    arrays = [numbers[f"torch_states/{k}"] for k in ("input0", "input1", "input2", "output0", "output1", "output2")]
    x, h, c, *expected = (array if array.shape[0] > 1 else array.swapaxes(0, 1) for array in arrays)
    for found, y in zip(model([x, h, c]), expected, strict=True):
        assert_close(found, y, FOREIGN)


def test_weights_that_are_inputs_can_be_given():
    numbers, path = GRAPHS, onnx_graphs.path("defaults")
    x, W, R, y = (numbers[f"defaults/{k}"] for k in ("input0", "input1", "input2", "output0"))
    model = onnx.load_model(path, time_first=True, inputs={"W": W, "R": R})
    assert_close(model(x.swapaxes(0, 1)), y.swapaxes(0, 1), FOREIGN)
    with pytest.raises(FileFormatError, match=r"computes its input 1 from the graph's inputs, where a constant was expected"):
        onnx.load_model(path, time_first=True)


def repeated_branches(depth):
    """An If in an If in an If, on a constant."""
    block = {"output": [{"name": "out"}], "node": [{"op_type": "Identity", "input": ["x"], "output": ["out"]}]}
    for level in range(depth):
        data = wire.write(block, messages.GRAPH)
        fields = [{"name": f"{name}_branch", "g": data, "type": 5} for name in ("then", "else")]
        node = {"op_type": "If", "input": ["yes"], "output": ["out"], "attribute": fields, "name": f"level {level}"}
        block = {"output": [{"name": "out"}], "node": [node]}
    return block["node"][0]


def write_if(folder, node):
    graph = graph_builder.GraphBuilder("float32")
    graph.add_input("x", ("N", D))
    graph.add_constant("yes", np.array(True))
    graph.nodes.append(node)
    return write(folder, graph, "out", ("N", D))


def test_branches_within_branches_have_an_end(tmp_path):
    x = np.ones((2, D), "f4")
    np.testing.assert_array_equal(onnx.load_model(write_if(tmp_path, repeated_branches(4)))(x), x)
    with pytest.raises(FileFormatError, match="is a branch within more than 8 branches"):
        onnx.load_model(write_if(tmp_path, repeated_branches(12)))


def test_a_damaged_branch_is_refused(tmp_path):
    node = repeated_branches(1)
    node["attribute"][0]["g"] = node["attribute"][0]["g"][:-3]
    with pytest.raises(FileFormatError):
        onnx.load_model(write_if(tmp_path, node))
    with pytest.raises(FileFormatError, match=r"\(If\) has an operator that is not run. numba_lstm.interop.onnx.load_model"):
        onnx.load(write_if(tmp_path, repeated_branches(1)))


# -- a published model ------------------------------------------------------------------------------------------------

_FOUND = importlib.util.find_spec("silero_vad")
FOLDER = None if _FOUND is None or _FOUND.origin is None else Path(_FOUND.origin).parent / "data"
FILES = {
    "silero_vad.onnx": (16000, 8000),
    "silero_vad_16k_op15.onnx": (16000,),
    "silero_vad_half.onnx": (None,),
    "silero_vad_op18_ifless.onnx": (16000, 8000),
    "silero_vad_openvino_16k.onnx": (None,),
}


def sound(chunks, size):
    """Two sequences of a tone that comes and goes, with noise."""
    t = np.arange(chunks * size) / 16000
    draw = np.random.default_rng(4)
    return np.stack([np.sin(1400 * t) * np.sin(19 * t) + 0.1 * draw.normal(size=t.size) for _ in range(2)]).astype("f4")


@pytest.mark.peers
@pytest.mark.skipif(FOLDER is None, reason="silero-vad is not installed")
@pytest.mark.parametrize(("file", "rate"), [(file, rate) for file, rates in FILES.items() for rate in rates])
def test_a_voice_activity_detector_computes_what_onnx_runtime_does(file, rate):
    running = pytest.importorskip("onnxruntime").InferenceSession(FOLDER / file, providers=["CPUExecutionProvider"])
    size, batch = 576 if rate != 8000 else 288, 1 if "openvino" in file else 2
    options = {"inputs": {"sr": rate}} if rate else {}
    model = onnx.load_model(FOLDER / file, shapes={"input": (None, size)}, **options)
    state = theirs = np.zeros((2, batch, 128), "f4")
    state = state.swapaxes(0, 1)
    for x in np.split(sound(4, size)[:batch], 4, axis=1):
        feed = {"input": x, "state": theirs} | ({"sr": np.array(rate)} if rate else {})
        expected, theirs = running.run(None, feed)
        y, state = model([x, state])
        np.testing.assert_allclose(y, expected, atol=1e-4)
        np.testing.assert_allclose(state, theirs.swapaxes(0, 1), atol=1e-4)


@pytest.mark.peers
@pytest.mark.skipif(FOLDER is None, reason="silero-vad is not installed")
def test_a_detector_of_whole_recordings_computes_what_onnx_runtime_does():
    path = FOLDER / "silero_vad_16k_sequence.onnx"
    running, model = pytest.importorskip("onnxruntime").InferenceSession(path), onnx.load_model(path)
    x = sound(6, 576)[0].reshape(6, 576)
    states = theirs = [np.zeros((1, 1, 128), "f4")] * 2
    states = [state[None] for state in states]
    for _ in range(2):
        expected, *theirs = running.run(None, dict(zip(("input", "h", "c"), [x, *theirs], strict=True)))
        y, *states = model([x[None], *states])
        np.testing.assert_allclose(y[0], expected, atol=1e-4)
        np.testing.assert_allclose(states[0][0], theirs[0], atol=1e-4)
