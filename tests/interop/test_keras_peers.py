"""Live Keras, both ways: what it saves is read, what is written here it loads, and both answer and learn on alike."""

import os

import numpy as np
import pytest
from golden import keras_files
from golden.keras_files import CASES
from tolerances import FOREIGN, assert_close

import numba_lstm

os.environ.setdefault("KERAS_BACKEND", "jax")
os.environ.setdefault("JAX_ENABLE_X64", "1")
keras = pytest.importorskip("keras", reason="Keras is not installed")
pytestmark = [
    pytest.mark.peers,
    pytest.mark.filterwarnings("ignore:reshape.* takes no mask", "ignore:Layer 'reshape:UserWarning"),
    pytest.mark.filterwarnings("ignore:You are saving your model as an HDF5 file", "ignore::DeprecationWarning"),
]


def trained(k, name):
    """A case's model after two steps, made with ``k``."""
    case = CASES[name]
    model = case.make(k)
    if k is numba_lstm:
        model.to("reference")
    else:
        model.run_eagerly = True  # compiling takes minutes
    model.set_weights([2 * weight for weight in model.get_weights()])
    for _ in range(2):
        keras_files.train(model, case)
    return model


def assert_same(name, one, other):
    case = CASES[name]
    for model in (one, other):
        if isinstance(model, keras.Model):
            model.run_eagerly = True
    found, expected = keras_files.run(one, case), keras_files.run(other, case)
    assert found.keys() == expected.keys()
    assert_close(found["y"], expected["y"], FOREIGN, "predictions")
    assert found["test"].keys() == expected["test"].keys()
    for key, value in expected["test"].items():
        assert_close(found["test"][key], value, FOREIGN, key)
    assert_close(found.get("losses", ()), expected.get("losses", ()), FOREIGN, "losses")


@pytest.mark.parametrize("ending", [".keras", ".h5"])
@pytest.mark.parametrize("name", CASES)
def test_models_of_keras_are_read(tmp_path, name, ending):
    model = trained(keras, name)
    model.save(tmp_path / f"model{ending}")
    assert_same(name, numba_lstm.load_model(tmp_path / f"model{ending}", device="reference"), model)


@pytest.mark.parametrize("name", CASES)
def test_weights_of_keras_are_read(tmp_path, name):
    model, own = trained(keras, name), CASES[name].make(numba_lstm).to("reference")
    model.save_weights(tmp_path / "model.weights.h5")
    own.load_weights(tmp_path / "model.weights.h5")
    assert_same(name, own, model)


@pytest.mark.parametrize("name", CASES)
def test_keras_opens_models(tmp_path, name):
    model = trained(numba_lstm, name)
    model.save(tmp_path / "model.keras")
    read = keras.models.load_model(tmp_path / "model.keras")
    for a, b in zip(read.get_weights(), model.get_weights(), strict=True):
        np.testing.assert_array_equal(a, b)
    assert_same(name, read, model)


@pytest.mark.parametrize("name", CASES)
def test_keras_opens_weights(tmp_path, name):
    model, read = trained(numba_lstm, name), CASES[name].make(keras)
    model.save_weights(tmp_path / "model.weights.h5")
    read.optimizer.build(read.trainable_variables)
    read.load_weights(tmp_path / "model.weights.h5")
    assert_same(name, read, model)


@pytest.mark.parametrize("name", CASES)
def test_what_keras_saves_again_is_the_same(tmp_path, name):
    trained(numba_lstm, name).save(tmp_path / "one.keras")
    keras.models.load_model(tmp_path / "one.keras").save(tmp_path / "two.keras")
    one, two = (numba_lstm.load_model(tmp_path / f"{file}.keras") for file in ("one", "two"))
    assert [type(layer) for layer in one.layers] == [type(layer) for layer in two.layers]
    for a, b in zip(one.optimizer.state().values(), two.optimizer.state().values(), strict=True):
        np.testing.assert_array_equal(a, b)
