"""Bidirectional: two directions, their merge, masks, states and gradients."""

from __future__ import annotations

import re

import numpy as np
import pytest
from layer_gradients import check_gradients
from tolerances import ELEMENTWISE, assert_close

from numba_lstm import Sequential, layers, load_model, philox, set_num_threads
from numba_lstm.device import get_num_threads, get_ops
from numba_lstm.kernels.specs import Key
from numba_lstm.layers import LSTM, RNN, Bidirectional, Dense, Input, LSTMCell
from numba_lstm.naming import names
from numba_lstm.optimizers import Adam

N, T, D, H = 3, 5, 7, 4
RNG = np.random.default_rng(31)
X = RNG.normal(size=(N, T, D))
MASK = np.array([[1, 1, 1, 1, 1], [1, 1, 1, 0, 0], [0, 1, 0, 1, 1]], bool)
MODES = ("concat", "sum", "mul", "ave", None)
MERGES = {
    "concat": lambda a, b: np.concatenate([a, b], axis=-1),
    "sum": lambda a, b: a + b,
    "mul": lambda a, b: a * b,
    "ave": lambda a, b: (a + b) / 2,
}


@pytest.fixture(autouse=True)
def _fresh():
    philox.set_random_seed(8)
    names.reset()


def bidirectional(merge_mode="concat", backward_layer=None, **arguments):
    """A float64 Bidirectional(LSTM) with distinct weights everywhere, built for X."""
    layer = Bidirectional(LSTM(H, dtype="float64", **arguments), merge_mode, backward_layer=backward_layer)
    layer(X)
    draw = np.random.default_rng(4)
    layer.set_weights([draw.normal(scale=0.4, size=w.shape) for w in layer.get_weights()])
    layer.reset_states()
    return layer


def alone(layer, **changes):
    """One direction as a layer by itself, with its weights."""
    copy = type(layer).from_config({**layer.get_config(), **changes})
    copy(X)
    copy.set_weights(layer.get_weights())
    return copy


@pytest.mark.parametrize("sequences", [True, False])
@pytest.mark.parametrize("mode", MODES)
def test_the_output_is_that_of_both_directions_merged(mode, sequences):
    layer = bidirectional(mode, return_sequences=sequences)
    y = layer(X, mask=MASK)
    y1, y2 = alone(layer.forward_layer)(X, mask=MASK), alone(layer.backward_layer)(X, mask=MASK)
    y2 = y2[:, ::-1] if sequences else y2
    if mode is None:
        assert np.array_equal(y[0], y1)
        assert np.array_equal(y[1], y2)
    else:
        assert_close(y, MERGES[mode](y1, y2), ELEMENTWISE["float64"])
        assert y.shape == layer.compute_output_shape((N, T, D))


def test_masked_steps_put_out_zeros_and_the_mask_goes_on():
    ops, layer = get_ops(), bidirectional(return_sequences=True)
    assert np.all(layer(X, mask=MASK)[~MASK] == 0)
    steps = ops.asarray(np.ascontiguousarray(MASK.T), bool)
    result = layer.forward(ops, ops.gather(X, slice(None), "float64"), None, steps)
    assert np.array_equal(ops.to_host(result.mask), MASK.T)
    assert bidirectional().forward(ops, ops.gather(X, slice(None), "float64"), None, steps).mask is None


def test_states_are_those_of_the_forward_layer_and_then_of_the_backward_layer():
    layer, states = bidirectional(return_state=True), list(RNG.normal(size=(4, N, H)))
    y, *last = layer(X, initial_state=states)
    y1, *last1 = alone(layer.forward_layer)(X, initial_state=states[:2])
    y2, *last2 = alone(layer.backward_layer)(X, initial_state=states[2:])
    assert np.array_equal(y, np.concatenate([y1, y2], axis=-1))
    assert all(np.array_equal(a, b) for a, b in zip(last, [*last1, *last2], strict=True))
    expected = "expects initial_state to be a list of 4, h and c of forward_lstm and then of backward_lstm, got"
    for count in ("1 array", "3 arrays", "5 arrays"):
        with pytest.raises(ValueError, match=f"{expected} {count}\\.$"):
            layer(X, initial_state=[*states, *states][: int(count[0])])
    hint = re.escape(" For the same in both directions: [*states, *states].")
    with pytest.raises(ValueError, match=f"{expected} 2 arrays.{hint}"):
        layer(X, initial_state=states[:2])
    layer(X, initial_state=[*states[:2], *states[:2]])


def test_a_stateful_pair_goes_on_and_is_reset_together():
    layer = bidirectional(stateful=True, return_state=True)
    first, *states = layer(X)
    assert all(np.array_equal(a, b) for a, b in zip(layer.states, states, strict=True))
    assert not np.array_equal(layer(X)[0], first)
    layer.reset_states()
    assert layer.states is None
    assert np.array_equal(layer(X)[0], first)


def test_both_layers_are_copies_with_names_of_their_own():
    given = LSTM(H, name="memory", return_sequences=True, activation="relu", seed=3)
    layer = Bidirectional(given)
    assert layer.forward_layer is not given
    assert (layer.forward_layer.name, layer.backward_layer.name) == ("forward_memory", "backward_memory")
    assert (layer.forward_layer.go_backwards, layer.backward_layer.go_backwards) == (False, True)
    assert layer.backward_layer.spec == given.spec
    assert given.zero_output_for_mask is False
    assert layer.forward_layer.zero_output_for_mask is True


def test_weights_have_paths_below_the_layer():
    layer = bidirectional()
    expected = [
        f"bidirectional/{method}_lstm/{name}"
        for method in ("forward", "backward")
        for name in ("kernel", "recurrent_kernel", "bias")
    ]
    assert [v.path for v in layer.variables] == expected
    assert layer.count_params() == 2 * 4 * H * (D + H + 1)


def test_a_frozen_direction_is_not_trained():
    layer = bidirectional(backward_layer=LSTM(H, dtype="float64", go_backwards=True, trainable=False, name="frozen"))
    assert [v.path.split("/")[1] for v in layer.trainable_weights] == ["forward_lstm"] * 3
    assert len(layer.non_trainable_weights) == 3


def test_a_layer_of_ones_own_may_go_backward():
    layer = bidirectional(backward_layer=LSTM(6, "relu", dtype="float64", go_backwards=True, name="mine"))
    assert layer(X).shape == layer.compute_output_shape((N, T, D)) == (N, H + 6)
    assert_close(layer(X)[:, H:], alone(layer.backward_layer)(X), ELEMENTWISE["float64"])


@pytest.mark.parametrize(
    ("make", "error", "sentence"),
    [
        (lambda: Bidirectional(Dense(3)), TypeError, r"expects LSTM or RNN layers, got <Dense.*Write Bidirectional\(LSTM"),
        (lambda: Bidirectional(LSTM(3), "max"), ValueError, "unknown merge_mode 'max'"),
        (lambda: Bidirectional(LSTM(3), backward_layer=LSTM(3)), ValueError, "forward_lstm and lstm_1 go the same way"),
        (
            lambda: Bidirectional(LSTM(3), backward_layer=LSTM(3, go_backwards=True, return_state=True)),
            ValueError,
            "differ in return_state",
        ),
        (
            lambda: Bidirectional(LSTM(3), "sum", backward_layer=LSTM(4, go_backwards=True)),
            ValueError,
            r"put out \(3, 4\) features, but merge_mode='sum' needs one size",
        ),
        (lambda: Bidirectional(LSTM(3), None, activity_regularizer="l2"), ValueError, "has two outputs with merge_mode=None"),
        (
            lambda: Sequential([Input((T, D)), Bidirectional(LSTM(3), None)]),
            ValueError,
            "has merge_mode=None, but a Sequential",
        ),
        (
            lambda: Sequential([Input((T, D)), Bidirectional(LSTM(3, return_state=True))]),
            ValueError,
            "bidirectional has return_state=True, but a Sequential passes on one array",
        ),
    ],
)
def test_bad_arguments_are_answered_with_a_sentence(make, error, sentence):
    with pytest.raises(error, match=sentence):
        make()


CONFIGS = [
    Bidirectional(LSTM(H, "relu", return_sequences=True, dtype="float64"), "mul"),
    Bidirectional(LSTM(H, projection=2), None, backward_layer=LSTM(3, go_backwards=True)),
    Bidirectional(RNN([LSTMCell(3), LSTMCell(4)])),
    Bidirectional(LSTM(H, lambda x: x * np.tanh(x))),
]


@pytest.mark.parametrize("layer", CONFIGS)
def test_a_config_makes_an_equal_layer(layer):
    duplicate = layers.deserialize(layers.serialize(layer))
    assert duplicate.get_config() == layer.get_config()
    assert type(duplicate.forward_layer) is type(layer.forward_layer)


@pytest.mark.parametrize("sequences", [True, False])
@pytest.mark.parametrize("mode", MODES)
def test_gradients_agree_with_finite_differences(mode, sequences):
    layer = bidirectional(mode, return_sequences=sequences, dropout=0.3, kernel_regularizer="l2")
    size = 2 * H if mode == "concat" else H
    shape = (N, T, size) if sequences else (N, size)
    dy = (RNG.normal(size=shape), RNG.normal(size=shape)) if mode is None else RNG.normal(size=shape)
    check_gradients(layer, X, dy, RNG.normal(size=(4, N, H)), list(RNG.normal(size=(4, N, H))), mask=MASK)


def test_penalties_of_the_outputs_of_both_layers_and_of_the_merged_one_add_up():
    layer = Bidirectional(LSTM(H, activity_regularizer="l2"), "sum", dtype="float64", activity_regularizer="l1")
    layer(X)
    check_gradients(layer, X, RNG.normal(size=(N, H)))


def test_the_directions_drop_different_features():
    ops, layer = get_ops(), bidirectional(None, dropout=0.5)
    layer.backward_layer.set_weights(layer.forward_layer.get_weights())
    x = np.repeat(X[:, :1], T, axis=1)  # the same from both ends
    y1, y2 = layer.forward(ops, ops.gather(x, slice(None), "float64"), None, None, True, Key(1)).y
    assert not np.allclose(ops.to_host(y1), ops.to_host(y2))


def test_the_number_of_threads_changes_no_bit():
    before, large = get_num_threads(), RNG.normal(size=(24, 30, 32))
    layer = Bidirectional(LSTM(64, return_sequences=True), dtype="float64")
    layer(large)
    try:
        outputs = [(set_num_threads(n), layer(large))[1] for n in (1, 2, 5)]
    finally:
        set_num_threads(before)
    assert all(np.array_equal(output, outputs[0]) for output in outputs)


def test_a_saved_model_goes_on_training_where_it_stopped(tmp_path):
    y = RNG.normal(size=(N, 1))
    model = Sequential([Input((T, D)), Bidirectional(LSTM(H, dropout=0.2), name="bidirectional"), Dense(1)])
    model.compile(Adam(0.02), "mse")
    model.fit(X, y, epochs=2, verbose=0)
    model.save(tmp_path / "model.nlstm")
    duplicate = load_model(tmp_path / "model.nlstm")
    for each in (model, duplicate):
        each.fit(X, y, epochs=2, verbose=0)
    assert all(np.array_equal(a, b) for a, b in zip(model.get_weights(), duplicate.get_weights(), strict=True))


def test_a_model_with_both_directions_learns():
    model = Sequential([Input((T, D)), Bidirectional(LSTM(H, return_sequences=True)), Bidirectional(LSTM(H)), Dense(1)])
    model.compile(Adam(0.02), "mse")
    losses = model.fit(X, RNG.normal(size=(N, 1)), epochs=40, verbose=0).history["loss"]
    assert losses[-1] < 0.5 * losses[0]
