"""Readers recognize a file of another format and name the function that reads it."""

import numpy as np
import pytest
import safetensors.numpy
from golden import onnx_graphs, torch_modules
from golden.keras_files import CASES

from numba_lstm.interop import onnx, torch
from numba_lstm.layers import LSTM, Input
from numba_lstm.models import Sequential
from numba_lstm.saving import FileFormatError, load_model

READERS = {
    "load_model": load_model,
    "load_weights": lambda path: Sequential([Input((None, 3)), LSTM(4)]).load_weights(path),
    "torch": torch.load_model,
    "torch's lstm": torch.lstm,
    "onnx": onnx.load,
    "onnx's model": onnx.load_model,
}
OF_TORCH = "numba_lstm.interop.torch.load_model"
OF_ONNX = "numba_lstm.interop.onnx.load_model"
NATIVE = "numba_lstm.load_model"

#: A file of each kind, what reads it, and the readers that do not.
FILES = {
    "a graph": (onnx_graphs.path("torch_last_step"), OF_ONNX, ["load_model", "load_weights", "torch", "torch's lstm"]),
    "tensors": (torch_modules.path("plain"), OF_TORCH, ["load_model", "load_weights", "onnx", "onnx's model"]),
    "safetensors": (torch_modules.path("double"), OF_TORCH, ["load_model", "load_weights", "onnx", "onnx's model"]),
    "a model of Keras": (CASES["doubles"].path, NATIVE, ["torch", "torch's lstm", "onnx", "onnx's model"]),
    "weights of Keras": (CASES["plain"].path, "model.load_weights", ["load_model", "torch", "onnx"]),
}


@pytest.mark.parametrize(("kind", "reader"), [(kind, reader) for kind, file in FILES.items() for reader in file[2]])
def test_another_reader_is_named(kind, reader):
    path, right, _ = FILES[kind]
    with pytest.raises(FileFormatError, match=right) as caught:
        READERS[reader](path)
    assert str(caught.value).startswith(str(path))


@pytest.mark.parametrize("reader", ["load_weights", "torch", "onnx"])
def test_a_native_file_is_known(tmp_path, reader):
    Sequential([Input((None, 3)), LSTM(4)]).save(tmp_path / "m.nlstm")
    with pytest.raises(FileFormatError, match="a model of numba_lstm: numba_lstm.load_model reads it"):
        READERS[reader](tmp_path / "m.nlstm")


@pytest.mark.parametrize("reader", READERS)
def test_a_text_is_called_one(tmp_path, reader):
    (tmp_path / "m.onnx").write_text("version https://git-lfs.example/spec/v1\n")
    with pytest.raises(FileFormatError, match="begins as a text does"):
        READERS[reader](tmp_path / "m.onnx")


@pytest.mark.parametrize("reader", READERS)
def test_a_missing_file_is_a_sentence(tmp_path, reader):
    with pytest.raises(FileNotFoundError, match=r"none\.pt: there is no such file\.$"):
        READERS[reader](tmp_path / "none.pt")


@pytest.mark.parametrize("reader", READERS)
def test_a_name_without_its_ending_is_guessed(tmp_path, reader):
    (tmp_path / "m.safetensors").write_bytes(safetensors.numpy.save({"a": np.ones(2, "f4")}))
    with pytest.raises(FileNotFoundError, match=r"Is it '.*m\.safetensors'\?"):
        READERS[reader](tmp_path / "m")


@pytest.mark.parametrize("reader", READERS)
def test_a_folder_is_called_one(tmp_path, reader):
    with pytest.raises(FileFormatError, match="it is a folder"):
        READERS[reader](tmp_path)


@pytest.mark.parametrize("content", [b"", b"\x08", b"\x08\x08", b"PK\3\4", b"PK\3\4" + b"\xff" * 30, b"\0" * 9])
@pytest.mark.parametrize("reader", READERS)
def test_a_beginning_that_says_nothing_is_left_to_the_reader(tmp_path, reader, content):
    (tmp_path / "m").write_bytes(content)
    with pytest.raises(FileFormatError, match=str(tmp_path / "m")):
        READERS[reader](tmp_path / "m")
