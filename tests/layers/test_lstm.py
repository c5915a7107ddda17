"""LSTM as a layer: outputs, states, weights, gradients. Its arguments one by one are in ``test_lstm_arguments``."""

from __future__ import annotations

import numpy as np
import pytest
from layer_gradients import check_gradients
from lstm_layers import RNG, D, H, N, T, X, lstm
from tolerances import RECURRENT, assert_close

from numba_lstm import get_device, initializers, philox
from numba_lstm.device import get_ops
from numba_lstm.layers import LSTM
from numba_lstm.naming import names


@pytest.fixture(autouse=True)
def _fresh():
    philox.set_random_seed(8)
    names.reset()


@pytest.mark.parametrize("shape", [(N, T, D), (1, T, D), (N, 1, D)])
def test_lstm_answers_the_last_output_or_all_of_them(shape):
    x = X[: shape[0], : shape[1]]
    sequences, last = LSTM(H, return_sequences=True), LSTM(H)
    y = sequences(x)
    last(x)
    last.set_weights(sequences.get_weights())
    assert y.shape == (*shape[:2], H)
    assert np.array_equal(y[:, -1], last(x))


@pytest.mark.parametrize("sequences", [False, True])
def test_lstm_with_return_state_answers_y_h_and_c(sequences):
    layer = lstm(return_sequences=sequences, return_state=True)
    y, h, c = layer(X)
    assert np.array_equal(y[:, -1] if sequences else y, h)
    assert h.shape == c.shape == (N, H)
    assert not np.any(h == c)


def test_lstm_goes_on_from_an_initial_state():
    layer = lstm(return_sequences=True, return_state=True)
    y, h, c = layer(X)
    first, h1, c1 = layer(X[:, :2])
    second, h2, c2 = layer(X[:, 2:], initial_state=[h1, c1])
    assert np.array_equal(np.concatenate([first, second], axis=1), y)
    assert np.array_equal(h2, h)
    assert np.array_equal(c2, c)


def test_a_masked_step_carries_states_and_output():
    layer = lstm(return_sequences=True, return_state=True)
    mask = np.ones((N, T))
    mask[1, 3:] = 0
    y, h, c = layer(X, mask=mask)
    shorter, h1, c1 = layer(X[1:2, :3])
    assert_close(y[1, :3], shorter[0], RECURRENT["float64"])
    assert np.array_equal(y[1, 3:], y[1, [2, 2]])
    assert_close(h[1:2], h1, RECURRENT["float64"])
    assert_close(c[1:2], c1, RECURRENT["float64"])
    assert_close(y[::2], layer(X)[0][::2], RECURRENT["float64"])


def test_lstm_hands_the_mask_on_with_sequences_only():
    ops = get_ops()
    x, mask = ops.gather(X, slice(None), "float64"), ops.asarray(np.ones((T, N), bool), bool)
    assert lstm(return_sequences=True).forward(ops, x, mask=mask).mask is mask
    assert lstm().forward(ops, x, mask=mask).mask is None


def test_lstm_weights_have_keras_names_and_shapes():
    layer = LSTM(H, name="memory")
    layer(X)
    shapes = {"memory/kernel": (D, 4 * H), "memory/recurrent_kernel": (H, 4 * H), "memory/bias": (4 * H,)}
    assert {v.path: v.shape for v in layer.variables} == shapes
    assert layer.count_params() == 4 * H * (D + H + 1)


def test_lstm_without_bias_has_two_weights():
    layer = lstm(use_bias=False)
    assert [v.name for v in layer.weights] == ["kernel", "recurrent_kernel"]
    with_zeros = lstm()
    with_zeros.set_weights([*layer.get_weights(), np.zeros(4 * H)])
    assert np.array_equal(layer(X), with_zeros(X))


@pytest.mark.parametrize("unit", [True, False])
def test_unit_forget_bias_sets_the_second_block_only(unit):
    layer = LSTM(H, bias_initializer=initializers.Constant(0.25), unit_forget_bias=unit)
    layer(X)
    blocks = layer.bias.value.reshape(4, H)
    assert np.all(blocks[[0, 2, 3]] == 0.25)
    assert np.all(blocks[1] == (1 if unit else 0.25))


def test_lstm_draws_each_weight_as_one_matrix():
    layer = LSTM(60)
    layer(X)
    limit = np.sqrt(6 / (D + 240))
    assert 0.99 * limit < np.abs(layer.kernel.value).max() <= limit
    recurrent = layer.recurrent_kernel.value.astype("float64")
    assert np.allclose(recurrent @ recurrent.T, np.eye(60), atol=1e-6)


def test_lstm_path_names_the_kernels():
    assert lstm().path(N, T).split(":")[0] == lstm().path(N, T, training=True).split(":")[0]


@pytest.mark.skipif(get_device() != "cpu", reason="the names are the CPU's")
@pytest.mark.parametrize(
    ("arguments", "training", "special"),
    [
        ({}, True, []),
        ({"projection": 4}, False, ["rows"]),
        ({"layer_norm": True}, True, ["rows"]),
        ({"recurrent_dropout": 0.2}, False, []),
        ({"recurrent_dropout": 0.2}, True, ["gates"]),
        ({"recurrent_dropout": 0.2, "projection": 4}, True, ["rows", "gates"]),
    ],
)
def test_lstm_path_tells_whole_rows_and_masks_of_gates(arguments, training, special):
    assert lstm(**arguments).path(32, T, training=training).split(":")[3:] == special


def test_lstm_path_tells_a_product_ahead():
    large = LSTM(60)
    large(np.zeros((1, 1, 90)))
    assert large.path(1, 100).endswith(":ahead") == (get_device() == "cpu")
    assert not large.path(1, 3).endswith(":ahead")  # so little is not worth a call of its own
    assert not lstm().path(1, T).endswith(":ahead")


def test_lstm_path_needs_weights():
    with pytest.raises(ValueError, match="not built yet"):
        LSTM(3).path(N, T)


@pytest.mark.parametrize("argument", ["activation", "recurrent_activation"])
def test_lstm_refuses_softmax(argument):
    with pytest.raises(ValueError, match=f"cannot take 'softmax' as {argument}: a gate has one number at a time"):
        LSTM(3, **{argument: "softmax"})


@pytest.mark.parametrize(
    ("call", "error", "sentence"),
    [
        (
            lambda layer: layer(X[0]),
            ValueError,
            r"expects \(batch, time, features\), got shape \(5, 7\). This is the shape of one sample",
        ),
        (lambda layer: layer(X[..., :2]), ValueError, "built for features = 7, got shape .* with 2"),
        (lambda layer: layer(X[:0]), ValueError, "is empty"),
        (lambda layer: layer(X + 1j), TypeError, "real numbers, got dtype complex128"),
        (lambda layer: layer(X.astype(str)), TypeError, "real numbers"),
        (lambda layer: layer(X, initial_state=[X[:, 0]]), ValueError, "two arrays, h and c, got 1"),
        (lambda layer: layer(X, initial_state=[X[:, 0], X[:, 0]]), ValueError, r"states of shape \(3, 11\), got \(3, 7\)"),
        (lambda layer: layer(X, mask=np.ones((T, N))), ValueError, r"mask of shape \(batch, time\) = \(3, 5\), got \(5, 3\)"),
    ],
)
def test_bad_input_is_answered_with_a_sentence(call, error, sentence):
    layer = LSTM(H)
    layer(X)
    with pytest.raises(error, match=sentence):
        call(layer)


@pytest.mark.parametrize("sequences", [True, False])
def test_gradients_of_an_lstm_and_its_states_agree_with_finite_differences(sequences):
    layer = lstm(return_sequences=sequences)
    h, c = RNG.normal(size=(2, N, H))
    dy, dh, dc = RNG.normal(size=(N, T, H) if sequences else (N, H)), RNG.normal(size=(N, H)), RNG.normal(size=(N, H))
    check_gradients(layer, X, dy, (h, c), (dh if sequences else None, dc))


def test_an_lstm_may_be_asked_for_the_gradient_of_its_states_alone():
    layer = lstm()
    h, c = RNG.normal(size=(2, N, H))
    check_gradients(layer, X, None, (h, c), (RNG.normal(size=(N, H)), RNG.normal(size=(N, H))))


def test_gradients_of_the_last_output_and_of_the_last_h_add_up():
    dy, dh, dc = RNG.normal(size=(3, N, H))
    check_gradients(lstm(), X, dy, (), (dh, dc))
