"""describe: what a file holds, without building a model."""

import numpy as np
import pytest
from golden import keras2_files, onnx_graphs, torch_modules
from golden.keras_files import CASES
from onnx_forging import GOOD_BYTES, changed_model, in_graph, more
from torch_forging import dict_of, saved, tensor

import numba_lstm
from numba_lstm.interop import command
from numba_lstm.interop.description import Array, describe
from numba_lstm.layers import LSTM, Bidirectional, Dense, Input
from numba_lstm.saving import FileFormatError, container


def test_a_native_file(tmp_path):
    model = numba_lstm.Sequential(
        [Input((5, 3), name="x"), Bidirectional(LSTM(4), name="both"), Dense(2, name="head")], name="m"
    )
    model.compile("adam", "mse")
    model.save(tmp_path / "m.nlstm")
    content = describe(tmp_path / "m.nlstm")
    assert content.format == "nlstm"
    assert content.facts == {
        "file format": "1",
        "model": "Sequential 'm'",
        "input shape": "(None, 5, 3)",
        "weights": f"{2 * 4 * 4 * (3 + 4 + 1) + 2 * (8 + 1)}",
        "optimizer": "Adam",
        "loss": "MeanSquaredError",
    }
    assert content.layers == [("x", "InputLayer [None, 5, 3]"), ("both", "Bidirectional(LSTM 4)"), ("head", "Dense 2")]
    assert Array("layers/1/kernel", "float32", (8, 2)) in content.arrays


def test_a_file_of_keras():
    content = describe(CASES["everything"].path)
    assert content.format == "keras"
    assert content.facts == {
        "model": "Sequential 'everything'",
        "Keras": "3.15.1",
        "input shape": "(None, 6, 3)",
        "weights": "870",
        "optimizer": "Adagrad",
        "loss": "CategoricalCrossentropy",
    }
    assert [kind for _, kind in content.layers][7:9] == [
        "BatchNormalization",
        "RNN(StackedRNNCells(LSTMCell 4, LSTMCell 3))",
    ]


def test_a_legacy_file():
    content = describe(keras2_files.CASES["early"].path)
    assert content.format == "h5"
    assert content.facts == {
        "model": "Sequential 'early'",
        "Keras": "2.15.0",
        "input shape": "(None, 6, 3)",
        "weights": "286",
        "optimizer": "RMSprop",
        "loss": "mse",
    }
    assert [kind for _, kind in content.layers][4] == "TimeDistributed(LayerNormalization)"


def test_weights_alone():
    content = describe(CASES["plain"].path)
    assert (content.format, content.layers) == ("weights.h5", [])
    assert Array("layers/lstm/cell/vars/0", "float32", (3, 12)) in content.arrays


@pytest.mark.parametrize(("case", "kind"), [("whole", "pt"), ("double", "safetensors")])
def test_tensors_of_pytorch(case, kind):
    content = describe(torch_modules.path(case))
    assert content.format == kind
    expected = {"whole": Array("model.head.weight", "F32", (2, 6)), "double": Array("bias_hh_l0", "F64", (24,))}[case]
    assert expected in content.arrays


def test_tensors_are_not_read(tmp_path):
    """The storage has not the bytes that it should have, which only shows when a tensor is read."""
    (tmp_path / "m.pt").write_bytes(saved(dict_of(weight=tensor()), b""))
    assert describe(tmp_path / "m.pt").arrays == [Array("weight", "F32", (2, 3))]


def test_a_graph():
    content = describe(onnx_graphs.path("torch_last_step"))
    assert content.format == "onnx"
    assert content.facts == {
        "producer": "pytorch 2.13.0",
        "operators": "ai.onnx 17",
        "inputs": "x (N, T, 7)",
        "outputs": "90 (N, 2)",
        "weights": "374",
    }
    assert ("/lstm/LSTM", "LSTM") in content.layers
    assert Array("onnx::LSTM_110", "F32", (1, 24, 7)) in content.arrays


def test_a_graph_that_is_not_run_is_described(tmp_path):
    (tmp_path / "m.onnx").write_bytes(more(op_type="Loop"))
    assert ("more", "Loop") in describe(tmp_path / "m.onnx").layers


@pytest.mark.parametrize(
    "content", [b"", b"PK\3\4" + b"\0" * 99, GOOD_BYTES[:-3], changed_model(lambda model, *_: model.pop("graph"))]
)
def test_what_is_no_model_is_refused(tmp_path, content):
    (tmp_path / "m").write_bytes(content)
    with pytest.raises(FileFormatError, match=str(tmp_path / "m")):
        describe(tmp_path / "m")


@pytest.mark.parametrize("changes", [{"params": []}, {"series": [{"track": {"unit": "x"}}]}, {"series": []}])
def test_a_damaged_forecaster_is_refused(tmp_path, changes):
    body = {"class_name": "LSTMForecaster", "config": {"name": "m"}, "params": {"horizon": 1, "context_length": 2}, **changes}
    times = {"series/0/times": np.zeros(2, np.int64)}
    (tmp_path / "m.nlstm").write_bytes(container.encode(body, times))
    with pytest.raises(FileFormatError, match="its forecaster cannot be described"):
        describe(tmp_path / "m.nlstm")


def test_a_terminal_gets_no_commands(tmp_path, capsys):
    name = "\x1b]0;owned\x07"
    (tmp_path / "m.onnx").write_bytes(in_graph(node=[{"name": name, "op_type": "x" * 9_000}]))
    assert command.main(["info", str(tmp_path / "m.onnx")]) == 0
    out = capsys.readouterr().out
    assert "\x1b" not in out
    assert "\\x1b]0;owned" in out
    assert len(out) < 2_000


def test_lines_for_a_terminal(capsys):
    assert command.main(["info", str(CASES["plain"].path)]) == 0
    lines = capsys.readouterr().out.splitlines()
    assert lines[0] == "weights of Keras (.weights.h5)"
    assert any(line.split("│")[1:4] == [" layers/lstm/cell/vars/0 ", " float32 ", " 3 x 12     "] for line in lines)
    assert lines[1] == f"weights: {sum(weight.size for weight in CASES['plain'].make(numba_lstm).get_weights())}"
    assert np.all([len(line) == len(lines[2]) for line in lines[2:]])


@pytest.mark.parametrize("ending", [".nlstm", ".keras"])
def test_arrays_stand_in_the_order_that_people_count(tmp_path, ending):
    model = numba_lstm.Sequential([Input((3,)), *(Dense(1) for _ in range(12))])
    model.compile("adam", "mse")
    model.optimizer.build(model.trainable_weights)
    model.save(tmp_path / f"m{ending}")
    names = [array.name for array in describe(tmp_path / f"m{ending}").arrays]
    before, after = {".nlstm": ("layers/2/bias", "layers/10/bias"), ".keras": ("optimizer/vars/2", "optimizer/vars/10")}[ending]
    assert names.index(before) < names.index(after)


def test_a_text_is_called_one(tmp_path):
    (tmp_path / "notes.py").write_text("import numpy as np\n")
    with pytest.raises(FileFormatError, match="begins as a text does; expected was a file of .nlstm"):
        describe(tmp_path / "notes.py")
