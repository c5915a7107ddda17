"""Configurations of models and objects: JSON texts, copies with new weights, registered classes, settings."""

from __future__ import annotations

import json

import numpy as np
import pytest

import numba_lstm
from numba_lstm import Sequential, backend, config, layers, saving, utils
from numba_lstm.files.errors import FileFormatError
from numba_lstm.interop.keras.config.model_config import model_config
from numba_lstm.layers.base import Forward
from numba_lstm.models import clone_model, model_from_config, model_from_json


def small(**arguments):
    stack = [layers.Input((3, 2)), layers.LSTM(4, name="first"), layers.Dense(2, "relu", name="last")]
    return Sequential(stack, device="reference", **arguments)


@pytest.mark.parametrize("text", [lambda model: model.to_json(indent=2), lambda model: json.dumps(model_config(model))])
def test_a_model_is_made_of_its_json_and_that_of_keras(text):
    model = small(name="small")
    made = model_from_json(text(model))
    assert [layer.get_config() for layer in made.layers] == [layer.get_config() for layer in model.layers]
    assert made.get_weights()[0].any()
    made.set_weights(model.get_weights())
    x = np.ones((2, 3, 2))
    np.testing.assert_allclose(made.predict(x, verbose=0), model.predict(x, verbose=0), rtol=1e-5, atol=1e-6)


def test_a_model_is_made_of_the_json_of_keras_2():
    arguments = {"name": "last", "units": 2, "activation": "relu", "batch_input_shape": [None, 4]}
    stack = {"name": "s", "layers": [{"class_name": "Dense", "config": arguments}]}
    made = model_from_json(json.dumps({"class_name": "Sequential", "config": stack, "keras_version": "2.13.1"}))
    assert made.output_shape == (None, 2)
    assert made.get_weights()[0].any()


def test_texts_that_are_no_models_are_refused():
    for text, sentence in (
        ("{", "the text"),
        ("[]", "must be an object with class_name and config"),
        ('{"class_name": "Mode", "config": {}, "backend": "numba_lstm"}', "its model is a 'Mode'"),
        ('{"class_name": "Sequential", "config": {"layers": 3}, "backend": "numba_lstm"}', "the model cannot be made"),
        ('{"class_name": "Functional", "config": {}, "module": "keras"}', "its layers must be a list of 1 to 256"),
    ):
        with pytest.raises(FileFormatError, match=sentence):
            model_from_json(text)
    with pytest.raises(TypeError, match="model_from_json takes a text, got dict"):
        model_from_json({})


def test_a_clone_has_equal_layers_and_new_weights():
    model = small()
    model.compile("sgd", "mse")
    clone = clone_model(model)
    assert clone.get_config() == model.get_config()
    assert not clone.compiled
    assert not np.array_equal(clone.get_weights()[0], model.get_weights()[0])
    assert model_from_config({"class_name": "Sequential", "config": model.get_config()}).get_config() == model.get_config()
    wide = clone_model(model, clone_function=lambda layer: layers.Dense(5) if layer.name == "last" else layers.LSTM(3))
    assert wide.output_shape == (None, 5)
    with pytest.raises(TypeError, match="clone_model takes no input_tensors"):
        clone_model(model, input_tensors=[1])


def test_graphs_are_described_and_cloned():
    x = numba_lstm.Input((3, 2), name="x")
    states = layers.LSTM(4, return_state=True, name="first")(x)
    model = numba_lstm.Model(x, [layers.Dense(1, name="last")(states[0]), states[2]])
    for made in (model_from_json(model.to_json()), clone_model(model)):
        assert made.get_config() == model.get_config()
        assert not np.array_equal(made.get_weights()[0], model.get_weights()[0])
    wide = clone_model(model, clone_function=lambda layer: layers.Dense(5) if layer.name == "last" else layer)
    assert wide.output_shape == [(None, 5), (None, 4)]


class Doubled(layers.Layer):
    def forward(self, ops, x, states=None, mask=None, training=False, rng=None):
        return Forward(ops.scale(x, 2.0), mask=mask)


@pytest.fixture
def registry():
    before = dict(utils.get_custom_objects())
    yield utils.get_custom_objects()
    utils.get_custom_objects().clear()
    utils.get_custom_objects().update(before)


@pytest.mark.parametrize("suffix", [".nlstm", ".keras"])
def test_registered_classes_are_found_by_name(registry, suffix, tmp_path):
    model = Sequential([layers.Input((2,)), Doubled()], device="reference")
    if suffix == ".nlstm":
        model.save(tmp_path / "model.nlstm")
        with pytest.raises(FileFormatError, match="unknown layer 'Doubled'"):
            numba_lstm.load_model(tmp_path / "model.nlstm")
    text = model.to_json()
    assert utils.register_keras_serializable("mine")(Doubled) is Doubled
    assert utils.get_registered_name(Doubled) == "mine>Doubled"
    assert utils.get_registered_object("mine>Doubled") is Doubled
    if suffix == ".nlstm":
        np.testing.assert_array_equal(numba_lstm.load_model(tmp_path / "model.nlstm")(np.ones((1, 2))), [[2, 2]])
    np.testing.assert_array_equal(model_from_json(text)(np.ones((1, 2))), [[2, 2]])
    again = saving.deserialize_keras_object(saving.serialize_keras_object(model.layers[0]))
    assert type(again) is Doubled
    registry.clear()
    with utils.custom_object_scope({"Doubled": Doubled}):
        assert type(model_from_json(text).layers[0]) is Doubled


def test_objects_become_json_values_and_back():
    things = {
        "layer": layers.LSTM(3, kernel_regularizer="l2", name="a"),
        "optimizer": numba_lstm.optimizers.Adam(0.1),
        "loss": numba_lstm.losses.MeanSquaredError(),
        "function": numba_lstm.activations.relu,
        "values": [1, 2.5, "text", None, np.arange(3.0)],
        "model": small(name="m"),
    }
    made = utils.deserialize_keras_object(json.loads(json.dumps(utils.serialize_keras_object(things))))
    for name in ("layer", "optimizer", "loss", "model"):
        assert type(made[name]) is type(things[name])
        assert made[name].get_config() == things[name].get_config()
    assert made["function"] is numba_lstm.activations.relu
    assert made["values"][:4] == things["values"][:4]
    np.testing.assert_array_equal(made["values"][4], np.arange(3.0))
    with pytest.raises(ValueError, match="unknown class 'LSTN', did you mean 'LSTM'"):
        utils.deserialize_keras_object({"class_name": "LSTN", "config": {}})
    with pytest.raises(TypeError, match=r"object has no get_config\(\)"):
        utils.serialize_keras_object(object())


def test_settings_are_those_of_keras():
    assert (config.floatx(), config.epsilon(), config.image_data_format()) == ("float32", 1e-7, "channels_last")
    try:
        backend.set_floatx("float64")
        assert config.dtype_policy().compute_dtype == "float64"
        model = Sequential([layers.Dense(2, input_shape=(3,))])
        assert model.predict(np.ones((1, 3)), verbose=0).dtype == np.float64
        assert layers.LSTM(2)(np.ones((1, 2, 3))).dtype == np.float64
    finally:
        config.set_dtype_policy("float32")
    assert Sequential([layers.Dense(2)]).dtype == "float32"
    for call, sentence in (
        (lambda: config.set_floatx("float16"), "models compute in float32 or float64, got 'float16'"),
        (lambda: config.set_dtype_policy("mixed_float16"), "got 'mixed_float16'"),
        (lambda: config.set_epsilon(1e-4), "losses compute with an epsilon of 1e-07, got 0.0001"),
        (lambda: config.set_image_data_format("channels_first"), "features are the last axis"),
        (lambda: config.set_backend("jax"), "Choose a device"),
    ):
        with pytest.raises(ValueError, match=sentence):
            call()
    config.set_epsilon(1e-7)
    config.set_backend(config.backend())


def test_values_of_variables_and_rates_are_read_and_assigned():
    model = small()
    model.compile("sgd", "mse")
    kernel = model.layers[1].kernel
    assert backend.int_shape(kernel) == (4, 2)
    assert backend.count_params(kernel) == 8
    backend.set_value(kernel, np.full((4, 2), 3.0))
    np.testing.assert_array_equal(backend.get_value(kernel), np.full((4, 2), 3.0))
    np.testing.assert_array_equal(kernel[0], [3, 3])
    assert len(kernel) == 4
    assert np.sum(kernel) == 24
    backend.batch_set_value([(model.optimizer.learning_rate, 0.25)])
    assert backend.batch_get_value([model.optimizer.learning_rate]) == [0.25]
    with pytest.raises(TypeError, match="set_value takes a variable"):
        backend.set_value(0.1, 0.2)


def test_dtypes_are_promoted_as_in_keras():
    assert backend.result_type() == "float32"
    assert backend.result_type("int64", "float32") == "float32"
    assert backend.result_type("float32", "float64") == "float64"
    assert backend.result_type("int32", "uint8") == "int32"
    assert backend.result_type("bool", int) == "int32"
    assert backend.standardize_dtype(np.float64) == "float64"
    assert backend.is_float_dtype(float)
    assert backend.is_int_dtype("uint8")
    with pytest.raises(ValueError, match="unknown dtype 'floats'"):
        backend.standardize_dtype("floats")
    assert [backend.get_uid("one test"), backend.get_uid("one test")] == [1, 2]
    np.testing.assert_array_equal(backend.cast_to_floatx([1, 2]), np.array([1, 2], np.float32))
