"""LSTMs with layer norms or a projection: the promises of bits and NaN, which other loops keep than those of plain LSTMs."""

from __future__ import annotations

import numpy as np
import pytest
from kernel_cases import assert_lstm_equals_reference, lstm_case, lstm_forward, run_lstm
from lstm_streams import lstm_stream
from tolerances import RECURRENT_OPTIONS

from numba_lstm import device
from numba_lstm.kernels.specs import Activation, LSTMSpec

DTYPE = "float32"
ROWWISE = {
    "projection": {"P": 5},
    "norms": {"normed": True},
    "both": {"P": 5, "normed": True, "peephole": True, "spec": LSTMSpec(clip=1.5, zoneout=(0.2, 0.1))},
}
each_rowwise = pytest.mark.parametrize("options", ROWWISE.values(), ids=ROWWISE)


@each_rowwise
@pytest.mark.parametrize("H", [1, 11, 50])
def test_a_row_in_a_batch_has_the_bits_of_the_row_alone(ops, options, H):
    case = lstm_case(N=13, H=H, dtype=DTYPE, masked=True, **options)
    y = ops.to_host(lstm_forward(ops, case).y)
    for n in range(13):
        row = slice(n, n + 1)
        alone = case.but(x=case.x[:, row], h0=case.h0[row], c0=case.c0[row], mask=case.mask[:, row])
        assert y[:, row].tobytes() == ops.to_host(lstm_forward(ops, alone).y).tobytes()


@each_rowwise
def test_a_stream_has_the_bits_of_a_sequence(ops, options):
    case = lstm_case(dtype=DTYPE, h0=None, c0=None, **options)
    whole, stream = lstm_forward(ops, case), lstm_stream(ops, case, 3)
    for x, y in zip(case.x, ops.to_host(whole.y), strict=True):
        assert stream(x).tobytes() == y.tobytes()
    h, c = stream.states
    assert (h.tobytes(), c.tobytes()) == (ops.to_host(whole.h).tobytes(), ops.to_host(whole.c).tobytes())


@each_rowwise
def test_states_of_a_stream(ops, options):
    """They can be set, and each stream has its own."""
    case = lstm_case(T=1, dtype=DTYPE, **options)
    stream = lstm_stream(ops, case, 3)
    stream(case.x[0])
    stream.set_states([case.h0, case.c0])
    assert stream(case.x[0]).tobytes() == ops.to_host(lstm_forward(ops, case).h).tobytes()


@each_rowwise
def test_threads_do_not_change_a_bit(ops, options):
    case = lstm_case(N=40, T=15, D=20, H=70, dtype=DTYPE, masked=True, **options)
    threads, results = device.get_num_threads(), []
    try:
        for n in (1, 2, 3):
            device.set_num_threads(n)
            results.append(run_lstm(ops, case))
    finally:
        device.set_num_threads(threads)
    for other in results[1:]:
        for name, value in results[0].items():
            assert other[name].tobytes() == value.tobytes(), name


@each_rowwise
@pytest.mark.parametrize("where", ["x", "h0", "c0"])
def test_nan_stays_nan_and_in_its_row(ops, options, where):
    case = lstm_case(dtype=DTYPE, **options)
    poisoned = getattr(case, where).copy()
    poisoned[(2, 1, 3) if where == "x" else (1, 3)] = np.nan
    clean, out = (ops.to_host(lstm_forward(ops, c).y) for c in (case, case.but(**{where: poisoned})))
    assert np.isnan(out[3 if where == "x" else 1 :, 1]).all()
    assert out[:, [0, 2]].tobytes() == clean[:, [0, 2]].tobytes()


@each_rowwise
def test_nan_in_a_masked_step_is_not_looked_at(ops, options):
    case = lstm_case(dtype=DTYPE, **options)
    mask = np.ones((5, 3), bool)
    mask[2, 1] = False
    poisoned = case.x.copy()
    poisoned[2, 1] = np.nan
    clean, out = (run_lstm(ops, case.but(x=x, mask=mask)) for x in (case.x, poisoned))
    for name, value in clean.items():
        assert out[name].tobytes() == value.tobytes(), name


@each_rowwise
def test_any_layout_has_the_same_bits(ops, options):
    case = lstm_case(dtype=DTYPE, **options)
    views = {"x": np.ascontiguousarray(case.x[::-1].swapaxes(0, 1)).swapaxes(0, 1)[::-1]}
    views["dy"] = np.concatenate([case.dy, np.full_like(case.dy, np.nan)], axis=-1)[..., : case.dy.shape[-1]]
    expected = run_lstm(ops, case)
    for name, value in run_lstm(ops, case.but(**views)).items():
        assert value.tobytes() == expected[name].tobytes(), name


@each_rowwise
def test_long_rows(ops, options):
    """Of more inputs and units than a chunk of a chain has."""
    case = lstm_case(N=7, T=2, D=150, H=260, dtype="float64", **options)
    assert_lstm_equals_reference(ops, case, RECURRENT_OPTIONS["float64"])


def test_lstm_with_a_custom_activation(ops):
    custom = Activation("custom", function=lambda x: x / (1 + np.abs(x)))
    case = lstm_case(spec=LSTMSpec(custom, output_activation=custom), P=5, normed=True)
    assert_lstm_equals_reference(ops, case, RECURRENT_OPTIONS["float64"])
