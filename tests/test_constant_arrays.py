"""Constant of an array: pretrained embeddings, and how files keep them."""

from __future__ import annotations

import json
import zipfile

import numpy as np
import pytest

from numba_lstm import initializers
from numba_lstm.files.errors import FileFormatError
from numba_lstm.layers import LSTM, Dense, Embedding, Input
from numba_lstm.models import Sequential, load_model
from numba_lstm.saving import container
from numba_lstm.saving.document import pack

TABLE = np.linspace(-1, 1, 12).reshape(6, 2) / 3


def model_with(table, dtype="float32"):
    rows, size = np.shape(table)
    embedding = Embedding(rows, size, embeddings_initializer=initializers.Constant(table), trainable=False)
    model = Sequential([Input((5,)), embedding, LSTM(3), Dense(1)], device="reference", dtype=dtype)
    model.compile("sgd", "mse")
    return model


def test_a_table_becomes_the_weights():
    model = model_with(TABLE, "float64")
    np.testing.assert_array_equal(model.layers[0].get_weights()[0], TABLE)
    model.fit(np.ones((4, 5)), np.ones((4, 1)), verbose=0)
    np.testing.assert_array_equal(model.layers[0].get_weights()[0], TABLE)


def test_a_row_is_broadcast_and_a_number_stays_a_float():
    np.testing.assert_array_equal(initializers.Constant([1, 2])((3, 2), "float64"), [[1, 2]] * 3)
    assert initializers.Constant(np.float32(2)).get_config() == {"value": 2.0}


def test_the_array_is_copied():
    table = TABLE.copy()
    constant = initializers.Constant(table)
    table[:] = 0
    np.testing.assert_array_equal(constant((6, 2), "float64"), TABLE)
    constant((6, 2))[:] = 0
    np.testing.assert_array_equal(constant((6, 2), "float64"), TABLE)


def test_another_shape_is_refused():
    with pytest.raises(
        ValueError, match=r"values of shape \(6, 2\), but the weight has \(6, 3\). Give an array of that shape."
    ):
        initializers.Constant(TABLE)((6, 3))
    with pytest.raises(TypeError, match="Constant's value must be an array of real numbers"):
        initializers.Constant(["a"])


@pytest.mark.parametrize("rows", [6, 70_000])
def test_nlstm_files_keep_the_table(tmp_path, rows):
    table = np.resize(TABLE, (rows, 2))
    model = model_with(table)
    model.save(tmp_path / "m.nlstm")
    duplicate = load_model(tmp_path / "m.nlstm", device="reference")
    np.testing.assert_array_equal(duplicate.layers[0].embeddings_initializer.value, table)
    assert duplicate.get_config() == model.get_config()
    duplicate.save(tmp_path / "n.nlstm")
    assert (tmp_path / "m.nlstm").read_bytes() == (tmp_path / "n.nlstm").read_bytes()


def test_copies_keep_the_table():
    duplicate = Sequential.from_config(model_with(TABLE).get_config())
    np.testing.assert_array_equal(duplicate.layers[0].embeddings_initializer.value, TABLE)


def test_keras_files_keep_a_small_table(tmp_path):
    pytest.importorskip("h5py")
    model_with(TABLE).save(tmp_path / "m.keras")
    duplicate = load_model(tmp_path / "m.keras", device="reference")
    np.testing.assert_array_equal(duplicate.layers[0].embeddings_initializer.value, TABLE)
    with zipfile.ZipFile(tmp_path / "m.keras") as archive:
        layers = json.loads(archive.read("config.json"))["config"]["layers"]
    value = next(entry for entry in layers if entry["class_name"] == "Embedding")["config"]["embeddings_initializer"]["config"]
    assert value == {"value": {"class_name": "__numpy__", "config": {"value": TABLE.tolist(), "dtype": "float64"}}}


def test_keras_files_say_that_a_large_table_is_left_out(tmp_path):
    pytest.importorskip("h5py")
    model = model_with(np.resize(TABLE, (6_000, 2)))
    with pytest.warns(UserWarning, match=r"the 12,000 initial values .* Save the model as .nlstm to keep both."):
        model.save(tmp_path / "m.keras")
    duplicate = load_model(tmp_path / "m.keras", device="reference")
    np.testing.assert_array_equal(duplicate.get_weights()[0], model.get_weights()[0])


@pytest.mark.parametrize("change", ["twice", "unused", "float32", "another shape"])
def test_files_whose_tensors_do_not_fit_are_refused(tmp_path, change):
    document, tensors = pack(model_with(TABLE))
    table = tensors.pop("constants/0")
    config = document["config"]["layers"]
    if change == "twice":
        tensors["constants/0"] = table
        config[2]["config"]["kernel_initializer"] = config[1]["config"]["embeddings_initializer"]
    elif change == "unused":
        tensors |= {"constants/0": table, "constants/1": table}
    else:
        tensors["constants/0"] = table.astype(np.float32) if change == "float32" else table[:-1]
    (tmp_path / "m.nlstm").write_bytes(container.encode(document, tensors))
    if change == "another shape":  # nothing is drawn from it until a layer is built anew
        assert load_model(tmp_path / "m.nlstm").layers[0].embeddings_initializer.value.shape == (5, 2)
        return
    with pytest.raises(FileFormatError, match="for itself alone, and there is none|must begin with layers/"):
        load_model(tmp_path / "m.nlstm")
