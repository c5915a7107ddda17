"""Gradients for training loops by hand: value_and_gradients and optimizer.apply."""

from __future__ import annotations

import numpy as np
import pytest

from numba_lstm import Input, Model, Sequential
from numba_lstm.layers import LSTM, Dense, Dropout, Embedding
from numba_lstm.optimizers import SGD, Adam

RNG = np.random.default_rng(0)
X, Y = RNG.standard_normal((6, 5, 3)), RNG.standard_normal((6, 2))


def made(**options) -> Sequential:
    model = Sequential([Input((5, 3)), LSTM(4, kernel_regularizer="l2"), Dropout(0.2, seed=1), Dense(2)], dtype="float64")
    model.compile(Adam(0.01, **options), "mse")
    return model


@pytest.mark.parametrize("options", [{}, {"clipnorm": 0.1}])
def test_a_loop_by_hand_takes_the_steps_of_fit(options):
    model, other = made(**options), made(**options)
    other.set_weights(model.get_weights())
    other.random.state = model.random.state
    for _ in range(3):
        loss, gradients = model.value_and_gradients(X, Y)
        assert np.isclose(loss, other.train_on_batch(X, Y), rtol=1e-14)  # NumPy adds up the penalty
        model.optimizer.apply(gradients, model.trainable_weights)
    assert all(map(np.array_equal, model.get_weights(), other.get_weights()))


WEIGHT = np.array([1.0, 0, 2, 1, 3, 0.5])
#: Targets of the model of two outputs, and what else a batch may have.
BATCHES = {
    "weights of samples": ((RNG.standard_normal((6, 5, 2)), Y, WEIGHT), {}),
    "lengths": ((RNG.standard_normal((6, 5, 2)), Y), {"lengths": [5, 2, 3, 1, 5, 4]}),
}


@pytest.mark.parametrize("several", [False, True])
@pytest.mark.parametrize("case", BATCHES)
def test_weights_lengths_and_several_outputs_count_as_in_a_step(case, several):
    (sequences, rows, *weight), options = BATCHES[case]
    x = Input((None, 3), name="x")
    steps = LSTM(4, return_sequences=True, dtype="float64")(x)
    y = Dense(2, dtype="float64")(steps)
    model = Model(x, [y, LSTM(2, dtype="float64")(steps)] if several else y)
    model.compile(SGD(1.0), ["mse", "mae"] if several else "mse", loss_weights=[0.5, 2.0] if several else None)
    target = [sequences, rows] if several else sequences
    loss, gradients = model.value_and_gradients(X, target, *weight, **options)
    expected = [array - gradient for array, gradient in zip(model.get_weights(), gradients, strict=True)]
    assert np.isclose(model.train_on_batch(X, target, *weight, **options, return_dict=True)["loss"], loss, rtol=1e-12)
    for found, one in zip(model.get_weights(), expected, strict=True):
        np.testing.assert_allclose(found, one, rtol=1e-9, atol=1e-12)


def test_pairs_of_gradients_and_variables():
    model = made()
    before = model.get_weights()
    _, gradients = model.value_and_gradients(X, Y)
    model.optimizer.apply_gradients(zip(gradients, model.trainable_weights, strict=True))
    assert not any(map(np.array_equal, before, model.get_weights()))


def test_gradients_of_inputs_are_those_of_finite_differences():
    one, two = Input((5, 3)), Input((2,))
    states = [Dense(4, dtype="float64")(two), Dense(4, dtype="float64")(two)]
    model = Model([one, two], Dense(2)(LSTM(4, dtype="float64")(one, initial_state=states)))
    model.compile("sgd", "mse")
    extra = RNG.standard_normal((6, 2))
    loss, _, (dx, dextra) = model.value_and_gradients([X, extra], Y, inputs=True)
    assert dx.shape == X.shape
    moved = X.copy()
    moved[2, 3, 1] += 1e-6
    assert np.isclose((model.test_on_batch([moved, extra], Y) - loss) / 1e-6, dx[2, 3, 1], rtol=1e-4)
    moved = extra.copy()
    moved[4, 1] += 1e-6
    assert np.isclose((model.test_on_batch([X, moved], Y) - loss) / 1e-6, dextra[4, 1], rtol=1e-4)


def test_a_decoder_computes_no_gradient_of_its_input_for_the_sake_of_its_states(monkeypatch):
    source, target = Input((5, 3)), Input((4, 3))
    encoder, decoder = LSTM(4, return_state=True, name="encoder"), LSTM(4, name="decoder")
    model = Model([source, target], Dense(2)(decoder(target, initial_state=encoder(source)[1:])))
    model.compile("sgd", "mse")
    wanted = {}
    backward = LSTM.backward

    def noted(layer, *arguments, need_dx, **options):
        wanted[layer.name] = need_dx
        return backward(layer, *arguments, need_dx=need_dx, **options)

    monkeypatch.setattr(LSTM, "backward", noted)
    _, gradients = model.value_and_gradients([X, X[:, 1:]], Y)
    assert wanted == {"encoder": False, "decoder": False}
    assert all(np.any(gradient) for gradient in gradients)


@pytest.mark.parametrize(
    ("call", "sentence"),
    [
        (lambda m, g: m.optimizer.apply(g[:-1], m.trainable_weights), "expects a gradient for each variable, got 4 for 5"),
        (lambda m, g: m.optimizer.apply([*g[:-1], g[0]], m.trainable_weights), "must have the shape (2,), got (3, 16)."),
        (lambda m, g: m.optimizer.apply(g, m.get_weights()), "expects variables, as model.trainable_weights has them"),
    ],
)
def test_wrong_gradients_change_nothing(call, sentence):
    model = made()
    before, (_, gradients) = model.get_weights(), model.value_and_gradients(X, Y)
    with pytest.raises((TypeError, ValueError)) as raised:
        call(model, gradients)
    assert sentence in str(raised.value)
    assert all(map(np.array_equal, before, model.get_weights()))
    assert model.optimizer.iterations == 0


def test_indices_have_no_gradient():
    model = Sequential([Input((4,)), Embedding(5, 3), LSTM(2)])
    model.compile("sgd", "mse")
    with pytest.raises(ValueError, match="embedding.* takes indices, with respect to which there is no gradient"):
        model.value_and_gradients(np.ones((6, 4)), Y, inputs=True)
