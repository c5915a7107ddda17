"""Every public signature beside that of Keras 3.15: the same places, the same names, the same defaults."""

from __future__ import annotations

import json

import pytest
from golden import keras_signatures

KERAS = json.loads(keras_signatures.FILE.read_text())
OURS = keras_signatures.signatures("numba_lstm")
COMMON = sorted(KERAS.keys() & OURS.keys())
#: What differs, and why.
PLACES = {
    "KerasTensor": "Input and layers make one, with a name",
    "Loss": "its first argument is what the loss op computes",
    "Metric": "its first argument is what the metric op computes",
    "Model": "Keras's has *args: inputs, outputs and name",
    "Optimizer": "its first argument is what the update op computes",
    "models.Model": "Keras's has *args: inputs, outputs and name",
    "losses.Loss": "its first argument is what the loss op computes",
    "metrics.Metric": "its first argument is what the metric op computes",
    "optimizers.Optimizer": "its first argument is what the update op computes",
    **{
        f"models.Sequential.{step}": "Keras's on JAX has a state before the data, as on no other backend"
        for step in ("train_step", "test_step", "predict_step")
    },
}
DEFAULTS = {
    "models.Sequential.quantize": "there is one mode, and it is the default",
    "utils.plot_model": "it writes SVG, in which boxes have the names of layers",
}


def test_there_is_something_to_compare():
    assert len(COMMON) > 200
    assert {"Sequential", "Input", "layers.LSTM", "models.Sequential.fit", "utils.get_file", "datasets.imdb.load_data"} <= {
        *COMMON
    }


@pytest.mark.parametrize("name", [name for name in COMMON if name not in PLACES])
def test_what_has_a_place_has_that_of_keras(name):
    placed, expected = OURS[name]["placed"], KERAS[name]["placed"]
    assert placed == expected[: len(placed)]


@pytest.mark.parametrize("name", [name for name in COMMON if name not in DEFAULTS])
def test_defaults_are_those_of_keras(name):
    defaults, expected = OURS[name]["defaults"], KERAS[name]["defaults"]
    shared = defaults.keys() & expected.keys()
    assert {key: defaults[key] for key in shared} == {key: expected[key] for key in shared}
