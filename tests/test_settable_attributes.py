"""Attributes that are set have an effect, or are refused with what has; Keras's names of what a model is made of."""

from __future__ import annotations

import copy
import json
import pickle
import re

import numpy as np
import pytest

from numba_lstm import Input, Sequential, callbacks, losses, metrics, optimizers
from numba_lstm.layers import LSTM, Activation, Bidirectional, Dense, Dropout, Embedding
from numba_lstm.optimizers.schedules import ExponentialDecay

RNG = np.random.default_rng(8)
X, Y = RNG.normal(size=(12, 5, 2)).astype("float32"), RNG.normal(size=(12, 1)).astype("float32")


def make():
    model = Sequential([Input((5, 2), name="steps"), LSTM(3), Dropout(0.1), Dense(1, name="last")], device="reference")
    model.compile("adam", "mse", metrics=["mae"])
    return model


def fit(model, **how):
    return model.fit(X, Y, batch_size=6, verbose=0, **how).history


THINGS = {
    "model": make,
    "adam": optimizers.Adam,
    "lstm": lambda: make().layers[0],
    "unbuilt lstm": lambda: LSTM(3),
    "dense": lambda: make().layers[2],
    "dropout": lambda: make().layers[1],
    "bidirectional": lambda: Bidirectional(LSTM(3)),
    "huber": losses.Huber,
    "accuracy": metrics.BinaryAccuracy,
}

REFUSED = [
    ("adam", "lr", "Adam.lr cannot be set. Set learning_rate."),
    ("adam", "learning_rte", "Adam has no attribute 'learning_rte' to set, did you mean 'learning_rate'?"),
    (
        "adam",
        "weight_decay",
        "Adam.weight_decay is fixed once it is made. Compile the model with a new optimizer: Adam(weight_decay=...).",
    ),
    ("adam", "clipnorm", "Adam.clipnorm is fixed once it is made. Compile the model with a new optimizer: Adam(clipnorm=...)."),
    ("adam", "beta_3", "Adam has no attribute 'beta_3' to set. Known: 'iterations', 'learning_rate'."),
    ("adam", "slots", "Adam.slots cannot be set: the package keeps it up to date by itself."),
    ("adam", "spec", "Adam.spec cannot be set: the package keeps it up to date by itself."),
    ("lstm", "units", "LSTM.units is fixed once it is made. Make a new layer: LSTM(units=...)."),
    ("unbuilt lstm", "units", "LSTM.units is fixed once it is made. Make a new layer: LSTM(units=...)."),
    ("lstm", "activation", "LSTM.activation is fixed once it is made. Make a new layer: LSTM(activation=...)."),
    ("lstm", "recurrent_dropout", "LSTM.recurrent_dropout is fixed once it is made. Make a new layer: LSTM(recurrent_dropout"),
    (
        "lstm",
        "kernel_regularizer",
        "LSTM.kernel_regularizer is fixed once it is made. Make a new layer: LSTM(",
    ),
    ("lstm", "unitz", "LSTM has no attribute 'unitz' to set, did you mean 'units'?"),
    ("lstm", "kernel", "LSTM.kernel is a variable and cannot be replaced. Change it: kernel.assign(array)."),
    ("lstm", "weights", "LSTM.weights cannot be set. Call set_weights(arrays)."),
    ("lstm", "name", "LSTM.name is fixed once it is made. Make a new layer: LSTM(name=...)."),
    ("lstm", "forward", "LSTM.forward is a method and cannot be set. Override it in a class of your own: class Mine(LSTM)."),
    ("lstm", "call", "LSTM.call is never called here. Define forward("),
    ("bidirectional", "stateful", "Bidirectional.stateful cannot be set: the package keeps it up to date by itself."),
    ("dense", "seed", "Dense.seed cannot be set: the package keeps it up to date by itself."),
    ("dropout", "rate", "Dropout.rate is fixed once it is made. Make a new layer: Dropout(rate=...)."),
    ("model", "los", "Sequential has no attribute 'los' to set, did you mean 'loss'?"),
    ("model", "stop_trainig", "Sequential has no attribute 'stop_trainig' to set, did you mean 'stop_training'?"),
    ("model", "learning_rate", "Sequential.learning_rate cannot be set. Set model.optimizer.learning_rate."),
    (
        "model",
        "layers",
        "Sequential.layers cannot be set. Take layers off by pop() and put others on by add(layer), or make a new model.",
    ),
    ("model", "device", "Sequential.device cannot be set. Call to(device)."),
    ("model", "metrics", "Sequential.metrics cannot be set. Call compile(..., metrics=[...])."),
    ("model", "dtype", "Sequential.dtype is fixed once it is made. Make a new model: Sequential(..., dtype=...)."),
    ("model", "train_step", "Sequential.train_step is never called here. Write the loop over batches yourself"),
    ("huber", "delta", "Huber.delta is fixed once it is made. Compile the model with another loss: Huber(delta=...)."),
    ("huber", "detla", "Huber has no attribute 'detla' to set, did you mean 'delta'?"),
    (
        "accuracy",
        "threshold",
        "BinaryAccuracy.threshold is fixed once it is made. Compile the model with another metric: BinaryAccuracy("
        "threshold=...).",
    ),
    ("accuracy", "thresh", "BinaryAccuracy has no attribute 'thresh' to set, did you mean 'threshold'?"),
]


@pytest.mark.parametrize(("thing", "name", "sentence"), REFUSED, ids=[f"{thing}.{name}" for thing, name, _ in REFUSED])
def test_what_would_have_no_effect_is_refused(thing, name, sentence):
    made = THINGS[thing]()
    before = dict(vars(made))
    with pytest.raises(AttributeError, match=f"^{re.escape(sentence)}"):
        setattr(made, name, 0.5)
    assert vars(made).keys() == before.keys()
    assert all(vars(made)[key] is value for key, value in before.items())


# -- what may be set works --------------------------------------------------------------------------------------------


def test_another_optimizer_and_loss_are_trained_with():
    one, other = make(), make()
    other.set_weights(one.get_weights())
    for model in (one, other):
        model.random.state = {"seed": 1, "step": 0}
        fit(model)
    one.compile("sgd", "mae", metrics=["mae"])
    other.optimizer, other.loss = "sgd", losses.MeanAbsoluteError()
    assert fit(one)["loss"] == fit(other)["loss"]
    assert all(np.array_equal(a, b) for a, b in zip(one.get_weights(), other.get_weights(), strict=True))
    with pytest.raises(ValueError, match="unknown loss 'mea'"):
        other.loss = "mea"


def test_the_activation_of_a_dense_layer_by_name_or_function():
    for layer in (Dense(2, input_shape=(2,)), Activation("tanh", input_shape=(2,))):
        model = Sequential([layer], device="reference")
        layer.activation = "linear"
        linear = model.predict(X[:, 0], verbose=0)
        layer.activation = lambda x: 3 * x
        np.testing.assert_allclose(model.predict(X[:, 0], verbose=0), 3 * linear, rtol=1e-6)
        assert copy.deepcopy(model).predict(X[:, 0], verbose=0).tolist() == model.predict(X[:, 0], verbose=0).tolist()


def test_a_layer_that_is_no_longer_stateful_begins_at_zero():
    model = make()
    plain = model.predict(X, verbose=0)
    model.layers[0].stateful = True
    model.predict(X, batch_size=12, verbose=0)
    assert not np.array_equal(model.predict(X, batch_size=12, verbose=0), plain)
    model.layers[0].stateful = False
    assert np.array_equal(model.predict(X, verbose=0), plain)


def test_a_frozen_layer_is_not_trained():
    model = make()
    model.layers[0].trainable = False
    before = model.layers[0].get_weights()
    fit(model)
    assert all(np.array_equal(a, b) for a, b in zip(before, model.layers[0].get_weights(), strict=True))


def test_classes_of_ones_own_have_attributes_of_their_own():
    class Mine(Dense):
        kind = "none"

        def __init__(self, *args, **kwargs):
            super().__init__(*args, **kwargs)
            self.calls = 0
            self.lr = 3  # its own affair

        def forward(self, *args, **kwargs):
            self.calls += 1
            return super().forward(*args, **kwargs)

    layer = Mine(2)
    layer(X[:, 0])
    with pytest.raises(AttributeError, match="Mine.variables cannot be set: the package keeps it up to date by itself"):
        layer.variables = []
    layer.kind, layer.calls, layer.something = "one", 5, "else"
    assert (layer.kind, layer.calls, layer.something) == ("one", 5, "else")
    with pytest.raises(AttributeError, match="Mine has no attribute 'trainible' to set, did you mean 'trainable'"):
        layer.trainible = False
    with pytest.raises(AttributeError, match="Mine.units is fixed once it is made"):
        layer.units = 3


def test_a_function_that_is_no_method_sets_as_anybody():
    class Mine(Sequential):
        pass

    def without_arguments():
        model = Mine()  # the first local variable, and no argument
        model.history = None

    def of_another(callback, model):
        model.history = None

    for function, arguments in ((without_arguments, ()), (of_another, (None, Mine()))):
        with pytest.raises(AttributeError, match="Mine.history cannot be set: the package keeps it up to date by itself"):
            function(*arguments)


def test_a_method_of_ones_own_cannot_change_what_a_built_layer_was_made_of():
    class Growing(Dense):
        def grow(self):
            self.units = 5

    layer = Growing(2)
    layer.build_for((None, 2))
    with pytest.raises(AttributeError, match="Growing.units is fixed once it is made. Make a new layer: Growing"):
        layer.grow()


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
    assert [tuple(symbol) for symbol in model.inputs] == [((None, 5, 2), "float32", "steps")]
    assert [tuple(symbol) for symbol in model.outputs] == [((None, 1), "float32", "last")]
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
