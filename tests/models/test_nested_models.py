"""Models inside of models: their random numbers, their weights of one name, and models that begin at an inner tensor."""

from __future__ import annotations

import copy

import numpy as np

from numba_lstm import Input, Model, Sequential, load_model
from numba_lstm.layers import LSTM, Dense, Dropout, TimeDistributed

RNG = np.random.default_rng(0)
X, Y = RNG.standard_normal((8, 5, 3)).astype("float32"), RNG.standard_normal((8, 1)).astype("float32")


def test_dropout_in_two_models_of_steps_draws_anew():
    inputs = Input((6, 50))
    branches = [TimeDistributed(Sequential([Input((50,)), Dropout(0.5)]))(inputs) for _ in range(2)]
    one, two = Model(inputs, [*branches])(np.ones((3, 6, 50)), training=True)
    assert 0.3 < (one == two).mean() < 0.7


def test_a_model_that_begins_at_an_inner_tensor_has_the_layers_after_it_alone(tmp_path):
    whole = Sequential([Input((5, 3)), LSTM(4), Dense(2)])
    head = Model(whole.layers[1].input, whole.output)
    assert [type(layer).__name__ for layer in head.layers] == ["InputLayer", "Dense"]
    assert len(head.weights) == 2
    code = RNG.standard_normal((8, 4))
    head.save(tmp_path / "head.nlstm")
    for other in (copy.deepcopy(head), load_model(tmp_path / "head.nlstm")):
        assert np.array_equal(other.predict(code, verbose=0), head.predict(code, verbose=0))
