"""Attributes that are set have an effect, or are refused with what has; Keras's names of what a model is made of."""

from __future__ import annotations

import copy
import re

import numpy as np
import pytest
from settable_models import X, fit, make

from numba_lstm import Sequential, losses, metrics, optimizers
from numba_lstm.layers import LSTM, Activation, Bidirectional, Dense

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
    ("lstm", "call", "LSTM.call is never called here. Derive a class from Layer"),
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
    ("model", "train_step", "Sequential.train_step is a method and cannot be set. Override it in a class of your own"),
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
