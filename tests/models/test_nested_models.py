"""Models inside of models: their random numbers, their weights of one name, and models that begin at an inner tensor."""

from __future__ import annotations

import copy

import numpy as np
import pytest

from numba_lstm import Input, Model, Sequential, load_model
from numba_lstm.files.errors import FileFormatError
from numba_lstm.layers import LSTM, Add, Dense, Dropout, TimeDistributed

RNG = np.random.default_rng(0)
X, Y = RNG.standard_normal((8, 5, 3)).astype("float32"), RNG.standard_normal((8, 1)).astype("float32")


def test_dropout_in_two_models_of_steps_draws_anew():
    inputs = Input((6, 50))
    branches = [TimeDistributed(Sequential([Input((50,)), Dropout(0.5)]))(inputs) for _ in range(2)]
    one, two = Model(inputs, [*branches])(np.ones((3, 6, 50)), training=True)
    assert 0.3 < (one == two).mean() < 0.7


def encoders_of_one_name() -> Model:
    """Return a model of two models whose layers have one name."""
    encoders = []
    for _ in range(2):
        inner = Input((5, 3))
        encoders.append(Model(inner, LSTM(4, name="lstm")(inner)))
    inputs = Input((5, 3))
    return Model(inputs, Dense(1)(Add()([encoder(inputs) for encoder in encoders])))


def test_weights_of_one_name_keep_their_slots_in_files_and_copies(tmp_path):
    model = encoders_of_one_name()
    model.compile("adam", "mse")
    model.fit(X, Y, epochs=2, verbose=0)
    model.save(tmp_path / "model.nlstm")
    others = [load_model(tmp_path / "model.nlstm"), copy.deepcopy(model)]
    for one in (model, *others):
        one.fit(X, Y, epochs=3, shuffle=False, verbose=0)
    for other in others:
        assert all(map(np.array_equal, other.get_weights(), model.get_weights()))


def test_slots_of_one_of_two_such_weights_are_refused(tmp_path):
    model = encoders_of_one_name()
    model.layers[1].trainable = False
    model.compile("adam", "mse")
    model.fit(X, Y, verbose=0)
    model.save(tmp_path / "model.nlstm")
    with pytest.raises(FileFormatError, match="kept some of several weights 'lstm/kernel'. Give the layers names of their own"):
        load_model(tmp_path / "model.nlstm")
    assert len(load_model(tmp_path / "model.nlstm", compile=False).weights) == 8


def test_a_model_that_begins_at_an_inner_tensor_has_the_layers_after_it_alone(tmp_path):
    whole = Sequential([Input((5, 3)), LSTM(4), Dense(2)])
    head = Model(whole.layers[1].input, whole.output)
    assert [type(layer).__name__ for layer in head.layers] == ["InputLayer", "Dense"]
    assert len(head.weights) == 2
    code = RNG.standard_normal((8, 4))
    head.save(tmp_path / "head.nlstm")
    for other in (copy.deepcopy(head), load_model(tmp_path / "head.nlstm")):
        assert np.array_equal(other.predict(code, verbose=0), head.predict(code, verbose=0))
