"""RNN, LSTMCell and StackedRNNCells: cells one step at a time, and over time as the fused LSTM."""

from __future__ import annotations

import numpy as np
import pytest
from layer_gradients import check_gradients
from tolerances import RECURRENT, assert_close

from numba_lstm import Sequential, layers, philox
from numba_lstm.device import get_ops
from numba_lstm.kernels.specs import Key
from numba_lstm.layers import GRU, LSTM, RNN, Dense, Input, LSTMCell, SimpleRNN, StackedRNNCells
from numba_lstm.naming import names
from numba_lstm.optimizers import Adam

N, T, D, H, K = 3, 5, 7, 4, 6
RNG = np.random.default_rng(41)
X = RNG.normal(size=(N, T, D))
MASK = np.array([[1, 1, 1, 1, 1], [1, 1, 1, 0, 0], [0, 1, 0, 1, 1]], bool)


@pytest.fixture(autouse=True)
def _fresh():
    philox.set_random_seed(8)
    names.reset()


def prepared(layer, x=X):
    """Built for ``x``, with distinct weights everywhere."""
    layer.build_for((None, *x.shape[1:]), "float64")
    draw = np.random.default_rng(4)
    layer.set_weights([draw.normal(scale=0.4, size=w.shape) for w in layer.get_weights()])
    return layer


def stack(**arguments):
    return prepared(RNN([LSTMCell(H, "relu"), LSTMCell(K)], **arguments))


@pytest.mark.parametrize("arguments", [{}, {"return_sequences": True}, {"go_backwards": True, "return_state": True}])
def test_a_cell_over_time_is_an_lstm(arguments):
    rnn, lstm = prepared(RNN(LSTMCell(H, "relu"), **arguments)), prepared(LSTM(H, "relu", **arguments))
    for a, b in zip(np.atleast_1d(rnn(X, mask=MASK)), np.atleast_1d(lstm(X, mask=MASK)), strict=True):
        assert np.array_equal(a, b)


def test_cells_one_above_the_other_are_layers_one_above_the_other():
    rnn, first, second = stack(), prepared(LSTM(H, "relu", return_sequences=True)), prepared(LSTM(K), np.zeros((N, T, H)))
    first.set_weights(rnn.get_weights()[:3])
    second.set_weights(rnn.get_weights()[3:])
    assert np.array_equal(rnn(X, mask=MASK), second(first(X, mask=MASK), mask=MASK))


@pytest.mark.parametrize("options", [{}, {"projection": 3, "peephole": True}])
def test_a_cell_called_step_by_step_is_an_lstm(options):
    cell, layer = prepared(LSTMCell(H, **options), X[:, 0]), prepared(LSTM(H, return_sequences=True, **options))
    states, ys = cell.get_initial_state(N), []
    for t in range(T):
        y, states = cell(X[:, t], states)
        assert np.array_equal(y, states[0])
        ys.append(y)
    assert_close(np.stack(ys, axis=1), layer(X), RECURRENT["float64"])


def test_stacked_cells_called_step_by_step_are_an_rnn():
    rnn = stack(return_state=True)
    cell = StackedRNNCells([LSTMCell(H, "relu"), LSTMCell(K)])
    prepared(cell, X[:, 0]).set_weights(rnn.get_weights())
    states = cell.get_initial_state(N)
    for t in range(T):
        y, states = cell(X[:, t], states)
    expected, *last = rnn(X)
    assert_close(y, expected, RECURRENT["float64"])
    for (h, c), (h1, c1) in zip(states, last, strict=True):
        assert_close(h, h1, RECURRENT["float64"])
        assert_close(c, c1, RECURRENT["float64"])


def test_states_of_a_stack_are_pairs():
    rnn = stack(return_state=True)
    y, *last = rnn(X[:, :2])
    assert [(h.shape, c.shape) for h, c in last] == [((N, H), (N, H)), ((N, K), (N, K))]
    assert_close(rnn(X[:, 2:], initial_state=last)[0], rnn(X)[0], RECURRENT["float64"])
    with pytest.raises(ValueError, match="initial_state to be 2 pairs of h and c, got 1"):
        rnn(X, initial_state=last[:1])
    with pytest.raises(ValueError, match=r"expects states of shape \(3, 6\), got \(3, 4\)"):
        rnn(X, initial_state=[last[0], last[0]])


def test_a_stateful_stack_goes_on_where_it_stopped():
    rnn, full = stack(stateful=True), stack()
    rnn(X[:, :2])
    assert [len(pair) for pair in rnn.states] == [2, 2]
    assert_close(rnn(X[:, 2:]), full(X), RECURRENT["float64"])


def test_weights_have_paths_below_the_layer():
    rnn = stack()
    assert [v.path for v in rnn.variables][::3] == [
        "rnn/stacked_rnn_cells/lstm_cell/kernel",
        "rnn/stacked_rnn_cells/lstm_cell_1/kernel",
    ]
    assert prepared(RNN(LSTMCell(H, name="mine"), name="memory")).variables[0].path == "memory/mine/kernel"


def test_an_rnn_computes_shapes_before_it_is_built():
    assert RNN([LSTMCell(H), LSTMCell(K, projection=2)]).compute_output_shape((None, T, D)) == (None, 2)
    assert RNN(LSTMCell(H), return_sequences=True).compute_output_shape((None, T, D)) == (None, T, H)


@pytest.mark.parametrize("sequences", [True, False])
def test_gradients_of_a_stack_agree_with_finite_differences(sequences):
    rnn = prepared(
        RNN(
            [LSTMCell(H, dropout=0.3, recurrent_dropout=0.2), LSTMCell(K, dropout=0.4, kernel_regularizer="l2")],
            return_sequences=sequences,
            go_backwards=True,
        )
    )
    states = [RNG.normal(size=(N, size)) for size in (H, H, K, K)]
    dstates = [RNG.normal(size=(N, size)) for size in (H, H, K, K)]
    check_gradients(rnn, X, RNG.normal(size=(N, T, K) if sequences else (N, K)), states, dstates, mask=MASK)


def test_gradients_of_a_cell_agree_with_finite_differences():
    cell = prepared(LSTMCell(H, dropout=0.3), X[:, 0])
    states, dstates = RNG.normal(size=(2, 2, N, H))
    check_gradients(cell, X[:, 0], RNG.normal(size=(N, H)), states, dstates)


def test_cells_of_a_stack_drop_different_features():
    """Two equal cells, fed with ones: the second one's masks of its input are its own."""
    ops, record = get_ops(), []

    class Spy:
        def __getattr__(self, op):
            return getattr(ops, op)

        def dropout_forward(self, x, rate, key, noise_shape=None):
            record.append(key)
            return ops.dropout_forward(x, rate, key, noise_shape)

    rnn = prepared(RNN([LSTMCell(H, dropout=0.5), LSTMCell(H, dropout=0.5)]))
    rnn.forward(Spy(), ops.gather(X, slice(None), "float64"), training=True, rng=Key(1, 2, 3))
    assert len({key.tag for key in record}) == 2
    assert {(key.seed, key.step) for key in record} == {(1, 2)}


class Doubled(LSTMCell):
    """A cell of another equation."""

    def forward(self, ops, x, *args, **kwargs):
        result = super().forward(ops, x, *args, **kwargs)
        return result._replace(y=ops.scale(result.y, 2.0))


CONFIGS = [
    RNN(LSTMCell(H, "relu", seed=3), True),
    RNN([LSTMCell(H), LSTMCell(K)], stateful=True),
    StackedRNNCells([LSTMCell(H)]),
]


@pytest.mark.parametrize("layer", CONFIGS, ids=lambda layer: type(layer).__name__)
def test_a_config_makes_an_equal_layer(layer):
    duplicate = layers.deserialize(layers.serialize(layer))
    assert duplicate.get_config() == layer.get_config()


@pytest.mark.parametrize(
    ("make", "error", "sentence"),
    [
        (
            lambda: RNN(Dense(3)),
            TypeError,
            "a cell must be an LSTMCell, a GRUCell or a SimpleRNNCell, whose equations are there as kernels, got <Dense",
        ),
        (lambda: RNN(LSTM(3)), TypeError, "a cell must be an LSTMCell"),
        (
            lambda: RNN([LSTMCell(3), Doubled(3)]),
            TypeError,
            r"\(Doubled\) overrides forward, but over time the kernels of LSTMCell run",
        ),
        (lambda: RNN([LSTMCell(3), 4]), TypeError, "a cell must be an LSTMCell, .* got 4"),
        (lambda: RNN([]), ValueError, "needs at least one cell"),
        (lambda: RNN([LSTMCell(3, name="a"), LSTMCell(3, name="a")]), ValueError, "cells of different names"),
        (lambda: RNN(LSTMCell(3, activity_regularizer="l2")), ValueError, "has an activity_regularizer"),
        (lambda: LSTMCell(0), ValueError, "LSTMCell's units must be at least 1"),
        (lambda: Sequential([Input((D,)), LSTMCell(3)]), ValueError, r"takes and returns states beside x.*RNN\(cell\)"),
        (lambda: LSTMCell(3)(X[:, 0], [X[:, 0]]), ValueError, "to be two arrays, h and c, got 1"),
        (lambda: LSTMCell(3)(X, [X, X]), ValueError, "expects an input of rank 2"),
    ],
)
def test_bad_arguments_are_answered_with_a_sentence(make, error, sentence):
    with pytest.raises(error, match=sentence):
        make()


def test_a_model_with_a_stack_learns_and_streams():
    model = Sequential([Input((T, D)), RNN([LSTMCell(H), LSTMCell(K)]), Dense(1)])
    model.compile(Adam(0.02), "mse")
    losses = model.fit(X, RNG.normal(size=(N, 1)), epochs=40, verbose=0).history["loss"]
    assert losses[-1] < 0.7 * losses[0]
    stream = model.stream(N)
    for t in range(T):
        y = stream.step(X[:, t].astype("float32"))
    assert_close(y, model.predict(X, verbose=0), RECURRENT["float32"])


def test_a_layer_has_a_cell_with_its_weights():
    for layer in (LSTM(4), GRU(4), SimpleRNN(4), RNN(LSTMCell(4))):
        layer(np.ones((2, 3, 5)))
        assert layer.cell.units == 4
        assert layer.cell.kernel is layer.weights[0]
        assert layer.cell.recurrent_kernel is layer.weights[1]
