"""load_model on files of Keras 2: the models of ``golden/keras2_files.py`` predict and train as in Keras."""

from __future__ import annotations

import copy
import json

import numpy as np
import pytest
from golden import keras2_files
from golden.keras2_files import CASES
from tolerances import FOREIGN, assert_close

import numba_lstm
from numba_lstm.interop.keras.config import keras2
from numba_lstm.interop.keras.weights import keras2_optimizer
from numba_lstm.saving import FileFormatError

EXPECTED = json.loads(keras2_files.FILE.read_text())


@pytest.mark.parametrize("name", CASES)
def test_models_of_keras_2_answer_and_learn_on(name):
    case, expected = CASES[name], EXPECTED[name]
    result = keras2_files.run(numba_lstm.load_model(case.path, device="reference"), case)
    assert_close(result["y"], expected["y"], FOREIGN, "predictions")
    assert_close(result["losses"], expected["losses"], FOREIGN, "losses")
    assert result["test"].keys() == expected["test"].keys()
    for key, value in expected["test"].items():
        assert_close(result["test"][key], value, FOREIGN, key)


@pytest.mark.parametrize("name", CASES)
def test_weights_of_keras_2_are_read(name):
    case = CASES[name]
    model = case.make(numba_lstm).to("reference")
    model.load_weights(case.weights)
    assert_close(model.predict(case.x, verbose=0), EXPECTED[name]["y"], FOREIGN)


@pytest.mark.parametrize("name", CASES)
def test_what_was_read_is_what_made_the_file(name):
    expected_model, read = CASES[name].make(numba_lstm), numba_lstm.load_model(CASES[name].path)
    assert [type(layer) for layer in read.layers] == [type(layer) for layer in expected_model.layers]
    assert [weight.trainable for weight in read.weights] == [weight.trainable for weight in expected_model.weights]
    assert type(read.optimizer) is type(expected_model.optimizer)
    assert read.optimizer.iterations == 2
    assert [metric.name for metric in read.metrics] == [metric.name for metric in expected_model.metrics]


def test_accumulation_is_no_option_of_keras_2():
    config = {"optimizer_config": {"class_name": "Adam", "config": {"gradient_accumulation_steps": 2}}}
    with pytest.raises(
        FileFormatError, match="has gradient_accumulation_steps, which Keras 2 has not. Load it with compile=False."
    ):
        keras2.training_config(config)


def layer(kind, **config):
    return {"class_name": kind, "config": {"name": "mine", **config}}


@pytest.mark.parametrize("argument", ["activation", "recurrent_activation"])
def test_the_hard_sigmoid_of_keras_2_is_another_function(argument):
    inner = layer("Bidirectional", layer=layer("LSTM", **{argument: "hard_sigmoid"}))
    with pytest.raises(FileFormatError, match="'mine' has the hard_sigmoid of Keras 2"):
        keras2.model_config({"class_name": "Sequential", "config": {"layers": [inner]}})


def test_a_leaky_relu_keeps_its_slope():
    assert keras2.model_config(layer("LeakyReLU", alpha=0.1))["config"] == {"name": "mine", "negative_slope": 0.1}


@pytest.mark.parametrize("axis", [[1], 2, [0], [1, 2], "last"])
@pytest.mark.parametrize("kind", ["BatchNormalization", "LayerNormalization"])
def test_another_axis_than_the_last_is_refused(kind, axis):
    model = numba_lstm.Sequential([numba_lstm.layers.Input((5, 3)), numba_lstm.layers.Flatten(), numba_lstm.layers.Dense(2)])
    config = {"config": {"layers": [layer("Flatten"), layer(kind, axis=axis)]}}
    if axis == [1]:  # of rows it is the last
        keras2.check_axes(model, config)
        config["config"]["layers"].reverse()
    with pytest.raises(FileFormatError, match="'mine' normalizes along axis"):
        keras2.check_axes(model, config)


def test_arguments_that_only_tensorflow_has_are_left_out():
    read = {
        "loss": layer("Huber", delta=0.5, fn="huber", reduction="auto"),
        "metrics": [[layer("MeanMetricWrapper", fn="mean_squared_error")]],
        "optimizer_config": layer("Custom>SGD", jit_compile=True, is_legacy_optimizer=False, decay=0.0, momentum=0.5),
    }
    before = copy.deepcopy(read)
    assert keras2.training_config(read) == {
        "loss": layer("Huber", delta=0.5),
        "metrics": [[{"class_name": "mean_squared_error", "config": {"name": "mine"}}]],
        "optimizer_config": layer("SGD", momentum=0.5),
    }
    assert read == before


def state(**arrays):
    return {name.replace("__", "/") + ":0": array for name, array in arrays.items()}


STATES = {
    "an unknown slot": (state(iteration=np.array(2), SGD__cache__kernel=np.ones(3)), "its optimizer has 'SGD/cache/kernel:0'"),
    "no steps": (state(SGD__m__kernel=np.ones(3)), "is not that of sgd"),
    "steps twice": (state(iteration=np.array(2), SGD__iter=np.array(2)), "is not that of sgd"),
    "too few slots": (state(iteration=np.array(2), SGD__m__kernel=np.ones((3, 2), "f4")), "do not fit sgd"),
}


@pytest.mark.parametrize("recipe", STATES)
def test_a_state_of_another_optimizer_is_refused(recipe):
    arrays, message = STATES[recipe]
    model = numba_lstm.Sequential([numba_lstm.layers.Input((3,)), numba_lstm.layers.Dense(2)])
    model.compile(numba_lstm.optimizers.SGD(0.1, momentum=0.9), "mse")
    with pytest.raises(FileFormatError, match=message):
        keras2_optimizer.load_optimizer(model, arrays)
