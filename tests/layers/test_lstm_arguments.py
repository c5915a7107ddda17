"""LSTM as a layer, argument by argument. The equations of the options are tested in tests/kernels."""

from __future__ import annotations

import numpy as np
import pytest
from layer_gradients import check_gradients
from lstm_layers import MASK, NOISE, RNG, D, H, N, P, T, X, forward, host, lstm

from numba_lstm import Sequential, philox
from numba_lstm.kernels.specs import Activation, LSTMSpec
from numba_lstm.layers import LSTM, Input
from numba_lstm.naming import names


@pytest.fixture(autouse=True)
def _fresh():
    philox.set_random_seed(8)
    names.reset()


# -- order of arguments and weights -----------------------------------------------------------------------------------


def test_positional_arguments_have_the_order_of_keras():
    arguments = [3, "relu", "tanh", False, "zeros", "ones", "ones", False, "l1", "l2", "l1_l2", "l2", "non_neg", "unit_norm"]
    arguments += ["max_norm", 0.1, 0.2, 5, True, True, True, True, True, False]
    config = LSTM(*arguments).get_config()
    assert config["recurrent_regularizer"]["class_name"] == "L2"
    assert config["activity_regularizer"]["class_name"] == "L2"
    assert config["kernel_constraint"]["class_name"] == "NonNeg"
    assert config["bias_constraint"]["class_name"] == "MaxNorm"
    assert (config["dropout"], config["recurrent_dropout"], config["seed"]) == (0.1, 0.2, 5)
    assert all(config[name] for name in ("return_sequences", "return_state", "go_backwards", "stateful", "unroll"))


def test_extra_weights_follow_those_of_keras():
    layer = LSTM(H, peephole=True, projection=P, layer_norm=True)
    layer(X)
    assert {v.name: v.shape for v in layer.weights} == {
        "kernel": (D, 4 * H),
        "recurrent_kernel": (P, 4 * H),
        "bias": (4 * H,),
        "peephole": (3, H),
        "projection": (H, P),
        "kernel_norm": (4 * H,),
        "recurrent_norm": (4 * H,),
        "cell_norm": (2, H),
    }
    assert [v.name for v in layer.weights][-3:] == ["kernel_norm", "recurrent_norm", "cell_norm"]


def test_extra_weights_begin_as_their_initializers_say():
    usual = LSTM(H, peephole=True, projection=P, layer_norm=True)
    usual(X)
    values = {v.name: v.value for v in usual.weights}
    assert np.all(values["peephole"] == 0)
    assert np.all(values["kernel_norm"] == 1)
    assert values["cell_norm"].tolist() == [[1] * H, [0] * H]
    assert 0.9 * np.sqrt(6 / (H + P)) < np.abs(values["projection"]).max() <= np.sqrt(6 / (H + P))
    mine = LSTM(
        H, peephole=True, peephole_initializer="ones", layer_norm=True, gamma_initializer="zeros", beta_initializer="ones"
    )
    mine(X)
    values = {v.name: v.value for v in mine.weights}
    assert np.all(values["peephole"] == 1)
    assert values["cell_norm"].tolist() == [[0] * H, [1] * H]


def test_arguments_become_the_cell_that_ops_see():
    layer = LSTM(H, "relu", "hard_sigmoid", cell_clip=3, coupled=True, zoneout=0.1, cell_zoneout=0.2)
    gates = Activation("relu"), Activation("hard_sigmoid"), Activation("relu")
    assert layer.spec == LSTMSpec(*gates, clip=3.0, coupled=True, zoneout=(0.1, 0.2))
    assert LSTM(H, "relu", output_activation="tanh").spec.output_activation == Activation("tanh")


@pytest.mark.parametrize("sequences", [True, False])
def test_a_projection_is_the_size_of_the_output_and_of_h(sequences):
    layer = lstm(projection=P, return_sequences=sequences, return_state=True)
    y, h, c = layer(X, initial_state=[RNG.normal(size=(N, P)), RNG.normal(size=(N, H))])
    assert y.shape == layer.compute_output_shape((N, T, D)) == ((N, T, P) if sequences else (N, P))
    assert (h.shape, c.shape) == ((N, P), (N, H))
    with pytest.raises(ValueError, match=r"expects states of shape \(3, 4\), got \(3, 11\)"):
        layer(X, initial_state=[c, c])


# -- direction, masks -------------------------------------------------------------------------------------------------


def test_going_backwards_is_going_forward_over_the_reversed_sequence():
    layer, back = lstm(return_sequences=True), lstm(return_sequences=True, go_backwards=True)
    assert np.array_equal(back(X, mask=MASK), layer(X[:, ::-1], mask=MASK[:, ::-1]))


def test_going_backwards_puts_out_the_mask_in_the_order_of_the_outputs():
    assert np.array_equal(host(forward(lstm(return_sequences=True, go_backwards=True), mask=MASK).mask).T, MASK[:, ::-1])


def test_leading_masked_steps_put_out_the_initial_h():
    layer, h, c = lstm(return_sequences=True), RNG.normal(size=(N, H)), RNG.normal(size=(N, H))
    y = layer(X, initial_state=[h, c], mask=MASK)
    assert np.array_equal(y[2, 0], h[2])
    assert np.array_equal(y[2, 2], y[2, 1])
    assert np.array_equal(y[1, 4], y[1, 2])


def test_a_row_without_a_valid_step_keeps_its_states():
    layer, states = lstm(return_state=True), RNG.normal(size=(2, N, H))
    y, h, c = layer(X, initial_state=list(states), mask=MASK & np.array([[1], [0], [1]], bool))
    assert np.array_equal(y[1], states[0, 1])
    assert np.array_equal(h[1], states[0, 1])
    assert np.array_equal(c[1], states[1, 1])


@pytest.mark.parametrize("backwards", [False, True])
def test_zero_output_for_mask_zeroes_masked_steps_alone(backwards):
    plain = lstm(return_sequences=True, return_state=True, go_backwards=backwards)
    zeroed = lstm(return_sequences=True, return_state=True, go_backwards=backwards, zero_output_for_mask=True)
    steps = MASK[:, ::-1] if backwards else MASK
    y, *states = plain(X, mask=MASK)
    y0, *states0 = zeroed(X, mask=MASK)
    assert np.array_equal(y0, np.where(steps[..., None], y, 0))
    assert all(np.array_equal(a, b) for a, b in zip(states, states0, strict=True))


def test_lengths_are_a_mask_of_leading_steps():
    layer = lstm(return_sequences=True)
    y = layer(X, lengths=[5, 3, 0])
    assert np.array_equal(y, layer(X, mask=np.arange(T) < np.array([[5], [3], [0]])))
    with pytest.raises(ValueError, match="lengths must be from 0 to 5"):
        layer(X, lengths=[6, 1, 1])
    with pytest.raises(ValueError, match="takes mask or lengths, got both"):
        layer(X, mask=MASK, lengths=[5, 3, 0])


# -- states -----------------------------------------------------------------------------------------------------------


def test_a_stateful_layer_goes_on_where_it_stopped():
    layer, full = lstm(stateful=True, return_sequences=True), lstm(return_sequences=True)
    layer.reset_states()
    assert layer.states is None
    halves = [layer(X[:, :2]), layer(X[:, 2:])]
    assert np.array_equal(np.concatenate(halves, axis=1), full(X))
    layer.reset_state()
    assert np.array_equal(layer(X), full(X))


def test_a_stateful_layer_keeps_copies_of_its_last_states():
    layer = lstm(stateful=True, return_state=True)
    layer.reset_states()
    _, h, c = layer(X)
    kept = layer.states
    assert np.array_equal(kept[0], h)
    assert np.array_equal(kept[1], c)
    kept[0][:] = 0
    assert np.array_equal(layer.states[0], h)


def test_an_initial_state_goes_before_the_kept_one():
    layer = lstm(stateful=True)
    h, c = RNG.normal(size=(2, N, H))
    assert np.array_equal(layer(X, initial_state=[h, c]), lstm()(X, initial_state=[h, c]))


def test_a_stateful_layer_refuses_another_batch_size_until_it_is_reset():
    layer = lstm(stateful=True)
    kept = layer.states
    with pytest.raises(ValueError, match="goes on from a batch of 3, got a batch of 2. Keep the batch size, or call reset"):
        layer(X[:2])
    assert all(np.array_equal(a, b) for a, b in zip(layer.states, kept, strict=True))
    layer.reset_states()
    assert layer(X[:2]).shape == (2, H)


# -- gradients --------------------------------------------------------------------------------------------------------

LAYERS = {
    "backwards": ({"go_backwards": True}, False),
    "backwards, sequences, zero": ({"go_backwards": True, "return_sequences": True, "zero_output_for_mask": True}, True),
    "sequences, zero": ({"return_sequences": True, "zero_output_for_mask": True}, True),
    "mask": ({}, True),
    "options": (
        {"peephole": True, "cell_clip": 0.9, "coupled": True, "output_activation": "softsign", "projection": P},
        True,
    ),
    "norms": ({"layer_norm": True, "use_bias": False}, False),
    **{name: (arguments, True) for name, arguments in NOISE.items()},
    "all noise": ({"dropout": 0.3, "recurrent_dropout": 0.4, "zoneout": 0.2, "cell_zoneout": 0.3, "projection": P}, True),
}


@pytest.mark.parametrize("name", LAYERS)
def test_gradients_agree_with_finite_differences(name):
    arguments, masked = LAYERS[name]
    layer, out = lstm(**arguments), P if "projection" in arguments else H
    dy = RNG.normal(size=(N, T, out) if layer.return_sequences else (N, out))
    states = RNG.normal(size=(N, out)), RNG.normal(size=(N, H))
    dstates = RNG.normal(size=(N, out)), RNG.normal(size=(N, H))
    check_gradients(layer, X, dy, states, dstates, mask=MASK if masked else None)


def test_the_state_of_a_stream_with_a_projection_can_be_set():
    model = Sequential([Input((None, D)), LSTM(H, projection=P)])
    one, other = model.stream(), model.stream()
    for t in range(3):
        one.step(X[0, t])
    other.state = one.state
    assert [(h.shape, c.shape) for h, c in one.state] == [((1, P), (1, H))]
    assert np.array_equal(one.step(X[0, 3]), other.step(X[0, 3]))
    with pytest.raises(ValueError, match=r"of shapes \[\(\(1, 4\), \(1, 11\)\)\], got"):
        other.state = [(c, h) for h, c in one.state]


def test_a_layer_that_goes_backwards_cannot_be_streamed():
    with pytest.raises(
        NotImplementedError,
        match=r"lstm \(LSTM\) cannot be streamed: it goes backwards, from a last step",
    ):
        lstm(go_backwards=True).check_causal()
