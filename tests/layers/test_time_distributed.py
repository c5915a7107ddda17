"""TimeDistributed: a layer at every step, with its weights, its training and its config. Numbers are in test_keras_layers."""

from __future__ import annotations

import numpy as np
import pytest

from numba_lstm import Sequential, layers, load_model
from numba_lstm.layers import (
    LSTM,
    BatchNormalization,
    Conv1D,
    Dense,
    Dropout,
    Embedding,
    Flatten,
    Input,
    Layer,
    TimeDistributed,
)  # fmt: skip
from numba_lstm.optimizers import SGD
from numba_lstm.regularizers import L2

N, T, D = 3, 5, 7
RNG = np.random.default_rng(6)
X = RNG.normal(size=(N, T, D))


def test_every_step_is_a_row():
    layer = TimeDistributed(Dense(3, "softmax", dtype="float64"))
    y = layer(X)
    for t in range(T):
        np.testing.assert_array_equal(y[:, t], layer.layer(X[:, t]))


@pytest.mark.parametrize("device", ["cpu", "reference"])
def test_words_of_letters_are_read_by_a_table_or_a_model(device):
    words, y = RNG.integers(1, 6, (N, T, 4)), RNG.normal(size=(N, 1))
    letters = Sequential([Embedding(6, 3, mask_zero=True), LSTM(2)])
    model = Sequential([Input((T, 4)), TimeDistributed(letters), LSTM(3), Dense(1)], device=device)
    rows = letters.predict(words.reshape(-1, 4), verbose=0).reshape(N, T, 2)
    expected = Sequential(model.layers[1:]).predict(rows, verbose=0)
    np.testing.assert_allclose(model.predict(words, verbose=0), expected, rtol=1e-5, atol=1e-6)
    before = letters.get_weights()[0]
    model.compile("sgd", "mse")
    model.fit(words, y, verbose=0)
    changed = np.any(letters.get_weights()[0] != before, axis=1)
    assert set(np.flatnonzero(changed)) == set(np.unique(words))
    table = TimeDistributed(Embedding(6, 3))
    np.testing.assert_array_equal(table(words), table.layer.embeddings.value[words])


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
        (lambda: TimeDistributed(LSTM(3), name="timed")(X), ValueError, r"timed expects \(batch, height, width, features\)"),
        (
            lambda: TimeDistributed(Embedding(3, 2, name="table"))([[[3]]]),
            ValueError,
            "table expects whole numbers from 0 to 2",
        ),
        (lambda: TimeDistributed(Dense(3), name="timed")(X[:, 0]), ValueError, "timed expects an input of rank 3 or 4 or 5"),
        (
            lambda: TimeDistributed(Conv1D(3, 9, name="convolution"))(X[:, :, :, None]),
            ValueError,
            "convolution has windows of 9",
        ),
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
    duplicate = load_model(tmp_path / "model.nlstm", custom_objects={"Doubled": Doubled})
    np.testing.assert_array_equal(duplicate(X), model(X))
    with pytest.raises(ValueError, match="unknown layer 'Doubled'"):
        load_model(tmp_path / "model.nlstm")


@pytest.mark.on_the_cpu(reason="the reference's products add up in an order that depends on the number of rows")
def test_a_stream_steps_through_the_layer_inside():
    model = Sequential([LSTM(4, return_sequences=True), TimeDistributed(Dense(3))])
    y = model(X[:1])
    stream = model.stream()
    np.testing.assert_array_equal([stream.step(x) for x in X[0]], y[0])


#: penalty of the layer inside, of TimeDistributed, of the kernel; loss and next weight of Keras 3.15
PENALTIES = [
    (0.5, None, None, 9.0, 2.94),
    (None, 0.5, None, 22.5, 2.85),
    (0.5, 0.25, None, 15.75, 2.895),
    (None, None, 0.5, 13.5, 2.91),
]


@pytest.mark.filterwarnings("ignore:TimeDistributed leaves out")
@pytest.mark.parametrize(("inner", "outer", "kernel", "loss", "weight"), PENALTIES)
def test_penalties_are_those_of_keras(inner, outer, kernel, loss, weight):
    inside = Dense(1, use_bias=False, activity_regularizer=inner and L2(inner), kernel_regularizer=kernel and L2(kernel))
    wrapped = TimeDistributed(inside, activity_regularizer=outer and L2(outer))
    model = Sequential([Input((3, 1)), wrapped], device="reference")
    model.set_weights([np.array([[3.0]])])
    model.compile(SGD(0.01), "mse")
    x, y = np.ones((2, 3, 1)), np.zeros((2, 3, 1))
    assert model.evaluate(x, y, verbose=0) == pytest.approx(loss)
    assert model.train_on_batch(x, y) == pytest.approx(loss)
    assert model.get_weights()[0].item() == pytest.approx(weight)


def test_a_penalty_that_is_left_out_is_said():
    sentence = "^TimeDistributed leaves out inner's activity_regularizer, as Keras 3 does. Give it to TimeDistributed.$"
    with pytest.warns(UserWarning, match=sentence):
        TimeDistributed(Dense(1, activity_regularizer="l2", name="inner"))


class Around(Dense):
    """A layer whose overrides are those around forward and backward, and whose output has a penalty of its own."""

    def propagate(self, ops, x, states=None, mask=None, training=False, rng=None):
        result = super().propagate(ops, x, states, mask, training, rng)
        return result._replace(y=2 * result.y, penalty=result.penalty + 0.5)

    def backpropagate(self, ops, tape, dy, dstates=None, *, need_dx=True):
        return super().backpropagate(ops, tape, 2 * dy, dstates, need_dx=need_dx)


@pytest.mark.filterwarnings("ignore:TimeDistributed leaves out")
@pytest.mark.parametrize("regularizer", [None, L2(0.5)])
def test_the_layer_inside_keeps_its_overrides_and_its_own_penalty(regularizer):
    inside = Around(1, use_bias=False, activity_regularizer=regularizer)
    model = Sequential([Input((3, 1)), TimeDistributed(inside)], device="reference")
    model.set_weights([np.array([[3.0]])])
    model.compile(SGD(0.01), "mse")
    x, y = np.ones((2, 3, 1)), np.zeros((2, 3, 1))
    assert model.predict(x, verbose=0).ravel().tolist() == [6.0] * 6
    assert model.train_on_batch(x, y) == pytest.approx(36.5)  # 6 ** 2 of the loss, 0.5 of the layer
    assert model.get_weights()[0].item() == pytest.approx(3 - 0.01 * 2 * 6 * 2)


def test_a_layer_that_is_called_by_itself_keeps_its_overrides():
    layer, plain = Around(2, activity_regularizer="l2"), Dense(2)
    x = np.ones((3, 4))
    layer(x)
    plain(x)
    plain.set_weights(layer.get_weights())
    np.testing.assert_array_equal(layer(x), 2 * plain(x))
