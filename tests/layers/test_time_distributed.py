"""TimeDistributed: a layer at every step, with its weights, its training and its config. Numbers are in test_keras_layers."""

from __future__ import annotations

import numpy as np
import pytest

from numba_lstm import Sequential, layers, load_model
from numba_lstm.layers import (
    LSTM,
    BatchNormalization,
    Dense,
    Dropout,
    Embedding,
    Flatten,
    Layer,
    Masking,
    RepeatVector,
    TimeDistributed,
)  # fmt: skip

N, T, D = 3, 5, 7
RNG = np.random.default_rng(6)
X = RNG.normal(size=(N, T, D))


def test_every_step_is_a_row():
    layer = TimeDistributed(Dense(3, "softmax", dtype="float64"))
    y = layer(X)
    for t in range(T):
        np.testing.assert_array_equal(y[:, t], layer.layer(X[:, t]))


def test_flatten_inside_changes_nothing():
    np.testing.assert_array_equal(TimeDistributed(Flatten(), dtype="float64")(X), X)


def test_dropout_inside_draws_for_each_step():
    y = TimeDistributed(Dropout(0.5))(np.ones((N, T, 50)), training=True)
    assert len({row.tobytes() for row in y.reshape(N * T, 50)}) == N * T


def test_the_weights_are_those_of_the_layer_inside():
    layer = TimeDistributed(Dense(3, name="inner"), name="outer")
    layer(X)
    assert [v.path for v in layer.weights] == ["outer/inner/kernel", "outer/inner/bias"]
    assert layer.count_params() == 3 * (D + 1)


def test_a_batch_normalization_inside_sees_all_unmasked_steps():
    inside, alone = (BatchNormalization(momentum=0.5, dtype="float64") for _ in range(2))
    mask = RNG.random((N, T)) < 0.6
    y = TimeDistributed(inside)(X, training=True, mask=mask)
    np.testing.assert_array_equal(y, alone(X, training=True, mask=mask))
    np.testing.assert_array_equal(inside.moving_mean.value, alone.moving_mean.value)


def test_freezing_goes_through():
    frozen_before = TimeDistributed(Dense(3, trainable=False))
    assert not frozen_before.layer.trainable
    layer = TimeDistributed(BatchNormalization())
    layer(X)
    for trainable in (False, True):
        layer.trainable = trainable
        assert layer.layer.trainable is trainable
        assert len(layer.trainable_weights) == 2 * trainable
    assert not TimeDistributed(Dense(3), trainable=False).layer.trainable


@pytest.mark.parametrize(
    ("make", "error", "sentence"),
    [
        (lambda: TimeDistributed(Dense), TypeError, "expects a layer, got <class"),
        (lambda: TimeDistributed(LSTM(3, name="memory")), ValueError, "takes rows .*, memory does not"),
        (lambda: TimeDistributed(Masking(name="masking")), ValueError, "masking does not"),
        (lambda: TimeDistributed(Embedding(3, 2, name="table")), ValueError, "table does not"),
        (lambda: TimeDistributed(RepeatVector(3, name="again"))(X), ValueError, r"again answers \(None, 3, 7\) a step"),
        (lambda: TimeDistributed(Dense(3), name="timed")(X[:, 0]), ValueError, r"timed expects \(batch, time, features\)"),
        (lambda: layers.deserialize({"class_name": "TimeDistributed", "config": {}}), TypeError, "layer must be"),
    ],
)
def test_bad_use_is_answered_with_a_sentence(make, error, sentence):
    with pytest.raises(error, match=sentence):
        make()


class Doubled(Layer):
    """A layer of a user's own."""

    def forward(self, ops, x, states=None, mask=None, training=False, rng=None):
        return layers.base.Forward(ops.scale(x, 2.0))


def test_a_saved_model_finds_the_layers_inside(tmp_path):
    model = Sequential([LSTM(4, return_sequences=True), TimeDistributed(Dense(3)), TimeDistributed(Doubled())])
    model(X)
    model.save(tmp_path / "model.nlstm")
    again = load_model(tmp_path / "model.nlstm", custom_objects={"Doubled": Doubled})
    np.testing.assert_array_equal(again(X), model(X))
    with pytest.raises(ValueError, match="unknown layer 'Doubled'"):
        load_model(tmp_path / "model.nlstm")


def test_a_stream_steps_through_the_layer_inside():
    model = Sequential([LSTM(4, return_sequences=True), TimeDistributed(Dense(3))])
    y = model(X[:1])
    stream = model.stream()
    np.testing.assert_array_equal([stream.step(x) for x in X[0]], y[0])
