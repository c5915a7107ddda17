"""Limits of repeated names and counts hold before anything is built, in every format."""

from __future__ import annotations

import io
import json
import zipfile

import numpy as np
import pytest
import torch_forging as forge
from golden.keras_files import CASES
from keras_config_forging import entry, layer, make_archive, of_layer, put
from torch_forging import dict_of, saved, storage, tensor, text
from watched import refusal_message

import numba_lstm
from numba_lstm import Sequential, load_model
from numba_lstm.interop import keras, torch  # noqa: F401 - imported before anything is watched
from numba_lstm.layers import LSTM, RNN, Dense, Input, LSTMCell
from numba_lstm.saving import document

h5py = pytest.importorskip("h5py", reason="forging HDF5 files needs h5py")

LONG = "x" * 1_000_000


def stack(name, count):
    """A stack of cells whose own name is long."""
    cells = [entry("LSTMCell", units=1, name=f"c{k}") for k in range(count)]
    return entry("RNN", cell=entry("StackedRNNCells", cells=cells, name=name), name="rnn")


def deflated(data):
    """A zip file with its members deflated: what repeats costs nothing."""
    file = io.BytesIO()
    with zipfile.ZipFile(io.BytesIO(data)) as source, zipfile.ZipFile(file, "w", zipfile.ZIP_DEFLATED) as target:
        for name in source.namelist():
            target.writestr(name, source.read(name))
    return file.getvalue()


KERAS = {
    "a stack of 200 cells with a name of a megabyte": (
        layer(stack(LONG, 200)),
        "a text of 1,000,000 letters; allowed are 65,536",
    ),
    "a stack of 200 cells with a name of 60,000 letters": (layer(stack(LONG[:60_000], 200)), "a name has up to 255 letters"),
    "a layer with such a name": (of_layer("name", LONG[:60_000]), "a name has up to 255 letters"),
    "a model with such a name": (put("config", "name", value=LONG[:60_000]), "a name has up to 255 letters"),
    "a key of a megabyte": (of_layer(LONG, 1), "a text of 1,000,000 letters; allowed are 65,536"),
    "an unknown argument of 60,000 letters": (of_layer(LONG[:60_000], 1), "cannot be made"),
}


@pytest.mark.parametrize("recipe", KERAS)
def test_names_in_configurations_of_keras(tmp_path, recipe):
    config, message = KERAS[recipe]
    path = tmp_path / "hostile.keras"
    path.write_bytes(deflated(make_archive(config)))
    assert message in refusal_message(load_model, path)


def of_native(name):
    """A native file with 200 cells in a stack of this name, written as a forger does: nothing of it is checked."""
    model = Sequential([Input((3, 2)), RNN([LSTMCell(1, name=f"c{k}") for k in range(200)]), Dense(1)])
    outer, tensors = document.pack(model)
    outer["config"]["layers"][1]["config"]["cell"]["config"]["name"] = name
    return outer, tensors


@pytest.mark.parametrize(
    ("length", "message"), [(1_000_000, "a text of 1,000,000 letters"), (60_000, "a name has up to 255 letters, got 'xxx")]
)
def test_names_in_native_files(tmp_path, monkeypatch, length, message):
    outer, tensors = of_native(LONG[:length])
    with monkeypatch.context() as patch:
        patch.setattr(numba_lstm.files.strict_json, "LETTERS", 1 << 30)
        patch.setattr(numba_lstm.files.strict_json.loads, "__defaults__", (1 << 30,))
        data = numba_lstm.saving.container.encode(outer, tensors)
    path = tmp_path / "hostile.nlstm"
    path.write_bytes(data)
    assert message in refusal_message(load_model, path)


def test_the_longest_name_that_is_taken(tmp_path):
    model = Sequential([Input((2,)), Dense(1, name="x" * 255)])
    model.save(tmp_path / "m.nlstm")
    assert load_model(tmp_path / "m.nlstm").layers[0].name == "x" * 255
    with pytest.raises(ValueError, match=r"a name has up to 255 letters, got 'x{40}'... of 256. Give a shorter one."):
        Dense(1, name="x" * 256)


# -- PyTorch ----------------------------------------------------------------------------------------------------------


def memo(key, count):
    """Many dicts that have one key, which is in the file once."""
    again = b"h\0" + forge.NONE
    program = (
        forge.DICT + forge.MARK + text("first") + forge.DICT + forge.MARK + text(key) + b"q\0" + forge.NONE + forge.SETITEMS
    )
    for index in range(count):
        program += text(f"{index:06}") + forge.DICT + forge.MARK + again + forge.SETITEMS
    return program + forge.SETITEMS


def long_paths(levels, count):
    """Dicts within dicts whose keys have a thousand letters, and many values in the innermost."""
    program = dict_of(**{f"k{index}": tensor() for index in range(count)})
    for _ in range(levels):
        program = dict_of(**{"y" * 1_000: program})
    return program


PT = {
    "a key of 100,000 letters in 20,000 dicts": (memo("k" * 100_000, 20_000), "a key of 100,000 letters; up to 1,024 are read"),
    "a key of a megabyte in 20,000 dicts": (memo(LONG, 20_000), "a key of 1,000,000 letters; up to 1,024 are read"),
    "names that are long together": (long_paths(2, 100), "a name of 2,00"),
    "a memo of names": (memo("k" * 1_000, 20_000), "names of 16,777,216 letters"),
    "a key of a storage": (dict_of(weight=tensor(of=storage(key=text("0" * 100_000)))), "no number of up to 20 digits"),
    "a place of a storage": (dict_of(other=tensor(of=storage(location=text(LONG)))), "there is no 'weight'"),
}


@pytest.mark.parametrize("recipe", PT)
def test_names_in_pickles(tmp_path, recipe):
    program, message = PT[recipe]
    path = tmp_path / "hostile.pt"
    path.write_bytes(deflated(saved(program)))
    assert message in refusal_message(torch.linear, path)


@pytest.mark.parametrize("stride", [2**62 // 4, 2**62 - 1, 2**62, 2**63 - 1])
@pytest.mark.parametrize("shape", [(1, 6), (6, 1)])
def test_a_stride_along_one_element_may_be_any_number(tmp_path, shape, stride):
    strides = (stride, 1) if shape[0] == 1 else (1, stride)
    path = tmp_path / "good.pt"
    path.write_bytes(saved(dict_of(weight=tensor(shape=shape, strides=strides))))
    np.testing.assert_array_equal(torch.linear(path).get_weights()[0], np.arange(6).reshape(shape).T)


# -- zip and HDF5 -----------------------------------------------------------------------------------------------------


@pytest.mark.filterwarnings("ignore:Duplicate name")
@pytest.mark.parametrize("read", [load_model, torch.linear])
def test_a_zip_directory_of_16000_names_with_one_twice_at_its_end(tmp_path, read):
    file = io.BytesIO()
    with zipfile.ZipFile(file, "w") as target:
        for index in range(16_000):
            target.writestr(f"{'model' if read is torch.linear else 'data'}/{index}", b"")
        target.writestr(target.namelist()[-1], b"")
    path = tmp_path / "hostile.zip"
    path.write_bytes(file.getvalue())
    assert "15999' twice" in refusal_message(read, path)


def of_hdf5(fill):
    file = io.BytesIO()
    with h5py.File(file, "w", libver="earliest") as target:
        fill(target.create_group("layers/lstm/cell/vars"))
    return file.getvalue()


def arrays(names):
    return lambda group: [group.__setitem__(name, np.float32(1)) for name in names]


def nested(group):
    for _ in range(18):
        group = group.create_group("y" * 1_000)
    arrays(f"x{index}" for index in range(3_000))(group)


HDF5 = {
    "4,000 names of 1,000 digits": (arrays(f"{index:01000}" for index in range(4_000)), "and 3,9"),
    "4,000 names of 1,000 letters": (arrays(f"{'x' * 996}{index:04}" for index in range(4_000)), "and 3,9"),
    "4,000 names of digits and letters in turn": (arrays(f"{'1a' * 498}{index:04}" for index in range(4_000)), "and 3,9"),
    "4,000 groups of long names": (
        lambda group: [group.create_group(f"{'x' * 996}{index:04}") for index in range(4_000)],
        "only in the model: layers/lstm/cell/vars/0",
    ),
    "long names within each other": (nested, "more than 4,096 letters each"),
}


@pytest.mark.parametrize("recipe", HDF5)
def test_names_in_hdf5(tmp_path, recipe):
    fill, message = HDF5[recipe]
    model = Sequential([Input((3, 2)), LSTM(2)])
    path = tmp_path / "hostile.weights.h5"
    path.write_bytes(of_hdf5(fill))
    assert message in refusal_message(model.load_weights, path)


def test_the_good_configuration_behind_the_forgeries_is_read(tmp_path):
    path = tmp_path / "good.keras"
    path.write_bytes(deflated(CASES["indices"].path.read_bytes()))
    assert json.dumps(load_model(path).get_config())
