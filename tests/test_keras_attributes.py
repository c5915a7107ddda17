"""Attributes of models, optimizers and variables that programs for Keras read and set."""

from __future__ import annotations

import copy
import json
import pickle

import numpy as np
import pytest
from settable_models import fit, make

from numba_lstm import Input, Sequential, callbacks, optimizers
from numba_lstm.layers import Dense, Embedding
from numba_lstm.optimizers.schedules import ExponentialDecay

# -- the learning rate ------------------------------------------------------------------------------------------------


def test_the_learning_rate_is_a_number_that_can_be_assigned():
    model = make()
    rate = model.optimizer.learning_rate
    assert rate == 0.001
    assert (rate.name, rate.path, rate.shape, rate.numpy(), rate.value) == (
        "learning_rate",
        "adam/learning_rate",
        (),
        0.001,
        0.001,
    )
    assert rate.assign(0.25) == model.optimizer.learning_rate == 0.25
    assert json.dumps(model.optimizer.learning_rate) == "0.25"
    assert type(pickle.loads(pickle.dumps(rate))) is type(copy.deepcopy(rate)) is float
    with pytest.raises(ValueError, match="learning_rate must be a number in"):
        rate.assign(-1)
    assert model.optimizer.learning_rate == 0.25
    assert model.optimizer.get_config()["learning_rate"] == 0.25


def test_an_assigned_rate_is_trained_with():
    model = make()
    before = model.get_weights()
    model.optimizer.learning_rate.assign(0.0)
    fit(model)
    assert all(np.array_equal(a, b) for a, b in zip(before, model.get_weights(), strict=True))


def test_a_rate_that_follows_a_schedule_is_not_assigned():
    optimizer = optimizers.SGD(ExponentialDecay(0.1, 10, 0.5))
    with pytest.raises(TypeError, match="follows ExponentialDecay and cannot be set to 0.5. Make the optimizer with a number"):
        optimizer.learning_rate.assign(0.5)


def test_a_rate_of_a_class_of_ones_own_is_trained_with():
    class Zero(optimizers.SGD):
        @property
        def learning_rate(self):
            return 0.0

    model = make()
    model.compile(Zero(), "mse")
    before = model.get_weights()
    fit(model, epochs=4)
    assert all(np.array_equal(a, b) for a, b in zip(before, model.get_weights(), strict=True))


def test_logs_hold_plain_numbers():
    history = fit(make(), callbacks=[callbacks.LearningRateScheduler(lambda epoch, rate: rate / 2)], epochs=2)
    assert [type(rate) for rate in history["learning_rate"]] == [float, float]


# -- what a model is made of ------------------------------------------------------------------------------------------


def test_variables_by_kerass_names():
    model = make()
    model.layers[0].trainable = False
    assert model.variables == model.weights
    assert [v.path for v in model.trainable_variables] == ["last/kernel", "last/bias"]
    assert [v.name for v in model.non_trainable_variables] == ["kernel", "recurrent_kernel", "bias"]
    assert model.layers[0].trainable_variables == []
    assert model.layers[0].non_trainable_variables == model.layers[0].variables


def test_inputs_and_outputs_say_shapes_and_dtypes():
    model = make()
    assert [(symbol.shape, symbol.dtype, symbol.name) for symbol in model.inputs] == [((None, 5, 2), "float32", "steps")]
    assert [(symbol.shape, symbol.dtype, symbol.name) for symbol in model.outputs] == [((None, 1), "float32", "last")]
    assert model.inputs[0].ndim == 3
    words = Sequential([Input((4,), dtype="int32"), Embedding(7, 2)])
    assert (words.inputs[0].shape, words.inputs[0].dtype) == ((None, 4), "int32")


@pytest.mark.parametrize("name", ["inputs", "outputs"])
def test_a_model_without_shapes_has_neither(name):
    model = Sequential([Dense(1)], name="new")
    assert not hasattr(model, name)
    with pytest.raises(AttributeError, match="new has no inputs and outputs yet. Add an Input first, call build"):
        getattr(model, name)
    model.build((None, 3))
    assert getattr(model, name)[0].dtype == "float32"


def test_metrics_names_are_keras3s():
    model = Sequential([Dense(1)])
    assert model.metrics_names == []
    model.compile("sgd", "mse")
    assert model.metrics_names == ["loss"]
    model.compile("sgd", "mse", metrics=["mae"])
    assert model.metrics_names == ["loss", "compile_metrics"]


def test_variables_are_added_to_and_taken_from():
    kernel = make().layers[2].kernel
    before = kernel.numpy()
    kernel.assign_add(np.ones(kernel.shape))
    kernel.assign_sub(0.5)
    np.testing.assert_allclose(kernel.numpy(), before + 0.5, rtol=1e-6)
    assert (kernel.ndim, kernel.shape, kernel.dtype) == (2, (3, 1), "float32")
    with pytest.raises(ValueError, match="has shape"):
        kernel.assign_add(np.ones((3, 2)))
