"""Convolutional LSTMs in models: plans, threads, states, files, and errors. Their numbers are in test_keras_windows."""

from __future__ import annotations

import numpy as np
import pytest

from numba_lstm import Model, Sequential, load_model
from numba_lstm.device import get_num_threads, set_num_threads
from numba_lstm.layers import LSTM, Bidirectional, ConvLSTM1D, ConvLSTM2D, Dense, Flatten, Input, deserialize, serialize
from numba_lstm.utils import set_random_seed

RNG = np.random.default_rng(3)
X = RNG.standard_normal((6, 3, 6, 5, 2)).astype("float32")
Y = RNG.random((6, 1)).astype("float32")


def video_model(**kwargs):
    """Two layers, the second one both ways with all kinds of dropout."""
    return Sequential(
        [
            Input((3, 6, 5, 2)),
            ConvLSTM2D(4, 3, padding="same", kernel_regularizer="l2", recurrent_constraint="max_norm", return_sequences=True),
            Bidirectional(ConvLSTM2D(3, (2, 3), strides=2, dropout=0.2, recurrent_dropout=0.1, seed=2)),
            Flatten(),
            Dense(1),
        ],
        **kwargs,
    )


def trained(device, **but):
    """Losses of a model of one seed, and the model."""
    set_random_seed(7)
    model = video_model(device=device)
    model.compile("adam", "mse")
    for attribute, value in but.items():
        setattr(model, attribute, value)
    return model.fit(X, Y, batch_size=3, epochs=3, verbose=0, shuffle=False).history["loss"], model


def test_a_plan_trains_as_single_ops_with_any_number_of_threads(tmp_path):
    threads = get_num_threads()
    losses, model = trained("cpu")
    assert model.path() == "plan"
    assert losses[-1] < losses[0]
    assert trained("cpu", run_eagerly=True)[0] == losses
    np.testing.assert_allclose(trained("reference")[0], losses, rtol=1e-4)
    try:
        set_num_threads(3)
        assert trained("cpu")[0] == losses
    finally:
        set_num_threads(threads)
    y = model.predict(X, verbose=0)
    np.testing.assert_array_equal(model.predict(X[4:5], verbose=0), y[4:5])
    for name in ("model.nlstm", "model.keras"):
        model.save(tmp_path / name)
        np.testing.assert_array_equal(load_model(tmp_path / name).to("cpu").predict(X, verbose=0), y)
    for layer in model.layers:
        assert deserialize(serialize(layer)).get_config() == layer.get_config()


def test_states_go_on():
    layer = ConvLSTM2D(3, 2, padding="same", return_sequences=True, return_state=True)
    y, h, c = layer(X)
    np.testing.assert_array_equal(y[:, -1], h)
    first = layer(X[:, :2])
    last, h_last, c_last = layer(X[:, 2:], initial_state=list(first[1:]))
    for found, value in ((last, y[:, 2:]), (h_last, h), (c_last, c)):
        np.testing.assert_allclose(found, value, rtol=1e-5, atol=1e-6)
    stateful = ConvLSTM2D(3, 2, padding="same", return_sequences=True, stateful=True)
    stateful(X[:, :2])
    stateful.set_weights(layer.get_weights())
    stateful.reset_states()
    stateful(X[:, :2])
    assert stateful.states[0].shape == (6, 6, 5, 3)
    np.testing.assert_allclose(stateful(X[:, 2:]), y[:, 2:], rtol=1e-5, atol=1e-6)


def test_masked_steps_carry_or_are_zero():
    layer, mask = ConvLSTM1D(2, 2, return_sequences=True, zero_output_for_mask=True), np.array([[1, 0, 1, 1], [1, 1, 0, 0]])
    x = RNG.standard_normal((2, 4, 5, 3))
    y = layer(x, mask=mask)
    assert not y[0, 1].any()
    assert not y[1, 2:].any()
    np.testing.assert_allclose(y[0, [0, 2, 3]], layer(x[:1, [0, 2, 3]])[0], rtol=1e-5, atol=1e-6)


def test_an_encoder_gives_its_states_to_a_decoder():
    past, future = Input((3, 5, 2)), Input((2, 5, 2))
    _, h, c = ConvLSTM1D(3, 3, padding="same", return_state=True)(past)
    y = ConvLSTM1D(3, 3, padding="same", return_sequences=True)(future, initial_state=[h, c])
    model = Model([past, future], Dense(1)(y))
    model.compile("adam", "mse")
    x = [RNG.standard_normal((4, T, 5, 2)) for T in (3, 2)]
    losses = model.fit(x, RNG.random((4, 2, 5, 1)), epochs=4, verbose=0).history["loss"]
    assert losses[-1] < losses[0]


@pytest.mark.parametrize(
    ("make", "error", "sentence"),
    [
        (lambda: ConvLSTM2D(3, 7, name="conv")(X), ValueError, r"conv has windows of 7 height"),
        (lambda: ConvLSTM1D(3, 2, name="conv")(X), ValueError, r"conv expects"),
        (lambda: ConvLSTM2D(3, 2, strides=2, dilation_rate=2), ValueError, "not both"),
        (lambda: ConvLSTM2D(3, 2, activation="softmax"), ValueError, "cannot take 'softmax'"),
        (lambda: ConvLSTM2D(3, 2, data_format="channels_first"), ValueError, "must be 'channels_last'"),
        (lambda: ConvLSTM2D(3, 2, dropout=1.0), ValueError, "dropout"),
        (lambda: ConvLSTM2D(3, 2, name="conv")(X, initial_state=[Y, Y]), ValueError, r"states of shape \(6, 5, 4, 3\)"),
        (lambda: Sequential([Input((3, 6, 2)), ConvLSTM1D(3, 2)]).stream(), NotImplementedError, "its steps are no rows"),
        (lambda: Bidirectional(LSTM(2))(X), ValueError, r"expects \(batch, time, features\)"),
    ],
)
def test_bad_use_is_answered_with_a_sentence(make, error, sentence):
    with pytest.raises(error, match=sentence):
        make()
