"""What the contract promises of an LSTM beyond its numbers: any layout, NaN out for NaN in, bits, inputs left alone."""

from __future__ import annotations

import dataclasses

import numpy as np
import pytest
from kernel_cases import CELLS, DTYPES, LSTMCase, assert_lstm_equals_reference, lstm_case, lstm_forward, name_of, run_lstm
from tolerances import RECURRENT_LONG

from numba_lstm import device

pytestmark = pytest.mark.parametrize("dtype", DTYPES)


def rows_first(a):
    """The same values as a transposed view of a (N, T, D) array."""
    return np.ascontiguousarray(a.swapaxes(0, 1)).swapaxes(0, 1) if a.ndim == 3 else a


def backwards(a):
    """The same values as a view of an array in reverse order of time."""
    return np.ascontiguousarray(a[::-1])[::-1]


def wide(a):
    """The same values as a part of wider rows, whose other part must not be looked at."""
    return np.concatenate([a, np.full_like(a, np.nan)], axis=-1)[..., : a.shape[-1]]


def read_only(a):
    """The same values, not to be written to."""
    a = a.copy()
    a.flags.writeable = False
    return a


@pytest.mark.parametrize("layout", [rows_first, backwards, wide, read_only])
def test_any_layout_has_the_same_bits(ops, dtype, layout):
    case = lstm_case(dtype=dtype, masked=True)
    expected = run_lstm(ops, case)
    laid_out = run_lstm(ops, case.but(**{name: layout(a) for name, a in vars(case).items() if isinstance(a, np.ndarray)}))
    for name, value in expected.items():
        assert laid_out[name].tobytes() == value.tobytes(), name


@pytest.mark.parametrize("N", [3, 13])
def test_views_that_ops_make(ops, dtype, N):
    """A gathered batch is a transposed view, a flipped one runs backwards."""
    case = lstm_case(N=N, dtype=dtype)
    batch = ops.gather(np.ascontiguousarray(case.x.swapaxes(0, 1)), slice(None), dtype)
    out = ops.lstm_forward(ops.flip(batch), case.weights, None, None, case.spec)
    expected = lstm_forward(ops, case.but(x=np.ascontiguousarray(case.x[::-1]), h0=None, c0=None))
    assert ops.to_host(out.h).tobytes() == ops.to_host(expected.h).tobytes()


def test_inputs_are_left_alone(ops, dtype):
    case = lstm_case(dtype=dtype, masked=True)
    copy = LSTMCase(*(v.copy() if isinstance(v, np.ndarray) else v for v in vars(case).values()))
    run_lstm(ops, case)
    for f in dataclasses.fields(case):
        np.testing.assert_array_equal(getattr(case, f.name), getattr(copy, f.name))


@pytest.mark.parametrize("H", [1, 11, 50])
def test_a_row_in_a_batch_has_the_bits_of_the_row_alone(ops, dtype, H):
    case = lstm_case(N=13, H=H, dtype=dtype)
    batch = lstm_forward(ops, case)
    y, c = ops.to_host(batch.y), ops.to_host(batch.c)
    for n in range(13):
        row = slice(n, n + 1)
        alone = lstm_forward(ops, case.but(x=case.x[:, row], h0=case.h0[row], c0=case.c0[row]))
        assert y[:, row].tobytes() == ops.to_host(alone.y).tobytes()
        assert c[row].tobytes() == ops.to_host(alone.c).tobytes()


def test_a_step_in_a_sequence_has_the_bits_of_the_step_alone(ops, dtype):
    case = lstm_case(dtype=dtype)
    whole = lstm_forward(ops, case)
    h, c = case.h0, case.c0
    for t in range(5):
        step = lstm_forward(ops, case.but(x=case.x[t : t + 1], h0=h, c0=c))
        h, c = np.array(ops.to_host(step.h)), np.array(ops.to_host(step.c))
        assert ops.to_host(whole.y)[t].tobytes() == h.tobytes()


@pytest.mark.parametrize("sizes", [(64, 30, 20, 70), (12, 12, 20, 210)], ids=["rows", "rows by which sums are cut"])
def test_threads_do_not_change_a_bit(ops, dtype, sizes):
    """Sizes at which the work is worth sharing."""
    case = lstm_case(*sizes, dtype=dtype, masked=True)
    threads = device.get_num_threads()
    results = []
    try:
        for n in (1, 2, 3):
            device.set_num_threads(n)
            results.append(run_lstm(ops, case))
    finally:
        device.set_num_threads(threads)
    for other in results[1:]:
        for name, value in results[0].items():
            assert other[name].tobytes() == value.tobytes(), name
    assert_lstm_equals_reference(ops, case, RECURRENT_LONG[dtype])


@pytest.mark.parametrize("spec", CELLS, ids=name_of)
@pytest.mark.parametrize("where", ["x", "h0", "c0"])
def test_nan_stays_nan_and_in_its_row(ops, dtype, where, spec):
    case = lstm_case(dtype=dtype, spec=spec)
    poisoned = getattr(case, where).copy()
    poisoned[(2, 1, 3) if where == "x" else (1, 3)] = np.nan
    # In training, since those cells are compiled already for the comparison with the reference.
    clean, out = (lstm_forward(ops, c, training=True) for c in (case, case.but(**{where: poisoned})))
    y, start = ops.to_host(out.y), 2 if where == "x" else 0
    unit = 3 if where == "c0" else slice(None)  # at its first step a NaN in c is in its unit alone
    assert np.isnan(y[start, 1, unit]).all()
    assert np.isnan(y[start + 1 :, 1]).all()
    others = [0, 2]
    assert y[:, others].tobytes() == ops.to_host(clean.y)[:, others].tobytes()


@pytest.mark.parametrize("where", ["W", "U", "b"])
def test_nan_in_a_weight(ops, dtype, where):
    case = lstm_case(dtype=dtype)
    poisoned = getattr(case, where).copy()
    poisoned[..., 2 * 11 + 4] = np.nan  # unit 4 of the candidate
    y = ops.to_host(lstm_forward(ops, case.but(**{where: poisoned})).y)
    assert np.isnan(y[0, :, 4]).all()
    assert np.isnan(y[1:]).all()


def test_nan_in_a_masked_step_is_not_looked_at(ops, dtype):
    case = lstm_case(dtype=dtype)
    mask = np.ones((5, 3), bool)
    mask[2, 1] = False
    poisoned = case.x.copy()
    poisoned[2, 1] = np.nan
    clean, out = (lstm_forward(ops, case.but(x=x, mask=mask)) for x in (case.x, poisoned))
    assert ops.to_host(out.y).tobytes() == ops.to_host(clean.y).tobytes()


@pytest.mark.parametrize("where", ["dy", "dh", "dc"])
def test_nan_in_a_gradient(ops, dtype, where):
    case = lstm_case(dtype=dtype)
    poisoned = getattr(case, where).copy()
    poisoned[(4, 1, 3) if where == "dy" else (1, 3)] = np.nan
    found = run_lstm(ops, case.but(**{where: poisoned}))
    for name in ("dx", "dh0", "dc0"):
        rows = found[name] if name != "dx" else found[name][0]
        assert np.isnan(rows[1]).all(), name
        assert np.isfinite(rows[[0, 2]]).all(), name
    assert np.isnan(found["dU"]).all()


def test_far_states_and_inputs_stay_finite(ops, dtype):
    """Gates saturate, and nothing becomes inf - inf."""
    case = lstm_case(dtype=dtype)
    far = case.but(x=1e4 * case.x, c0=1e4 * case.c0)
    for name, value in run_lstm(ops, far).items():
        assert np.isfinite(value).all(), name
