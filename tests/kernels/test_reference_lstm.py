"""The reference's LSTM: its gradient against finite differences, and what masks and states mean."""

from __future__ import annotations

import numpy as np
import pytest
from kernel_cases import CELLS, lstm_case, lstm_forward, name_of, run_lstm
from lstm_gradients import assert_gradients

from numba_lstm.device import get_ops

OPS = get_ops("reference")
SMALL = {"N": 3, "T": 4, "D": 2, "H": 3}


@pytest.mark.parametrize("spec", CELLS, ids=name_of)
def test_gradient_of_every_activation_in_every_role(spec):
    assert_gradients(lstm_case(**SMALL, spec=spec))


def test_gradient_with_a_mask():
    assert_gradients(lstm_case(**SMALL, masked=True, seed=3))


@pytest.mark.parametrize("given", ["dy", "dh", "dc"])
def test_gradient_of_each_output_alone(given):
    assert_gradients(lstm_case(**SMALL, **{name: None for name in ("dy", "dh", "dc") if name != given}))


@pytest.mark.parametrize("sizes", [(3, 2, 5, 7), (1, 4, 2, 3), (3, 1, 2, 3), (2, 3, 1, 1)])
def test_gradient_of_unequal_sizes(sizes):
    assert_gradients(lstm_case(*sizes))


def test_absent_bias_and_states_are_zero():
    case = lstm_case()
    absent = run_lstm(OPS, case.but(b=None, h0=None, c0=None))
    zero = run_lstm(OPS, case.but(b=0 * case.b, h0=0 * case.h0, c0=0 * case.c0))
    assert absent["db"] is None
    for name in absent.keys() - {"db"}:
        np.testing.assert_array_equal(absent[name], zero[name])


def test_a_masked_step_leaves_no_trace():
    case = lstm_case()
    mask = np.ones((5, 3), bool)
    mask[2] = False
    with_gap = lstm_forward(OPS, case.but(mask=mask))
    without = lstm_forward(OPS, case.but(x=np.delete(case.x, 2, axis=0)))
    np.testing.assert_array_equal(np.delete(with_gap.y, 2, axis=0), without.y)
    np.testing.assert_array_equal(with_gap.c, without.c)


def test_a_masked_step_is_not_looked_at():
    """Nor does it add to a gradient: 0 times NaN would be NaN."""
    case = lstm_case(masked=True)
    poisoned = np.where(case.mask[..., None], case.x, np.nan)
    found, expected = run_lstm(OPS, case.but(x=poisoned)), run_lstm(OPS, case)
    for name, value in expected.items():
        np.testing.assert_array_equal(found[name], value, err_msg=name)


def test_a_row_of_nothing_keeps_its_states():
    case = lstm_case(mask=np.arange(3) != np.full((5, 1), 1))
    out = lstm_forward(OPS, case)
    np.testing.assert_array_equal(out.y[:, 1], np.tile(case.h0[1], (5, 1)))
    np.testing.assert_array_equal(out.c[1], case.c0[1])


def test_a_masked_step_puts_out_the_state_before_it():
    case = lstm_case(mask=np.array([[False, True, True], *[[True, False, True]] * 4]))
    y = lstm_forward(OPS, case).y
    np.testing.assert_array_equal(y[0, 0], case.h0[0])
    np.testing.assert_array_equal(y[4, 1], y[0, 1])


def test_no_tape_and_no_outputs_unless_asked_for():
    out = lstm_forward(OPS, lstm_case(), sequences=False, training=False)
    assert out.y is None
    assert out.tape is None


@pytest.mark.parametrize("dtype", ["float32", "float64"])
def test_dtype_in_is_dtype_out(dtype):
    case = lstm_case(dtype=dtype, masked=True)
    assert {a.dtype for a in run_lstm(OPS, case).values()} == {np.dtype(dtype)}


def test_path():
    assert OPS.lstm_path(3, 5, 7, 11, np.float64, CELLS[0], training=True, rows=True, gatewise=False) == "reference"
