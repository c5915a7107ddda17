"""States in and out of a model's layers, and gradients with respect to them and to the input, by finite differences."""

from __future__ import annotations

import numpy as np
import pytest
from tolerances import FINITE_DIFFERENCES, RECURRENT, assert_close

from numba_lstm import Sequential
from numba_lstm.kernels.specs import Key
from numba_lstm.layers import LSTM, RNN, Bidirectional, Dense, Dropout, Input, LSTMCell

N, T, D, C = 3, 5, 7, 2
DRAW = np.random.default_rng(23)
X = DRAW.normal(size=(N, T, D))
MASK = DRAW.uniform(size=(T, N)) < 0.7
KEY = Key(4, 2)

#: layers below a Dense one, and the sizes of their states
LAYERS = {
    "lstm": (lambda: [LSTM(4)], [(4, 4)]),
    "sequences": (lambda: [LSTM(4, return_sequences=True), Dropout(0.3), LSTM(3, return_sequences=True)], [(4, 4), (), (3, 3)]),
    "backwards": (lambda: [LSTM(4, go_backwards=True, peephole=True)], [(4, 4)]),
    "projection": (lambda: [LSTM(4, projection=2, return_sequences=True)], [(2, 4)]),
    "both ways": (lambda: [Bidirectional(LSTM(4))], [(4, 4, 4, 4)]),
    "cells": (lambda: [RNN([LSTMCell(4), LSTMCell(3)], return_sequences=True)], [(4, 4, 3, 3)]),
}


@pytest.fixture(params=LAYERS)
def case(request):
    """A model in float64, and random values of the shapes of its states."""
    make, sizes = LAYERS[request.param]
    model = Sequential([Input((None, D)), *make(), Dense(C)], dtype="float64")
    model.set_weights([DRAW.normal(scale=0.5, size=w.shape) for w in model.get_weights()])
    sizes = [*sizes, ()]
    return model, lambda: [tuple(DRAW.normal(size=(N, size)) for size in pair) for pair in sizes]


def run(model, x, states, mask=MASK):
    ops = model.ops
    device_states = [tuple(ops.asarray(state, "float64") for state in pair) for pair in states]
    return model.forward(ops.gather(x, slice(None), "float64"), True, KEY, ops.asarray(mask, bool), device_states)


def moved(states, directions, distance):
    return [tuple(s + distance * d for s, d in zip(*pair, strict=True)) for pair in zip(states, directions, strict=True)]


def inner(a, b):
    return sum(
        np.sum(np.asarray(u) * v) for pair_a, pair_b in zip(a, b, strict=True) for u, v in zip(pair_a, pair_b, strict=True)
    )


def test_gradients_of_first_states_and_input_agree_with_finite_differences(case):
    model, random_states = case
    ops, first, direction = model.ops, random_states(), random_states()
    into = DRAW.normal(size=X.shape)
    y = run(model, X, first).y
    dy = DRAW.normal(size=ops.to_host(y).shape)
    dlast = [tuple(d) for d in random_states()]  # the loss depends on the last states too

    def loss(distance):
        result = run(model, X + distance * into, moved(first, direction, distance))
        last = [[ops.to_host(state) for state in pair] for pair in result.states]
        return np.sum(ops.to_host(result.y) * dy) + inner(last, dlast)

    difference = (loss(1e-5) - loss(-1e-5)) / 2e-5
    back = model.backward(run(model, X, first).tapes, ops.asarray(dy, "float64"), dlast, need_dx=True)
    slope = inner([[ops.to_host(state) for state in pair] for pair in back.states], direction)
    slope += np.sum(ops.to_host(back.dx).transpose(1, 0, 2) * into)
    assert_close(slope, difference, FINITE_DIFFERENCES)


def test_gradients_of_weights_see_those_of_last_states(case):
    model, random_states = case
    ops, first, dlast = model.ops, random_states(), random_states()
    start, direction = model.get_weights(), [DRAW.normal(size=w.shape) for w in model.get_weights()]

    def loss(distance):
        model.set_weights([w + distance * d for w, d in zip(start, direction, strict=True)])
        result = run(model, X, first)
        return inner([[ops.to_host(state) for state in pair] for pair in result.states], dlast)

    difference = (loss(1e-5) - loss(-1e-5)) / 2e-5
    model.set_weights(start)
    result = run(model, X, first)
    back = model.backward(result.tapes, ops.asarray(np.zeros(ops.to_host(result.y).shape), "float64"), dlast)
    slope = sum(np.sum(ops.to_host(g) * d) for g, d in zip(back.weights, direction, strict=True))
    assert_close(slope, difference, FINITE_DIFFERENCES)
    assert back.dx is None


def test_a_model_goes_on_from_the_states_that_it_answered():
    model = Sequential([Input((None, D)), LSTM(4, return_sequences=True), LSTM(3, return_sequences=True)], dtype="float64")
    ops = model.ops
    full = ops.to_host(model.forward(ops.gather(X, slice(None), "float64")).y)
    one = model.forward(ops.gather(X[:, :2], slice(None), "float64"))
    two = model.forward(ops.gather(X[:, 2:], slice(None), "float64"), states=one.states)
    assert_close(np.concatenate([ops.to_host(one.y), ops.to_host(two.y)]), full, RECURRENT["float64"])


def test_below_the_first_trained_layer_states_have_no_gradient_unless_dx_is_asked_for():
    model = Sequential([Input((None, D)), LSTM(4), Dense(C)], dtype="float64")
    model.layers[0].trainable = False
    ops = model.ops
    x, dy = ops.gather(X, slice(None), "float64"), ops.asarray(DRAW.normal(size=(N, C)), "float64")
    left_out = model.backward(model.forward(x, True, KEY).tapes, dy)
    with_dx = model.backward(model.forward(x, True, KEY).tapes, dy, need_dx=True)
    assert left_out.states == [(), ()]
    assert [state.shape for state in with_dx.states[0]] == [(N, 4), (N, 4)]
    assert [gradient.shape for gradient in left_out.weights] == [gradient.shape for gradient in with_dx.weights]
