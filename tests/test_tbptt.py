"""Truncated backpropagation through time: what a window begins with, what is cut, and what one window comes to."""

from __future__ import annotations

import numpy as np
import pytest
from tolerances import RECURRENT, assert_close
from training_cases import STEP_LABELS, Y_STEPS, C, D, N, T, X, Y, make_model, same_weights

from numba_lstm import Model, Sequential, callbacks, ops
from numba_lstm.device import get_ops
from numba_lstm.layers import LSTM, Attention, Bidirectional, Conv1D, Dense, Input, ZeroPadding1D
from numba_lstm.optimizers import SGD

RATE = 0.1
QUIET = {"verbose": 0}
LENGTHS = np.random.default_rng(3).integers(1, T + 1, size=N)


def two_layers(dtype="float64", **lstm):
    model = Sequential([Input((None, D)), LSTM(4, return_sequences=True, **lstm), Dense(C)], dtype=dtype)
    draw = np.random.default_rng(2)
    model.set_weights([draw.normal(scale=0.4, size=w.shape) for w in model.get_weights()])
    model.compile(SGD(RATE), "mse")
    return model


def by_hand(model, windows, states=None):
    """A step of gradient descent for each window, written down layer by layer on one device; returns the last states."""
    ops, (lstm, dense) = get_ops(), model.layers
    for start, stop in windows:
        x = ops.gather(X[:, start:stop], slice(None), "float64")
        y = ops.gather(Y_STEPS[:, start:stop], slice(None), "float64")
        one = lstm.forward(ops, x, states, training=True)
        two = dense.forward(ops, one.y, training=True)
        dy = ops.asarray(2 * (ops.to_host(two.y) - ops.to_host(y)) / ops.to_host(y).size, "float64")
        top = dense.backward(ops, two.tape, dy)
        low = lstm.backward(ops, one.tape, top.dx, None, need_dx=False)
        states = tuple(ops.asarray(ops.to_host(state).copy(), "float64") for state in one.states)
        gradients = [ops.to_host(gradient) for gradient in (*low.gradients, *top.gradients)]
        model.set_weights([w - RATE * g for w, g in zip(model.get_weights(), gradients, strict=True)])
    return states


WINDOWS = {1: [(t, t + 1) for t in range(T)], 2: [(0, 2), (2, 4), (4, 5)], 4: [(0, 4), (4, 5)]}


@pytest.mark.parametrize(("k", "windows"), WINDOWS.items())
def test_it_is_the_loop_written_down_by_hand(k, windows):
    model, expected = two_layers(), two_layers()
    model.fit(X, Y_STEPS, batch_size=N, epochs=2, shuffle=False, tbptt=k, **QUIET)
    for _ in range(2):
        by_hand(expected, windows)
    for a, b in zip(model.get_weights(), expected.get_weights(), strict=True):
        assert_close(a, b, RECURRENT["float64"])


@pytest.mark.parametrize("k", [T, T + 1, 100])
def test_one_window_is_ordinary_training_bit_for_bit(k):
    cut, full = make_model(sequences=True, dropout=0.5), make_model(sequences=True, dropout=0.5)
    given = {"batch_size": 4, "epochs": 3, "lengths": LENGTHS, **QUIET}
    assert cut.fit(X, Y_STEPS, tbptt=k, **given).history == full.fit(X, Y_STEPS, **given).history
    assert same_weights(cut.get_weights(), full.get_weights())
    assert cut.random.state == full.random.state


def test_a_window_begins_with_the_last_states_of_the_one_before():
    begun, ended = [], []

    class Noting(LSTM):
        def forward(self, ops, x, states=None, mask=None, training=False, rng=None):
            result = super().forward(ops, x, states, mask, training, rng)
            begun.append(None if states is None else [ops.to_host(state).copy() for state in states])
            ended.append([ops.to_host(state).copy() for state in result.states])
            return result

    model = Sequential([Input((None, D)), Noting(4, return_sequences=True), Dense(C)])
    model.compile("adam", "mse")
    model.fit(X, Y_STEPS, batch_size=6, tbptt=2, **QUIET)
    assert [states is None for states in begun] == [True, False, False] * 2  # each batch begins anew
    for window in (1, 2, 4, 5):
        assert same_weights(begun[window], ended[window - 1])


def test_a_stateful_model_goes_on_from_batch_to_batch():
    model, expected = two_layers(stateful=True), two_layers()
    model.fit(X, Y_STEPS, batch_size=N, epochs=2, shuffle=False, tbptt=3, **QUIET)
    states = by_hand(expected, [(0, 3), (3, 5)])
    states = by_hand(expected, [(0, 3), (3, 5)], states)
    for a, b in zip(model.get_weights(), expected.get_weights(), strict=True):
        assert_close(a, b, RECURRENT["float64"])
    for kept, last in zip(model.layers[0].states, states, strict=True):
        assert_close(kept, last, RECURRENT["float64"])


def test_each_window_is_a_step_of_the_optimizer_and_each_batch_a_step_of_the_epoch():
    model, record = two_layers(), []
    watching = callbacks.LambdaCallback(on_train_batch_end=lambda batch, logs: record.append(batch))
    history = model.fit(X, Y_STEPS, batch_size=4, epochs=2, tbptt=2, callbacks=[watching], **QUIET)
    assert record == [0, 1, 2] * 2
    assert history.params["steps"] == 3
    assert model.optimizer.iterations == 2 * 3 * 3


def test_the_loss_of_an_epoch_is_the_mean_over_its_steps():
    model = two_layers()
    model.compile(SGD(0.0), "mse", metrics=["mae"])
    cut = model.fit(X, Y_STEPS, batch_size=4, shuffle=False, tbptt=2, **QUIET).history
    full = model.evaluate(X, Y_STEPS, return_dict=True, **QUIET)
    close = {name: pytest.approx(value, rel=RECURRENT["float64"]) for name, value in full.items()}
    assert {name: values[0] for name, values in cut.items()} == close


def test_sequences_of_unequal_lengths_are_cut_too():
    ragged, padded = two_layers(), two_layers()
    order = np.argsort(LENGTHS, kind="stable")
    x, y, lengths = X[order], Y_STEPS[order], LENGTHS[order]
    lists = [[a[:n] for a, n in zip(arrays, lengths, strict=True)] for arrays in (x, y)]
    ragged.fit(*lists, batch_size=N, shuffle=False, tbptt=2, **QUIET)
    padded.fit(x, y, batch_size=N, shuffle=False, lengths=lengths, tbptt=2, **QUIET)
    assert same_weights(ragged.get_weights(), padded.get_weights())


def test_labels_and_weights_are_cut_with_their_steps():
    weight = np.random.default_rng(5).uniform(0.5, 2, size=(N, T))
    cut, fed = (make_model("sparse_categorical_crossentropy", SGD(0.1), sequences=True, activation="softmax") for _ in "ab")
    cut.fit(X, STEP_LABELS, N, shuffle=False, sample_weight=weight, tbptt=3, **QUIET)
    stateful = Sequential([LSTM(4, return_sequences=True, stateful=True), Dense(C, "softmax")])
    stateful.build((None, None, D))
    stateful.set_weights(fed.get_weights())
    stateful.compile(SGD(0.1), "sparse_categorical_crossentropy")
    for steps in (slice(0, 3), slice(3, 5)):
        stateful.train_on_batch(X[:, steps], STEP_LABELS[:, steps], sample_weight=weight[:, steps])
    assert same_weights(cut.get_weights(), stateful.get_weights())


def test_a_causal_convolution_goes_on_from_the_last_inputs_of_the_window_before():
    # Forward the windows are the sequence, to the last bit. Backward the gradient ends at the border of the window.
    layers = [LSTM(3, return_sequences=True), Conv1D(3, 2, padding="causal", dilation_rate=2, activation="tanh"), Dense(C)]
    model = Sequential([Input((None, D)), *layers], dtype="float64")
    model.compile(SGD(RATE), "mse")
    device, states, ys = get_ops(), model.window_states(N), []
    windows = [device.gather(X[:, start:stop], slice(None), "float64") for start, stop in WINDOWS[2]]
    for x in windows:
        result = model.forward(x, True, model.random.next_key(), states=states)
        before, states = states, result.states
        ys.append(device.to_host(result.y).swapaxes(0, 1))
    np.testing.assert_array_equal(np.concatenate(ys, axis=1), model.predict(X, **QUIET))

    slope = np.random.default_rng(1).normal(size=(1, N, C))
    gradients = model.backward(result.tapes, device.asarray(slope, "float64")).weights

    def loss():
        return np.sum(slope * device.to_host(model.forward(windows[-1], states=before).y))

    for place, gradient in enumerate(map(device.to_host, gradients)):
        weights = [w.copy() for w in model.get_weights()]
        index = np.unravel_index(np.argmax(np.abs(gradient)), weights[place].shape)
        losses = []
        for step in (1e-6, -1e-6):
            weights[place][index] += step
            model.set_weights(weights)
            losses.append(loss())
            weights[place][index] -= step
        model.set_weights(weights)
        assert (losses[0] - losses[1]) / 2e-6 == pytest.approx(gradient.reshape(weights[place].shape)[index], rel=1e-6)


def test_windows_of_convolutions_are_those_of_inputs_that_begin_earlier():
    def made(padding, **options):
        convolution = Conv1D(4, 3, padding=padding, activation="relu")
        lstm = LSTM(4, return_sequences=True, **options)
        return Sequential([Input((None, D)), convolution, lstm, Dense(C)], dtype="float64")

    cut, fed = made("causal"), made("valid", stateful=True)
    fed.set_weights(cut.get_weights())
    for model in (cut, fed):
        model.compile(SGD(RATE), "mse")
    cut.fit(X, Y_STEPS, N, shuffle=False, tbptt=2, **QUIET)
    earlier = np.concatenate([np.zeros((N, 2, D)), X], axis=1)
    for start, stop in WINDOWS[2]:
        fed.train_on_batch(earlier[:, start : stop + 2], Y_STEPS[:, start:stop])
    for a, b in zip(cut.get_weights(), fed.get_weights(), strict=True):
        assert_close(a, b, RECURRENT["float64"])


REFUSED = {
    "a last step only": (lambda: make_model(), Y, ValueError, "does not return each step"),
    "backwards": (
        lambda: Sequential([LSTM(4, return_sequences=True, go_backwards=True), Dense(C)]),
        Y_STEPS,
        ValueError,
        "also begins at the end of time",
    ),
    "both ways": (
        lambda: Sequential([Bidirectional(LSTM(4, return_sequences=True)), Dense(C)]),
        Y_STEPS,
        ValueError,
        "also begins at the end of time",
    ),
    "attention": (
        lambda: _graph(lambda x: Attention(name="look")([x, x], use_causal_mask=True)),
        Y_STEPS,
        ValueError,
        r"look \(Attention\) cannot be cut into windows: attention needs",
    ),
    "windows at both sides": (
        lambda: _graph(Conv1D(C, 3, padding="same", name="sides")),
        Y_STEPS,
        ValueError,
        r"sides \(Conv1D\) cannot be cut into windows.*padding='causal'",
    ),
    "zeros before": (
        lambda: _graph(lambda x: Conv1D(C, 3)(ZeroPadding1D((2, 0), name="zeros")(x))),
        Y_STEPS,
        ValueError,
        r"zeros \(ZeroPadding1D\) cannot be cut into windows: each of them would begin with zeros",
    ),
    "a mean over time": (
        lambda: _graph(lambda x: x - ops.mean(x, axis=1, keepdims=True)),
        Y_STEPS,
        ValueError,
        "cannot be cut into windows: it combines steps by",
    ),
}


def _graph(layer):
    x = Input((None, D))
    return Model(x, Dense(C)(layer(x)))


@pytest.mark.parametrize("name", REFUSED)
def test_a_model_that_cannot_be_cut_is_a_sentence(name):
    make, y, error, sentence = REFUSED[name]
    model = make()
    model.compile("adam", "mse")
    with pytest.raises(error, match=sentence):
        model.fit(X, y, tbptt=2, **QUIET)


@pytest.mark.parametrize(("k", "error"), [(0, ValueError), (2.0, TypeError), (True, TypeError)])
def test_windows_are_of_whole_steps(k, error):
    with pytest.raises(error, match="tbptt must be"):
        two_layers().fit(X, Y_STEPS, tbptt=k, **QUIET)


def test_rows_without_steps_have_no_windows():
    model = Sequential([Dense(C)])
    model.compile("adam", "mse")
    with pytest.raises(ValueError, match="does not return each step"):
        model.fit(X[:, 0], Y, tbptt=2, **QUIET)
