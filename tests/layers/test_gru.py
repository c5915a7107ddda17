"""GRU and SimpleRNN: alone, as cells, in both directions and under other layers, with states and masks."""

from __future__ import annotations

import numpy as np
import pytest
from layer_gradients import check_gradients
from tolerances import RECURRENT, assert_close

from numba_lstm import Sequential, layers, philox
from numba_lstm.layers import (
    GRU,
    LSTM,
    RNN,
    Bidirectional,
    Dense,
    GRUCell,
    Input,
    LSTMCell,
    Masking,
    SimpleRNN,
    SimpleRNNCell,
    StackedRNNCells,
    TimeDistributed,
)
from numba_lstm.naming import names
from numba_lstm.optimizers import Adam

N, T, D, H, K = 3, 5, 7, 4, 6
RNG = np.random.default_rng(41)
X = RNG.normal(size=(N, T, D))
MASK = np.array([[1, 1, 1, 1, 1], [1, 1, 1, 0, 0], [0, 1, 0, 1, 1]], bool)
PAIRS = {"GRU": (GRU, GRUCell), "SimpleRNN": (SimpleRNN, SimpleRNNCell)}


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


@pytest.mark.parametrize("kind", PAIRS)
def test_a_cell_step_by_step_and_over_time_is_the_layer(kind):
    layer_class, cell_class = PAIRS[kind]
    layer, rnn = (prepared(layer) for layer in (layer_class(H, return_sequences=True), RNN(cell_class(H), True)))
    cell = prepared(cell_class(H), X[:, 0])
    assert cell.state_size == H
    (h,), ys = cell.get_initial_state(N), []
    for t in range(T):
        y, (h,) = cell(X[:, t], h if t % 2 else [h])
        ys.append(y)
    assert_close(np.stack(ys, axis=1), layer(X), RECURRENT["float64"])
    assert np.array_equal(rnn(X, mask=MASK), layer(X, mask=MASK))


@pytest.mark.parametrize("options", [{}, {"reset_after": False}, {"go_backwards": True}])
def test_states_go_in_and_out(options):
    layer = prepared(GRU(H, return_state=True, return_sequences=True, **options))
    y, h = layer(X)
    assert np.array_equal(y[:, -1], h)
    halves = [X[:, :2], X[:, 2:]]
    (_, state), second = layer(halves["go_backwards" in options]), halves["go_backwards" not in options]
    for given in (state, [state], state.tolist()):
        assert_close(layer(second, initial_state=given)[1], h, RECURRENT["float64"])
    stateful = prepared(GRU(H, stateful=True, **options))
    stateful(halves["go_backwards" in options])
    assert_close(stateful(second), h, RECURRENT["float64"])


def test_a_stack_of_different_cells():
    rnn = prepared(RNN([GRUCell(H), LSTMCell(K), SimpleRNNCell(H, "relu")], return_state=True))
    y, *last = rnn(X)
    assert [[state.shape[1] for state in states] for states in last] == [[H], [K, K], [H]]
    _, *first = rnn(X[:, :2])
    assert_close(rnn(X[:, 2:], initial_state=first)[0], y, RECURRENT["float64"])
    cell = StackedRNNCells([GRUCell(H), LSTMCell(K), SimpleRNNCell(H, "relu")])
    prepared(cell, X[:, 0]).set_weights(rnn.get_weights())
    states = cell.get_initial_state(N)
    for t in range(T):
        out, states = cell(X[:, t], states)
    assert_close(out, y, RECURRENT["float64"])


@pytest.mark.parametrize("merge_mode", ["concat", "sum"])
def test_both_directions(merge_mode):
    layer = prepared(Bidirectional(GRU(H, return_sequences=True, return_state=True), merge_mode))
    y, *states = layer(X, mask=MASK)
    ys = [direction(X, mask=MASK)[0] for direction in (layer.forward_layer, layer.backward_layer)]
    ys[1] = ys[1][:, ::-1]
    assert_close(y, np.concatenate(ys, axis=-1) if merge_mode == "concat" else sum(ys), RECURRENT["float64"])
    assert [state.shape for state in states] == [(N, H)] * 2
    assert not np.array_equal(layer(X, initial_state=states)[0], layer(X)[0])
    with pytest.raises(ValueError, match="to be a list of 2, h of forward_gru and then of backward_gru, got 1 array"):
        layer(X, initial_state=states[:1])


GRADIENTS = [
    GRU(H, return_sequences=True, dropout=0.3, recurrent_dropout=0.2, bias_regularizer="l2"),
    GRU(H, "softsign", reset_after=False, go_backwards=True, recurrent_dropout=0.4),
    SimpleRNN(H, return_sequences=True, dropout=0.3, recurrent_dropout=0.4, zero_output_for_mask=True),
    RNN([GRUCell(K, dropout=0.3), LSTMCell(K), SimpleRNNCell(H)]),
    Bidirectional(GRU(H, use_bias=False)),
]


@pytest.mark.parametrize("layer", GRADIENTS, ids=range(len(GRADIENTS)))
def test_gradients_agree_with_finite_differences(layer):
    y = prepared(layer)(X)
    sizes = [K, K, K, H] if isinstance(layer, RNN) else [H] * (1 + isinstance(layer, Bidirectional))
    states, dstates = ([RNG.normal(size=(N, size)) for size in sizes] for _ in range(2))
    check_gradients(layer, X, RNG.normal(size=y.shape), states, dstates, mask=MASK)


@pytest.mark.parametrize("layer", [*GRADIENTS, GRUCell(3, seed=4), SimpleRNNCell(3, use_bias=False)])
def test_a_config_makes_an_equal_layer(layer):
    assert layers.deserialize(layers.serialize(layer)).get_config() == layer.get_config()


@pytest.mark.parametrize(
    ("make", "error", "sentence"),
    [
        (lambda: GRU(3, "softmax"), ValueError, "GRU cannot take 'softmax' as activation"),
        (lambda: SimpleRNN(0), ValueError, "SimpleRNN's units must be at least 1"),
        (lambda: GRU(3, peephole=True), TypeError, "peephole"),
        (lambda: SimpleRNN(3, recurrent_activation="relu"), TypeError, "recurrent_activation"),
        (lambda: GRU(3)(X, initial_state=[X[:, 0], X[:, 0]]), ValueError, "to be one array, h, got 2 arrays"),
        (lambda: GRU(3)(X, initial_state=X[:, 0]), ValueError, r"expects states of shape \(3, 3\), got \(3, 7\)"),
        (lambda: RNN([GRUCell(3), LSTMCell(3)])(X, [X]), ValueError, r"2 lists of states.*\[\[h\], \[h, c\]\]"),
    ],
)
def test_errors_say_what_to_do(make, error, sentence):
    with pytest.raises(error, match=sentence):
        make()


def test_a_model_learns_between_other_layers():
    model = Sequential([Input((T, D)), Masking(), Bidirectional(GRU(H, return_sequences=True)), TimeDistributed(Dense(3))])
    for layer in (SimpleRNN(H, return_sequences=True), LSTM(H, return_sequences=True), GRU(H, reset_after=False), Dense(1)):
        model.add(layer)
    model.compile(Adam(0.02), "mse")
    losses = model.fit(X, RNG.normal(size=(N, 1)), epochs=60, verbose=0).history["loss"]
    assert losses[-1] < 0.5 * losses[0]


@pytest.mark.on_the_cpu(reason="other devices do not promise the bits of predict")
@pytest.mark.parametrize(
    "layer",
    [GRU(H), GRU(H, reset_after=False), SimpleRNN(H), RNN([GRUCell(3), LSTMCell(H)])],
    ids=["GRU", "reset before", "SimpleRNN", "stack"],
)
def test_a_stream_has_the_bits_of_predict(layer):
    config = {**layer.get_config(), "return_sequences": True, "name": "streamed"}
    model = Sequential([Input((None, D)), type(layer).from_config(config), Dense(2)])
    x = X[:1].astype("float32")
    expected, stream = model.predict(x, verbose=0)[0], model.stream()
    assert np.array_equal([stream.step(row) for row in x[0]], expected)
    assert np.array_equal(model.stream().run(x[0]), expected)


@pytest.mark.on_the_cpu(reason="other devices record no plans")
def test_plans_compute_what_ops_do():
    """Training with dropout, and prediction of two shapes, each of which comes again."""

    def run(run_eagerly):
        philox.set_random_seed(8)
        names.reset()
        directions = Bidirectional(GRU(H, dropout=0.2, recurrent_dropout=0.3, return_sequences=True))
        stack = [
            Input((None, D)),
            Masking(),
            directions,
            SimpleRNN(K, return_sequences=True),
            GRU(H, reset_after=False),
            Dense(1),
        ]
        model = Sequential(stack)
        model.compile(Adam(0.02), "mse", run_eagerly=run_eagerly)
        model.fit(X, X[:, 0, :1], epochs=4, verbose=0)
        shapes = X, X[:, :2], X[:, :2] + 1, X - 1
        return model, [*model.get_weights(), *(model.predict(x, verbose=0) for x in shapes)]

    (planned, found), (_, expected) = run(False), run(True)
    assert planned.path() == "plan"
    for a, b in zip(found, expected, strict=True):
        np.testing.assert_array_equal(a, b)
