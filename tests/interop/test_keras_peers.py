"""Files of Keras read here and files from here read by Keras: both models predict and train alike."""

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
    actual, expected = keras_files.run(one, case), keras_files.run(other, case)
    assert actual.keys() == expected.keys()
    assert_close(actual["y"], expected["y"], FOREIGN, "predictions")
    assert actual["test"].keys() == expected["test"].keys()
    for key, value in expected["test"].items():
        assert_close(actual["test"][key], value, FOREIGN, key)
    assert_close(actual.get("losses", ()), expected.get("losses", ()), FOREIGN, "losses")


@pytest.mark.parametrize("ending", [".keras", ".h5"])
@pytest.mark.parametrize("name", CASES)
def test_models_of_keras_are_read(tmp_path, name, ending):
    model = trained(keras, name)
    model.save(tmp_path / f"model{ending}")
    assert_same(name, numba_lstm.load_model(tmp_path / f"model{ending}", device="reference"), model)


@pytest.mark.parametrize("name", CASES)
def test_weights_of_keras_are_read(tmp_path, name):
    model, loaded = trained(keras, name), CASES[name].make(numba_lstm).to("reference")
    model.save_weights(tmp_path / "model.weights.h5")
    loaded.load_weights(tmp_path / "model.weights.h5")
    assert_same(name, loaded, model)


@pytest.mark.parametrize("ending", [".keras", ".h5", ".hdf5"])
@pytest.mark.parametrize("name", CASES)
def test_keras_opens_models(tmp_path, name, ending):
    model = trained(numba_lstm, name)
    model.save(tmp_path / f"model{ending}")
    read = keras.models.load_model(tmp_path / f"model{ending}")
    for a, b in zip(read.get_weights(), model.get_weights(), strict=True):
        np.testing.assert_array_equal(a, b)
    if ending != ".keras":  # Keras reads no optimizer's state there that it could train on with
        config = model.get_compile_config()
        model = numba_lstm.load_model(tmp_path / f"model{ending}", compile=False, device="reference")
        model.compile_from_config(config)
    assert_same(name, read, model)


@pytest.mark.parametrize("name", CASES)
def test_keras_opens_weights(tmp_path, name):
    model, read = trained(numba_lstm, name), CASES[name].make(keras)
    model.save_weights(tmp_path / "model.weights.h5")
    read.optimizer.build(read.trainable_variables)
    read.load_weights(tmp_path / "model.weights.h5")
    assert_same(name, read, model)


@pytest.mark.parametrize("ending", [".keras", ".h5"])
@pytest.mark.parametrize("name", CASES)
def test_what_keras_saves_again_is_the_same(tmp_path, name, ending):
    trained(numba_lstm, name).save(tmp_path / f"one{ending}")
    keras.models.load_model(tmp_path / f"one{ending}").save(tmp_path / f"two{ending}")
    one, two = (numba_lstm.load_model(tmp_path / f"{file}{ending}") for file in ("one", "two"))
    assert [type(layer) for layer in one.layers] == [type(layer) for layer in two.layers]
    for a, b in zip(one.get_weights(), two.get_weights(), strict=True):
        np.testing.assert_array_equal(a, b)
    if ending == ".keras":
        for a, b in zip(one.optimizer.state().values(), two.optimizer.state().values(), strict=True):
            np.testing.assert_array_equal(a, b)


@pytest.mark.parametrize("ending", [".keras", ".h5"])
def test_what_is_frozen_stays_frozen_in_keras(tmp_path, ending):
    model = keras_files.frozen(numba_lstm)
    model.save(tmp_path / f"model{ending}")
    read = keras.models.load_model(tmp_path / f"model{ending}")
    assert len(read.trainable_variables) == len(model.trainable_weights) == 2
    for layer in read.layers:
        layer.trainable = True
    assert len(read.trainable_variables) == len(model.weights)


@pytest.mark.parametrize("ending", [".keras", ".h5"])
def test_a_frozen_model_is_frozen_in_keras(tmp_path, ending):
    model = keras_files.frozen(numba_lstm)
    model.trainable = False
    model.save(tmp_path / f"model{ending}")
    assert keras.models.load_model(tmp_path / f"model{ending}").trainable_variables == []


@pytest.mark.parametrize("ending", [".keras", ".h5"])
def test_what_keras_froze_is_frozen_here_until_it_is_set_free(tmp_path, ending):
    model = keras_files.frozen(keras)
    for layer in model.layers[:-1]:
        layer.trainable = False
    model.save(tmp_path / f"model{ending}")
    read = numba_lstm.load_model(tmp_path / f"model{ending}")
    assert len(read.trainable_weights) == 2
    for layer in read.layers:
        layer.trainable = True
    assert len(read.trainable_weights) == len(read.weights)


@pytest.mark.parametrize("ending", [".keras", ".h5", ".weights.h5"])
def test_keras_goes_on_with_a_rate_of_float64(tmp_path, ending):
    model = CASES["doubles"].make(numba_lstm)
    floatx = keras.config.floatx()
    keras.config.set_floatx("float64")
    try:
        if ending == ".weights.h5":
            read = CASES["doubles"].make(keras)
            read.optimizer.build(read.trainable_variables)
            model.optimizer.learning_rate = 0.1 / 3
            model.save_weights(tmp_path / f"model{ending}")
            read.load_weights(tmp_path / f"model{ending}")
        else:
            model.optimizer.learning_rate = 0.1 / 3
            model.save(tmp_path / f"model{ending}")
            read = keras.models.load_model(tmp_path / f"model{ending}")
        assert float(np.asarray(read.optimizer.learning_rate)) == 0.1 / 3
    finally:
        keras.config.set_floatx(floatx)
