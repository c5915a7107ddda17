"""load_model on files of Keras 3: the models of ``golden/keras_files.py`` predict and train as in Keras."""

from __future__ import annotations

import json

import numpy as np
import pytest
from golden import keras_files
from golden.keras_files import CASES
from tolerances import FOREIGN, KERAS_MEANS, assert_close

import numba_lstm

EXPECTED = json.loads(keras_files.FILE.read_text())


def loaded(name):
    """The model in a case's file, or of a case with the weights of its file."""
    case = CASES[name]
    if "weights" not in case.ending:
        return numba_lstm.load_model(case.path, device="reference")
    model = case.make(numba_lstm).to("reference")
    model.load_weights(case.path)
    return model


@pytest.mark.filterwarnings("ignore:reshape.* takes no mask")  # nor does Keras's
@pytest.mark.parametrize("name", CASES)
def test_models_of_keras_answer_and_learn_on(name):
    result = keras_files.run(loaded(name), CASES[name])
    expected = EXPECTED[name]
    assert_close(result["y"], expected["y"], FOREIGN, "predictions")
    assert result["test"].keys() == expected["test"].keys()
    for key, value in expected["test"].items():
        assert_close(result["test"][key], value, FOREIGN, key)
    assert_close(result.get("losses", ()), expected.get("losses", ()), FOREIGN, "losses")


def test_float64_is_read_exactly():
    y = loaded("doubles").predict(CASES["doubles"].x, batch_size=keras_files.N, verbose=0)
    assert y.dtype == np.float64
    assert_close(y, EXPECTED["doubles"]["y"], KERAS_MEANS)


@pytest.mark.parametrize("name", ["everything", "indices", "doubles", "gates", "small"])
def test_what_was_read_is_what_made_the_file(name):
    expected_model, read = CASES[name].make(numba_lstm), loaded(name)
    assert [type(layer) for layer in read.layers] == [type(layer) for layer in expected_model.layers]
    assert read.get_config()["name"] == expected_model.name
    assert read.layers[-1].name == expected_model.layers[-1].name or expected_model.layers[-1].auto_named
    assert [w.trainable for w in read.weights] == [w.trainable for w in expected_model.weights]
    assert type(read.optimizer) is type(expected_model.optimizer)
    assert read.optimizer.iterations == 2
    assert [metric.name for metric in read.metrics] == [metric.name for metric in expected_model.metrics]
