"""Functional models in files from here read by Keras: they predict and train alike."""

import os

import numpy as np
import pytest
from golden import keras_call_arguments
from golden import keras_functional as golden
from tolerances import FOREIGN, assert_close

import numba_lstm

os.environ.setdefault("KERAS_BACKEND", "jax")
os.environ.setdefault("JAX_ENABLE_X64", "1")
keras = pytest.importorskip("keras", reason="Keras is not installed")
pytestmark = [
    pytest.mark.peers,
    pytest.mark.filterwarnings("ignore:You are saving your model as an HDF5 file", "ignore::DeprecationWarning"),
]


@pytest.mark.parametrize("ending", [".keras", ".h5", ".weights.h5"])
@pytest.mark.parametrize("name", golden.CASES)
def test_keras_opens_functional_models(tmp_path, name, ending):
    model = golden.CASES[name](numba_lstm).to("reference")
    y = model.predict(golden.X[name], verbose=0)
    for _ in range(2):
        golden.train(model, name, y)
    path = tmp_path / f"model{ending}"
    if ending == ".weights.h5":
        model.save_weights(path)
        read = golden.CASES[name](keras)
        read.optimizer.build(read.trainable_variables)
        read.load_weights(path)
    else:
        model.save(path)
        read = keras.models.load_model(path)
    assert all(map(np.array_equal, read.get_weights(), model.get_weights()))
    read.run_eagerly = True  # compiling takes minutes
    actual, expected = golden.run(read, name), golden.run(model, name)
    assert actual["test"].keys() == expected["test"].keys()
    for key, value in expected["test"].items():
        assert_close(actual["test"][key], value, FOREIGN, key)
    if ending != ".h5":  # Keras reads no optimizer's state there
        assert_close(actual["losses"], expected["losses"], FOREIGN, "losses")


@pytest.mark.parametrize("name", keras_call_arguments.CASES)
def test_keras_opens_calls_with_arguments(tmp_path, name):
    model = keras_call_arguments.make(numba_lstm, name).to("reference")
    model.save(tmp_path / "model.keras")
    read = keras.models.load_model(tmp_path / "model.keras")
    read.run_eagerly = True
    expected = model.predict(keras_call_arguments.X[name], verbose=0)
    for key, y in read.predict(keras_call_arguments.X[name], verbose=0).items():
        assert_close(np.asarray(y), expected[key], FOREIGN, key)
