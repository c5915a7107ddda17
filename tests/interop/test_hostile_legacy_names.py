"""Legacy files whose names of weights say another order than that of the model are refused."""

from __future__ import annotations

import numpy as np
import pytest
from hdf5_forging import changed
from watched import refusal_message

import numba_lstm
from numba_lstm import Sequential
from numba_lstm.interop import keras  # noqa: F401 - imported before anything is watched
from numba_lstm.layers import LSTM, Bidirectional, Dense, Input

SWAPPED = {
    "layers": (lambda root: root.attrs.__setitem__("layer_names", ["two", "one", "both"]), "'two' where the model has 'one'"),
    "kernels of one size": (
        lambda root: root["one"].attrs.__setitem__("weight_names", [*root["one"].attrs["weight_names"]][::-1]),
        "its weight_names of 'one' are in another order",
    ),
    "directions": (
        lambda root: root["both"].attrs.__setitem__(
            "weight_names", [*root["both"].attrs["weight_names"][3:], *root["both"].attrs["weight_names"][:3]]
        ),
        "its weight_names of 'both' are in another order",
    ),
}


@pytest.mark.parametrize("weights_alone", [False, True])
@pytest.mark.parametrize("recipe", SWAPPED)
def test_weights_of_equal_shapes_are_not_taken_for_each_other(tmp_path, recipe, weights_alone):
    """All shapes fit in either order, so that names alone tell."""
    layers = [Dense(2, name="one"), Dense(2, name="two"), Bidirectional(LSTM(1, return_sequences=True), name="both")]
    if recipe == "kernels of one size":
        layers[0] = LSTM(2, return_sequences=True, use_bias=False, name="one")
    change, message = SWAPPED[recipe]
    model = Sequential([Input((None, 2)), *layers], name="m")
    if recipe == "kernels of one size":
        assert len({weight.shape for weight in model.layers[0].weights}) == 1
    model.save(tmp_path / "good.h5")
    path = tmp_path / "hostile.h5"
    path.write_bytes(changed(lambda root: change(root["model_weights"]), (tmp_path / "good.h5").read_bytes()))
    assert message in refusal_message(model.load_weights if weights_alone else numba_lstm.load_model, path)


def test_weights_of_a_model_whose_layers_are_called_otherwise_are_taken(tmp_path):
    """Names count within a process, so another one's may be others: Keras binds by order, and nothing contradicts it."""
    one = Sequential([Input((2,)), Dense(2, name="dense"), Dense(2, name="dense_1")], name="m")
    two = Sequential([Input((2,)), Dense(2, name="dense_1"), Dense(2, name="dense_2")], name="n")
    one.save(tmp_path / "one.h5")
    two.load_weights(tmp_path / "one.h5")
    for a, b in zip(one.get_weights(), two.get_weights(), strict=True):
        np.testing.assert_array_equal(a, b)
