"""Initial states in other forms than the layer takes: the sentence says what came, and what it advises works."""

from __future__ import annotations

import re

import numpy as np
import pytest

from numba_lstm.layers import LSTM, RNN, Bidirectional, LSTMCell, StackedRNNCells

N, T, D = 12, 3, 2
RNG = np.random.default_rng(18)
X = RNG.normal(size=(N, T, D)).astype("float32")


def pair(units):
    return [RNG.normal(size=(N, units)).astype("float32") for _ in "hc"]


def refused(layer, states, sentence):
    with pytest.raises(ValueError, match=f"^{re.escape(sentence)}$"):
        layer(X, initial_state=states)


@pytest.mark.parametrize(
    ("states", "came"),
    [
        (np.zeros((N, 2)), "one array of shape (12, 2)"),
        (np.zeros((2, 2)), "one array of shape (2, 2)"),
        ([np.zeros((N, 2))], "1 array"),
        ([*pair(2), *pair(2)], "4 arrays"),
        ([], "0 entries"),
        (0, "int"),
    ],
)
def test_one_cell_takes_h_and_c(states, came):
    refused(LSTM(2, name="a"), states, f"a expects initial_state to be two arrays, h and c, got {came}. Give [h, c].")
    LSTM(2)(X, initial_state=pair(2))
    LSTM(2)(X, initial_state=np.zeros((2, N, 2)))


def test_a_stack_takes_a_pair_a_cell():
    layer, (h, c) = RNN([LSTMCell(2), LSTMCell(3)], name="b"), pair(2)
    for states, came in (([h, c], "2 arrays"), (h, "one array of shape (12, 2)"), ([[h, c]], "1 list")):
        expected = f"b expects initial_state to be 2 pairs of h and c, got {came}. "
        refused(layer, states, expected + "Give a pair for each cell, the lowest first: [[h, c], [h, c]].")
    layer(X, initial_state=[[h, c], pair(3)])
    cells = StackedRNNCells([LSTMCell(2), LSTMCell(3)])
    with pytest.raises(ValueError, match="to be 2 pairs of h and c, got 2 arrays"):
        cells(X[:, 0], [h, c])


def test_both_directions_take_one_list():
    layer, states = Bidirectional(LSTM(2, name="c"), name="d"), [pair(2), pair(2)]
    expected = "d expects initial_state to be a list of 4, h and c of forward_c and then of backward_c, got "
    refused(layer, states, expected + "2 lists. Put the states of both layers in one list: [*states[0], *states[1]].")
    layer(X, initial_state=[*states[0], *states[1]])
    refused(layer, states[0], expected + "2 arrays. For the same in both directions: [*states, *states].")
    layer(X, initial_state=[*states[0], *states[0]])
    refused(layer, states[0][0], expected + "one array of shape (12, 2).")


def test_both_directions_of_a_stack_take_one_list_of_pairs():
    layer, states = Bidirectional(RNN([LSTMCell(2), LSTMCell(3)], name="e"), name="f"), [pair(2), pair(3)]
    expected = (
        "f expects initial_state to be a list of 4, a pair of h and c for each cell of forward_e and then of backward_e, "
    )
    refused(layer, states, expected + "got 2 lists. For the same in both directions: [*states, *states].")
    layer(X, initial_state=[*states, *states])
    nested = [states, states]
    refused(layer, nested, expected + "got 2 lists. Put the states of both layers in one list: [*states[0], *states[1]].")
    layer(X, initial_state=[*nested[0], *nested[1]])
    refused(layer, states[0], expected + "got 2 arrays.")
    with pytest.raises(ValueError, match="forward_e expects initial_state to be 2 pairs of h and c, got 2 arrays"):
        layer(X, initial_state=[*states[0], *states[1]])
