"""load_model refuses forged legacy models of Keras (.h5): each changes one thing in a good file."""

from __future__ import annotations

import io

import numpy as np
import pytest
from hdf5_forging import (
    LEGACY,
    changed,
)
from watched import refusal_message

import numba_lstm
from numba_lstm.interop import hdf5, keras  # noqa: F401 - imported before anything is watched

h5py = pytest.importorskip("h5py", reason="forging HDF5 files needs h5py")

with h5py.File(io.BytesIO(LEGACY)) as legacy:
    FIRST = legacy["model_weights"].attrs["layer_names"][0]


def names_of(root, layer, change):
    """Change the names of a layer's weights."""
    attributes = root["model_weights"][layer].attrs
    attributes["weight_names"] = change(list(attributes["weight_names"]))


HOSTILE = {
    "no config": (lambda root: root.attrs.__delitem__("model_config"), "without model_config"),
    "a config that is a list": (lambda root: root.attrs.__setitem__("model_config", ["a", "b"]), "without model_config"),
    "a config that is no JSON": (lambda root: root.attrs.__setitem__("model_config", "{"), "its model_config is not JSON"),
    "a training_config without optimizer": (lambda root: root.attrs.__setitem__("training_config", "{}"), "which optimizer"),
    "a training_config that is a list": (lambda root: root.attrs.__setitem__("training_config", "[1]"), "which optimizer"),
    "a layer that is not there": (lambda root: root["model_weights"].__delitem__(FIRST), "layers with weights|no weight"),
    "a weight that is not there": (
        lambda root: root["model_weights"][FIRST].attrs.__setitem__("weight_names", ["../../secret", "b", "c"]),
        "/../../secret'",
    ),
    "layer names as one text": (lambda root: root["model_weights"].attrs.__setitem__("layer_names", "lstm"), "one text"),
    "layers in another order": (
        lambda root: root["model_weights"].attrs.__setitem__("layer_names", root["model_weights"].attrs["layer_names"][::-1]),
        "weights would go to the wrong layers. Save the file again.",
    ),
    "a layer twice": (
        lambda root: root["model_weights"].attrs.__setitem__(
            "layer_names", [*root["model_weights"].attrs["layer_names"], FIRST]
        ),
        f"its layer_names have {FIRST!r} twice",
    ),
    "a layer twice in place of another": (
        lambda root: root["model_weights"].attrs.__setitem__(
            "layer_names", [FIRST, FIRST, *root["model_weights"].attrs["layer_names"][2:]]
        ),
        f"its layer_names have {FIRST!r} twice",
    ),
    "a weight twice": (
        lambda root: names_of(root, FIRST, lambda names: [names[0], names[0], names[2]]),
        f"its weight_names of {FIRST!r} have",
    ),
    "weights in another order": (
        lambda root: names_of(root, FIRST, lambda names: names[::-1]),
        "they would be taken for each other. Save the file again.",
    ),
    "slots in another order": (
        lambda root: root["optimizer_weights"].attrs.__setitem__(
            "weight_names",
            [*root["optimizer_weights"].attrs["weight_names"][:2], *root["optimizer_weights"].attrs["weight_names"][:1:-1]],
        ),
        "in another order than the model's weights. Save the file again.",
    ),
    "a slot twice": (
        lambda root: root["optimizer_weights"].attrs.__setitem__(
            "weight_names", [*root["optimizer_weights"].attrs["weight_names"]] * 2
        ),
        "its optimizer's weight_names have 'sgd/iteration' twice",
    ),
    "optimizer weights of another order": (
        lambda root: root["optimizer_weights"].attrs.__setitem__(
            "weight_names", root["optimizer_weights"].attrs["weight_names"][::-1]
        ),
        "in another order than the model's weights. Save the file again.",
    ),
    "fewer optimizer weights": (
        lambda root: root["optimizer_weights"].attrs.__setitem__(
            "weight_names", root["optimizer_weights"].attrs["weight_names"][:-1]
        ),
        "do not fit",
    ),
    "steps below zero": (
        lambda root: root["optimizer_weights/sgd/iteration"].__setitem__((), -1),
        "does not begin with the steps",
    ),
    "a rate that is no number": (
        lambda root: root["optimizer_weights/sgd/learning_rate"].__setitem__((), np.nan),
        "learning_rate",
    ),
}


@pytest.mark.parametrize("recipe", HOSTILE)
def test_legacy_models_that_are_refused(tmp_path, recipe):
    change, message = HOSTILE[recipe]
    path = tmp_path / "hostile.h5"
    path.write_bytes(changed(change, LEGACY))
    error = refusal_message(numba_lstm.load_model, path)
    assert any(part in error for part in message.split("|")), error
