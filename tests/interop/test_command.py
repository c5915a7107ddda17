"""The commands convert and info: results, and errors in terms of their options."""

import subprocess
import sys

import numpy as np
import pytest
from golden import onnx_graphs, torch_modules
from golden.keras_files import CASES
from onnx_forging import in_graph

import numba_lstm
from numba_lstm.interop import command, conversion
from numba_lstm.layers import LSTM, Activation, Dense, Input
from numba_lstm.models import Sequential

pytest.importorskip("h5py", reason="writing Keras's files needs h5py")
pytestmark = pytest.mark.usefixtures("on_reference")

D, H = 7, 4


def test_a_command_converts(tmp_path, capsys):
    source, target = CASES["indices"].path, tmp_path / "m.nlstm"
    assert command.main(["convert", str(source), str(target)]) == 0
    assert capsys.readouterr().out == f"{target}: 3 layers, 242 weights.\n"
    one, two = numba_lstm.load_model(source), numba_lstm.load_model(target)
    np.testing.assert_array_equal(one.predict(CASES["indices"].x, verbose=0), two.predict(CASES["indices"].x, verbose=0))


def test_a_file_is_replaced_if_asked(tmp_path, capsys):
    source, target = str(torch_modules.path("plain")), tmp_path / "m.onnx"
    target.write_bytes(b"old")
    assert command.main(["convert", source, str(target)]) == 1
    assert capsys.readouterr().err.endswith("the file exists. Give --overwrite to replace it, or another name.\n")
    assert target.read_bytes() == b"old"
    assert command.main(["convert", source, str(target), "--overwrite", "--opset", "13", "--last-step"]) == 0
    assert conversion.read_model(target).output_shape == (None, 6)


def test_weights_find_their_model(tmp_path):
    model = CASES["plain"].make(numba_lstm)
    model.save(tmp_path / "layers.nlstm")
    arguments = ["convert", str(CASES["plain"].path), str(tmp_path / "m.pt"), "--into", str(tmp_path / "layers.nlstm")]
    assert command.main(arguments) == 0
    model.load_weights(CASES["plain"].path)
    for expected, converted in zip(model.get_weights(), conversion.read_model(tmp_path / "m.pt").get_weights(), strict=True):
        np.testing.assert_array_equal(expected, converted)


@pytest.mark.parametrize("arguments", [["info", "missing.onnx"], ["convert", "missing.pt", "m.onnx"]])
def test_a_missing_file_is_one_sentence(arguments, capsys):
    assert command.main(arguments) == 1
    assert ": there is no such file." in capsys.readouterr().err


def test_the_module_hands_commands_on():
    run = [sys.executable, "-m", "numba_lstm", "info", str(torch_modules.path("plain"))]
    assert "tensors of PyTorch" in subprocess.run(run, capture_output=True, text=True, check=True).stdout


@pytest.fixture
def refusal_message(capsys):
    """A function that runs ``convert``, expects that it refuses, and returns its sentence."""

    def run(*arguments):
        assert command.main(["convert", *map(str, arguments)]) == 1
        return capsys.readouterr().err

    return run


def test_one_is_no_plural(tmp_path, capsys):
    Sequential([Input((1,)), Dense(1, use_bias=False)]).save(tmp_path / "m.nlstm")
    assert command.main(["convert", str(tmp_path / "m.nlstm"), str(tmp_path / "m.onnx")]) == 0
    assert capsys.readouterr().out.endswith("m.onnx: 1 layer, 1 weight.\n")


KERAS, WEIGHTS, TORCH, ONNX = (
    CASES["doubles"].path,
    CASES["plain"].path,
    torch_modules.path("plain"),
    onnx_graphs.path("torch_last_step"),
)


@pytest.mark.parametrize(
    ("source", "ending", "options"),
    [
        (KERAS, ".onnx", ["--into", KERAS]),
        (KERAS, ".onnx", ["--last-step"]),
        (TORCH, ".onnx", ["--time-first"]),
        (TORCH, ".onnx", ["--external-data"]),
        (ONNX, ".nlstm", ["--no-compile"]),
        (ONNX, ".nlstm", ["--opset", 17]),
        (TORCH, ".keras", ["--states"]),
    ],
)
def test_an_option_that_does_not_apply_is_refused_by_name(tmp_path, refusal_message, source, ending, options):
    assert f"{options[0]} is for " in refusal_message(source, tmp_path / f"m{ending}", *options)
    assert not list(tmp_path.iterdir())


def test_weights_ask_for_their_model(tmp_path, refusal_message):
    assert "Give a file of the model that they belong to: --into MODEL." in refusal_message(WEIGHTS, tmp_path / "m.pt")


def test_weights_are_no_model_of_others(tmp_path, refusal_message):
    assert "holds weights alone too" in refusal_message(WEIGHTS, tmp_path / "m.pt", "--into", WEIGHTS)


def test_states_are_asked_for_and_written(tmp_path, refusal_message):
    model = Sequential([Input((None, D), batch_size=2), LSTM(H, stateful=True, name="lstm")])
    model.save(tmp_path / "m.nlstm")
    assert "Give --states, which" in refusal_message(tmp_path / "m.nlstm", tmp_path / "m.onnx")
    assert command.main(["convert", str(tmp_path / "m.nlstm"), str(tmp_path / "m.onnx"), "--states"]) == 0
    assert [value.name for value in numba_lstm.interop.onnx.load(tmp_path / "m.onnx").inputs][1:] == ["lstm_h0", "lstm_c0"]


def test_a_newer_operator_set_is_asked_for(tmp_path, refusal_message):
    Sequential([Input((None, D)), Dense(H), Activation("gelu")]).save(tmp_path / "m.nlstm")
    assert "Give --opset 20." in refusal_message(tmp_path / "m.nlstm", tmp_path / "m.onnx")


def test_what_a_model_was_compiled_with_can_be_left_out(tmp_path, refusal_message, capsys):
    model = Sequential([Input((None, D)), LSTM(H)])
    model.compile("adam", "mse")
    model.save(tmp_path / "m.nlstm")
    assert command.main(["convert", str(tmp_path / "m.nlstm"), str(tmp_path / "out.nlstm"), "--no-compile"]) == 0
    assert numba_lstm.load_model(tmp_path / "out.nlstm").optimizer is None


def test_whose_optimizer_is_written_is_said(tmp_path, capsys):
    model = Sequential([Input((None, D)), LSTM(H)])
    model.compile("adam", "mse")
    model.save(tmp_path / "m.nlstm")
    model.save_weights(tmp_path / "m.weights.h5")
    arguments = [str(tmp_path / name) for name in ("m.weights.h5", "out.keras", "m.nlstm")]
    assert command.main(["convert", *arguments[:2], "--into", arguments[2]]) == 0
    assert f"The optimizer is that of {arguments[2]}" in capsys.readouterr().out


def test_a_warning_is_a_note(tmp_path, capsys):
    model = Sequential([Input((None, D)), LSTM(H)])
    model.compile("adam", "mse")
    model.optimizer.build(model.trainable_weights)
    model.save_weights(tmp_path / "m.weights.h5")
    model.compile("sgd", "mse")
    model.save(tmp_path / "m.nlstm")
    arguments = ["convert", str(tmp_path / "m.weights.h5"), str(tmp_path / "out.nlstm"), "--into", str(tmp_path / "m.nlstm")]
    assert command.main(arguments) == 0
    out, err = capsys.readouterr()
    assert "Note: the optimizer stays as it is, only weights were loaded" in out
    assert err == ""


def test_no_sentence_has_a_number_of_the_system(tmp_path, refusal_message):
    assert refusal_message(KERAS, tmp_path / "none" / "m.nlstm").endswith("does not exist. Make it first.\n")
    assert refusal_message(tmp_path, tmp_path / "m.pt").endswith("it is a folder, not a regular file.\n")


def test_an_error_of_the_system_is_a_sentence(tmp_path, refusal_message, monkeypatch):
    def full(*_, **__):
        raise OSError(28, "No space left on device", "m.pt")

    monkeypatch.setattr(conversion, "write_model", full)
    assert refusal_message(KERAS, tmp_path / "m.pt") == "numba_lstm convert: m.pt: No space left on device.\n"


def test_files_beside_a_graph_are_asked_for(tmp_path, refusal_message):
    tensor = {
        "name": "W",
        "data_type": 1,
        "dims": [2],
        "data_location": 1,
        "external_data": [{"key": "location", "value": "w"}],
    }
    (tmp_path / "m.onnx").write_bytes(in_graph(initializer=[tensor]))
    assert "load with --external-data." in refusal_message(tmp_path / "m.onnx", tmp_path / "m.nlstm")
