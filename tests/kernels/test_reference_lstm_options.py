"""The reference's LSTM with its options: each one's gradient against finite differences, and what each means."""

from __future__ import annotations

import numpy as np
import pytest
from custom_activations import CUSTOM
from kernel_cases import lstm_case, lstm_forward, lstm_noise, run_lstm
from lstm_gradients import assert_gradients, assert_slopes
from lstm_options import COMBINATIONS, Example
from lstm_streams import lstm_stream
from tolerances import SUMS, assert_close

from numba_lstm.device import get_ops
from numba_lstm.kernels.contract import LSTMNoise
from numba_lstm.kernels.specs import LSTMSpec

OPS = get_ops("reference")
SMALL = {"N": 3, "T": 4, "D": 2, "H": 5}
H = slice(0, 11), slice(11, 22), slice(22, 33), slice(33, 44)  #: columns of i, f, g and o at 11 units


def noisy(case, **masks):
    return case.but(noise=lstm_noise(case, **masks))


ALONE = {
    "peephole": lstm_case(**SMALL, peephole=True),
    "clip": lstm_case(**SMALL, spec=LSTMSpec(clip=0.7)),
    "coupled": lstm_case(**SMALL, spec=LSTMSpec(coupled=True)),
    "projection": lstm_case(**SMALL, P=3),
    "layer norms": lstm_case(**SMALL, normed=True),
    "input masks": noisy(lstm_case(**SMALL), inputs=True),
    "recurrent masks": noisy(lstm_case(**SMALL), recurrent=True),
    "zoneout of h": noisy(lstm_case(**SMALL), zoneout_h=True),
    "zoneout of c": noisy(lstm_case(**SMALL), zoneout_c=True),
}


@pytest.mark.parametrize("option", ALONE)
def test_gradient_of_each_option_alone(option):
    assert_gradients(ALONE[option])


@pytest.mark.parametrize("option", ALONE)
def test_gradient_of_each_option_with_a_mask(option):
    case = ALONE[option]
    mask = np.random.default_rng(6).random((4, 3)) < 0.6
    assert_slopes(case.but(mask=mask))


@pytest.mark.parametrize("activation", CUSTOM, ids=lambda activation: activation.name)
def test_gradient_of_own_activations(activation):
    assert_slopes(lstm_case(**SMALL, spec=LSTMSpec(activation, activation, activation)))


@pytest.mark.parametrize("combination", COMBINATIONS, ids=str)
def test_gradient_of_combinations(combination):
    example = Example(combination, N=3, T=4, D=5, H=7, P=2, seed=1)
    assert_slopes(example.case().in_float64())


def test_a_clipped_gate_has_the_value_at_its_bound():
    case = lstm_case(spec=LSTMSpec(clip=0.5))
    far = case.but(b=np.repeat([40.0, -40.0, 40.0, -40.0], 11))
    out = lstm_forward(OPS, far.but(x=far.x[:1]))
    low, high = 1 / (1 + np.exp(0.5)), 1 / (1 + np.exp(-0.5))
    c = low * case.c0 + high * np.tanh(0.5)
    assert_close(out.c, c, SUMS["float64"])
    assert_close(out.h, low * np.tanh(c), SUMS["float64"])


def test_a_clipped_gate_has_no_slope():
    case = lstm_case(spec=LSTMSpec(clip=0.5))
    found = run_lstm(OPS, case.but(b=np.repeat([40.0, 0, 0, 0], 11)))
    assert not found["dW"][:, H[0]].any()
    assert found["dW"][:, H[1]].any()


def test_nan_is_not_clipped():
    case = lstm_case(spec=LSTMSpec(clip=0.5))
    assert np.isnan(lstm_forward(OPS, case.but(c0=np.full_like(case.c0, np.nan))).h).all()


def test_coupled_gates_do_not_use_the_forget_gates_weights():
    case = lstm_case(spec=LSTMSpec(coupled=True), peephole=True)
    W, V = case.W.copy(), case.V.copy()
    W[:, H[1]], V[1] = np.nan, np.nan
    found = run_lstm(OPS, case)
    np.testing.assert_array_equal(lstm_forward(OPS, case.but(W=W, V=V)).y, found["y"])
    assert not found["dW"][:, H[1]].any()


def test_coupled_gates_keep_what_they_do_not_take_in():
    """With g = c_0 nothing changes, whatever i."""
    case = lstm_case(T=1, spec=LSTMSpec(coupled=True))
    W, U = case.W.copy(), case.U.copy()
    W[:, H[2]], U[:, H[2]] = 0, 0
    b = case.b.copy()
    b[H[2]] = np.arctanh(0.5)
    out = lstm_forward(OPS, case.but(W=W, U=U, b=b, c0=np.full((3, 11), 0.5)))
    np.testing.assert_allclose(out.c, 0.5, rtol=1e-14)


def test_the_output_gate_peeps_at_the_new_cell_and_the_others_at_the_old():
    case = lstm_case(T=1, peephole=True)
    plain = case.but(V=None, x=0 * case.x, h0=None)
    o = case.but(x=plain.x, h0=None, V=case.V * [[0], [0], [1]])
    new = lstm_forward(OPS, plain).c
    np.testing.assert_array_equal(lstm_forward(OPS, o).c, new)
    z = case.b[H[3]] + case.V[2] * new
    np.testing.assert_allclose(lstm_forward(OPS, o).h, np.tanh(new) / (1 + np.exp(-z)), rtol=1e-13)


def test_a_projection_to_itself_changes_nothing():
    case = lstm_case()
    found, expected = run_lstm(OPS, case.but(R=np.eye(11))), run_lstm(OPS, case)
    for name, value in expected.items():
        assert_close(found[name], value, SUMS["float64"], name)


def test_norms_do_not_see_how_large_weights_are():
    case = lstm_case(normed=True, spec=LSTMSpec(norm_epsilon=0.0))
    large = lstm_forward(OPS, case.but(W=100 * case.W, U=0.01 * case.U))
    assert_close(large.y, lstm_forward(OPS, case).y, SUMS["float64"])


def test_every_gate_sees_its_own_masks():
    case = lstm_case()
    inputs, recurrent = np.ones((4, 3, 7)), np.ones((4, 3, 11))
    inputs[2], recurrent[1] = 0, 0
    W, U = case.W.copy(), case.U.copy()
    W[:, H[2]], U[:, H[1]] = 0, 0
    found = run_lstm(OPS, case.but(noise=LSTMNoise(inputs, recurrent)))
    assert_close(found["y"], run_lstm(OPS, case.but(W=W, U=U))["y"], SUMS["float64"])


def test_zoneout_keeps_the_states_before_the_step():
    case = noisy(lstm_case(T=1), zoneout_h=True, zoneout_c=True)
    out, plain = (lstm_forward(OPS, c, training=True) for c in (case, case.but(noise=None)))
    np.testing.assert_array_equal(out.h, np.where(case.noise.zoneout_h[0], case.h0, plain.h))
    np.testing.assert_array_equal(out.c, np.where(case.noise.zoneout_c[0], case.c0, plain.c))


def test_every_step_has_its_own_zoneout():
    case = noisy(lstm_case(), zoneout_h=True)
    y = lstm_forward(OPS, case, training=True).y
    before = np.concatenate([case.h0[None], y[:-1]])
    np.testing.assert_array_equal(y == before, case.noise.zoneout_h)


def test_inference_takes_the_mean_of_zoneout():
    case = lstm_case(T=1, spec=LSTMSpec(zoneout=(0.2, 0.7)))
    out, plain = lstm_forward(OPS, case), lstm_forward(OPS, case.but(spec=LSTMSpec()))
    np.testing.assert_allclose(out.h, 0.2 * case.h0 + 0.8 * plain.h, rtol=1e-14)
    np.testing.assert_allclose(out.c, 0.7 * case.c0 + 0.3 * plain.c, rtol=1e-14)


def test_training_without_zoneout_masks_keeps_nothing():
    case = lstm_case(spec=LSTMSpec(zoneout=(0.2, 0.7)))
    out, plain = (lstm_forward(OPS, c, training=True) for c in (case, case.but(spec=LSTMSpec())))
    np.testing.assert_array_equal(out.y, plain.y)


def test_gradients_of_absent_weights_are_absent():
    case = lstm_case(b=None)
    back = OPS.lstm_backward(lstm_forward(OPS, case, training=True).tape, case.dy, None, None, need_dx=False)
    assert [name for name, g in back.weights._asdict().items() if g is not None] == ["kernel", "recurrent_kernel"]
    assert back.dx is None


@pytest.mark.parametrize("combination", COMBINATIONS[::4], ids=str)
def test_a_stream_moves_as_the_whole_sequence_does(combination):
    case = Example(combination, N=3, T=4, D=5, H=7, P=2, first=(), seed=1).case().but(mask=None, noise=None)
    whole = lstm_forward(OPS, case)
    stream = lstm_stream(OPS, case, 3)
    outputs = [stream(x) for x in case.x]
    np.testing.assert_array_equal(outputs, whole.y)
    h, c = stream.states
    np.testing.assert_array_equal(h, whole.h)
    np.testing.assert_array_equal(c, whole.c)
