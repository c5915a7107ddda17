"""torch.save_model and torch.load_model: whole models as files of PyTorch's weights."""

import zipfile

import numpy as np
import pytest
from golden import torch_modules
from tolerances import FOREIGN, assert_close

from numba_lstm.interop import torch
from numba_lstm.layers import LSTM, Dense, Dropout, Input
from numba_lstm.models import Sequential
from numba_lstm.saving import FileFormatError

NUMBERS = np.load(torch_modules.FILE)
D, H = 7, 4


def build(*layers):
    return Sequential([Input((None, D)), *layers])


def test_an_lstm_with_a_head_is_read_whole():
    model = torch.load_model(torch_modules.path("whole")).to("reference")
    assert_close(model.predict(NUMBERS["whole/x"], verbose=0), NUMBERS["whole/head"], FOREIGN)
    assert [layer.name for layer in model.layers] == ["model_encoder_l0", "model_encoder_l1", "model_head"]


@pytest.mark.parametrize("ending", torch.EXTENSIONS)
def test_names_are_those_of_a_module(tmp_path, ending):
    torch.save_model(build(LSTM(H, use_bias=False)), tmp_path / f"m{ending}")
    torch.save_model(build(LSTM(H, use_bias=False), Dropout(0.1), Dense(2)), tmp_path / f"two{ending}")
    with torch.reading.open_tensors(tmp_path / f"m{ending}") as source:
        assert set(source.names) == {"weight_ih_l0", "weight_hh_l0"}
    with torch.reading.open_tensors(tmp_path / f"two{ending}") as source:
        assert set(source.names) == {"lstm.weight_ih_l0", "lstm.weight_hh_l0", "linear.weight", "linear.bias"}


def test_equal_models_make_equal_files(tmp_path):
    model = build(LSTM(H), Dense(2))
    for name in ("a.pt", "b.pt"):
        torch.save_model(model, tmp_path / name)
    assert (tmp_path / "a.pt").read_bytes() == (tmp_path / "b.pt").read_bytes()


def test_a_pt_file_is_a_zip_of_stored_members(tmp_path):
    torch.save_model(build(LSTM(H)), tmp_path / "m.pt")
    with zipfile.ZipFile(tmp_path / "m.pt") as archive:
        members = [entry.filename for entry in archive.infolist()]
        assert all(entry.compress_type == zipfile.ZIP_STORED for entry in archive.infolist())
    assert members == ["archive/data.pkl", "archive/byteorder", *(f"archive/data/{k}" for k in range(4)), "archive/version"]


def rows(*shape):
    return np.ones(shape, "f4")


LSTM_STATE = {"weight_ih_l0": rows(4 * H, D), "weight_hh_l0": rows(4 * H, H)}
WRONG = {
    "two heads": ({"a.weight": rows(2, 3), "b.weight": rows(2, 2)}, "weights of 2 modules, 'a', 'b', where one Linear"),
    "two LSTMs": ({f"{k}.{n}": a for k in "ab" for n, a in LSTM_STATE.items()}, "2 modules, 'a', 'b', where one LSTM"),
    "a head of another width": ({**LSTM_STATE, "head.weight": rows(2, 5)}, "'head' takes 5 features, and its LSTM returns 4"),
    "an embedding's table": ({**LSTM_STATE, "e.weight": rows(9, 4), "head.weight": rows(2, 4)}, "2 modules, 'e', 'head'"),
    "a convolution": ({"c.weight": rows(2, 3, 4)}, "a Linear's is a matrix"),
    "one name twice over": ({**LSTM_STATE, "weight_ih_l00": rows(4 * H, D)}, "'weight_ih_l00' is no weight of an LSTM"),
    "an Arabic layer": ({**LSTM_STATE, "weight_ih_l\u0661": rows(4 * H, D)}, "is no weight of an LSTM"),
    "nothing": ({}, "it holds no weights"),
}


@pytest.mark.parametrize("recipe", WRONG)
def test_other_weights_are_refused(recipe):
    state, message = WRONG[recipe]
    with pytest.raises(ValueError, match=message):
        torch.load_model(state)


def test_what_is_wrong_in_a_file_names_it(tmp_path):
    torch.save_model(build(LSTM(H), Dense(2)), tmp_path / "m.pt")
    data = (tmp_path / "m.pt").read_bytes()
    (tmp_path / "m.pt").write_bytes(data[:-1])
    with pytest.raises(FileFormatError, match=str(tmp_path / "m.pt")):
        torch.load_model(tmp_path / "m.pt")


def test_another_extension_is_refused(tmp_path):
    with pytest.raises(ValueError, match=r"saved as \.pt or \.safetensors"):
        torch.save_model(build(LSTM(H)), tmp_path / "m.bin")
