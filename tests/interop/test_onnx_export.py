"""onnx.export: the nodes of the graph, and equal results when it is read again."""

import re

import exported_models
import numpy as np
import pytest
from tolerances import FOREIGN, RECURRENT, assert_close

from numba_lstm import activations
from numba_lstm.interop import onnx
from numba_lstm.interop.onnx.protobuf import messages, wire
from numba_lstm.interop.onnx.writing.graph_builder import GraphBuilder
from numba_lstm.layers import LSTM, RNN, Bidirectional, Dense, Input, LSTMCell
from numba_lstm.models import Sequential

pytestmark = pytest.mark.usefixtures("on_reference")

D, H = 7, 4


def message(path):
    return wire.read(path.read_bytes(), messages.MODEL)


def kinds(path):
    return [node["op_type"] for node in message(path)["graph"]["node"]]


@pytest.mark.parametrize("case", exported_models.CASES)
@pytest.mark.parametrize("opset", [17, 21])
def test_what_is_written_computes_the_same(tmp_path, case, opset):
    model, path = exported_models.build(case), tmp_path / "m.onnx"
    onnx.export(model, path, opset)
    graph = onnx.load(path)
    for n, t in ((3, 5), (1, 1), (2, 8)):
        x = exported_models.inputs(n, t)
        assert_close(graph(x), model.predict(x, verbose=0), FOREIGN)


@pytest.mark.parametrize("case", ["three layers", "every step", "both ways"])
def test_a_model_of_float64(tmp_path, case):
    model, path = exported_models.build(case, "float64"), tmp_path / "m.onnx"
    onnx.export(model, path)
    x = exported_models.inputs(dtype="float64")
    result = onnx.load(path)(x)
    assert result.dtype == np.float64
    assert_close(result, model.predict(x, verbose=0), RECURRENT["float64"])


def test_a_model_of_indices(tmp_path):
    model, path = exported_models.words(), tmp_path / "m.onnx"
    onnx.export(model, path)
    x = np.random.default_rng(1).integers(0, 11, size=(3, 5))
    assert_close(onnx.load(path)(x), model.predict(x, verbose=0), FOREIGN)


def test_gelu_is_an_operator_from_opset_20_on(tmp_path):
    model = Sequential([Input((None, D)), LSTM(H), Dense(2, "gelu")]).to("reference")
    onnx.export(model, tmp_path / "m.onnx", 20)
    x = exported_models.inputs()
    assert_close(onnx.load(tmp_path / "m.onnx")(x), model.predict(x, verbose=0), FOREIGN)
    with pytest.raises(ValueError, match="'gelu', which ONNX has from opset 20"):
        onnx.export(model, tmp_path / "m.onnx", 19)


def test_an_lstm_is_one_node(tmp_path):
    onnx.export(exported_models.build("three layers"), tmp_path / "m.onnx")
    assert kinds(tmp_path / "m.onnx").count("LSTM") == 3
    onnx.export(exported_models.build("both ways"), tmp_path / "m.onnx")
    assert kinds(tmp_path / "m.onnx").count("LSTM") == 2


def test_layers_hand_on_sequences_with_time_first(tmp_path):
    onnx.export(exported_models.build("three layers"), tmp_path / "m.onnx")
    assert kinds(tmp_path / "m.onnx").count("Transpose") == 1


def test_the_sizes_of_batch_and_time_are_free(tmp_path):
    onnx.export(exported_models.build("all steps"), tmp_path / "m.onnx")
    graph = onnx.load(tmp_path / "m.onnx")
    assert [(value.name, value.shape) for value in graph.inputs + graph.outputs] == [
        ("input", ("N", "T", D)),
        ("output", ("N", "T", 2)),
    ]


def test_states_are_inputs_and_outputs(tmp_path):
    model = exported_models.build("both ways")
    onnx.export(model, tmp_path / "m.onnx", states=True)
    graph = onnx.load(tmp_path / "m.onnx")
    one, two = (layer.name for layer in model.layers)
    names = [f"{name}_{state}" for name in (one, two) for state in ("h", "c")]
    assert [value.name for value in graph.inputs] == ["input", *(f"{name}0" for name in names)]
    assert [value.name for value in graph.outputs] == [*names, "output"]


def test_a_sequence_in_two_pieces_is_the_whole(tmp_path):
    model = exported_models.build("cells")
    onnx.export(model, tmp_path / "m.onnx", states=True)
    graph, x = onnx.load(tmp_path / "m.onnx"), exported_models.inputs()
    first = {value.name: np.zeros([1, 3, value.shape[2]], "f4") for value in graph.inputs[1:]}
    *states, y1 = graph(x[:, :2], **first)
    *_, y2 = graph(x[:, 2:], **dict(zip(first, states, strict=True)))
    assert_close(np.concatenate([y1, y2], axis=1), model.predict(x, verbose=0), FOREIGN)


def test_the_versions_are_said(tmp_path):
    for opset, version in ((13, 7), (17, 8), (19, 9), (22, 10)):
        onnx.export(exported_models.build("last step"), tmp_path / "m.onnx", opset)
        written = message(tmp_path / "m.onnx")
        assert written["opset_import"] == [{"domain": "", "version": opset}]
        assert written["ir_version"] == version


def custom(x):
    return 2 * x


REFUSED = {
    "projection": ([LSTM(H, projection=2)], {}, "projection=2, which ONNX's LSTM has not"),
    "layer norms": ([LSTM(H, layer_norm=True)], {}, "layer_norm=True"),
    "zoneout": ([LSTM(H, zoneout=0.1)], {}, "zoneout=0.1"),
    "silu": ([LSTM(H, "silu")], {}, "activation='silu', which ONNX's LSTM has not"),
    "gates of exponentials": ([LSTM(H, recurrent_activation="exponential")], {}, "recurrent_activation='exponential'"),
    "an LSTM's own function": ([LSTM(H, activations.custom(custom))], {}, "activation='custom'"),
    "directions of two sizes": (
        [Bidirectional(LSTM(H), backward_layer=LSTM(3, go_backwards=True, name="b"))],
        {},
        "one units; these differ",
    ),
    "backwards first": ([Bidirectional(LSTM(H, go_backwards=True))], {}, "the first one forward"),
    "opset 12": ([LSTM(H)], {"opset": 12}, "opset must be 13 to 22"),
}


@pytest.mark.parametrize("recipe", REFUSED)
def test_what_onnx_has_not_is_named_and_no_file_written(tmp_path, recipe):
    layers, options, text = REFUSED[recipe]
    with pytest.raises(ValueError, match=re.escape(text)):
        onnx.export(Sequential([Input((None, D)), *layers]), tmp_path / "m.onnx", **options)
    assert not list(tmp_path.iterdir())


def test_a_model_that_is_not_built_is_refused(tmp_path):
    with pytest.raises(ValueError, match="no shapes yet"):
        onnx.export(Sequential([LSTM(H)]), tmp_path / "m.onnx")


def test_an_existing_file_is_kept_if_asked(tmp_path):
    (tmp_path / "m.onnx").write_bytes(b"old")
    with pytest.raises(FileExistsError):
        onnx.export(exported_models.build("last step"), tmp_path / "m.onnx", overwrite=False)
    assert (tmp_path / "m.onnx").read_bytes() == b"old"


def test_onnx_is_not_imported_with_the_package():
    import subprocess
    import sys

    program = "import sys, numba_lstm; print([m for m in sys.modules if m.startswith('numba_lstm.interop')])"
    assert subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True).stdout == "[]\n"


def test_cells_of_a_stack_and_layers_of_their_names_keep_their_own_weights(tmp_path):
    stack = RNN([LSTMCell(H), LSTMCell(H)], return_sequences=True, name="one")
    model = Sequential([Input((None, D)), stack, LSTM(H, name="one_1"), Dense(2, name="one_0")])
    onnx.export(model, tmp_path / "m.onnx")
    x = exported_models.inputs(3, 5)
    assert_close(onnx.load(tmp_path / "m.onnx")(x), model.predict(x, verbose=0), FOREIGN)


def test_two_constants_of_one_name_are_refused():
    builder = GraphBuilder("float32")
    builder.add_constant("half", 0.5)
    builder.add_constant("half", 0.5)
    with pytest.raises(ValueError, match="two different constants would be called 'half'"):
        builder.add_constant("half", 0.25)


def test_a_stateful_model_is_written_with_its_states_or_not_at_all(tmp_path):
    model = Sequential([Input((4, D), batch_size=3), LSTM(H, stateful=True)])
    with pytest.raises(ValueError, match="a graph keeps no states.*states=True"):
        onnx.export(model, tmp_path / "m.onnx")
    assert not (tmp_path / "m.onnx").exists()
    onnx.export(model, tmp_path / "m.onnx", states=True)
