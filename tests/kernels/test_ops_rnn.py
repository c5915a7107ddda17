"""The GRU and the simple RNN of the CPU against the reference: sizes, options, and the promises about bits."""

from __future__ import annotations

import numpy as np
import pytest
from kernel_cases import DTYPES
from rnn_cases import GRU, GRU_BEFORE, OTHERS, SIMPLE, assert_rnn_equals_reference, rnn_case, rnn_forward, run_rnn
from tolerances import RECURRENT

from numba_lstm import set_num_threads
from numba_lstm.device import get_ops
from numba_lstm.kernels.contract import RNNNoise

SPECS = {"simple": SIMPLE, "gru": GRU, "gru, reset before": GRU_BEFORE}
OPS = get_ops("cpu")


@pytest.mark.parametrize("name", SPECS)
@pytest.mark.parametrize("dtype", DTYPES)
@pytest.mark.parametrize(
    "sizes", [(3, 5, 7, 11), (1, 7, 3, 300), (1, 4, 1, 300), (14, 3, 1, 44), (2, 2, 60, 60), (70, 2, 140, 11)]
)
def test_sizes(name, dtype, sizes):
    """Rows on both sides of a tile, units on both sides of vectors, blocks and bundles of blocks, and chunks of a sum."""
    assert_rnn_equals_reference(OPS, rnn_case(SPECS[name], *sizes, dtype=dtype), RECURRENT[dtype])


@pytest.mark.parametrize("name", SPECS)
@pytest.mark.parametrize("dtype", DTYPES)
@pytest.mark.parametrize(
    "options",
    [
        {"masked": True, "noise": "inputs recurrent"},
        {"noise": "recurrent", "dy": None},
        {"noise": "inputs", "N": 9, "dh": None},
        {"b": None, "h0": None, "masked": True},
    ],
    ids=str,
)
def test_options(name, dtype, options):
    assert_rnn_equals_reference(
        OPS, rnn_case(SPECS[name], dtype=dtype, **options), RECURRENT[dtype], need_dx="b" not in options
    )


@pytest.mark.parametrize("spec", OTHERS, ids=range(len(OTHERS)))
def test_activations_of_which_the_tape_keeps_the_argument_or_the_value(spec):
    assert_rnn_equals_reference(OPS, rnn_case(spec), RECURRENT["float64"])


@pytest.mark.parametrize("name", SPECS)
def test_nan_in_a_masked_step_reaches_nothing(name):
    case = rnn_case(SPECS[name], masked=True)
    poisoned = np.where(case.mask[..., None], case.x, np.nan)
    found, expected = run_rnn(OPS, case.but(x=poisoned)), run_rnn(OPS, case)
    for key, value in expected.items():
        np.testing.assert_array_equal(found[key], value, err_msg=key)


def alone(case, row):
    """One row of a case."""
    rows = slice(row, row + 1)
    changes = {key: getattr(case, key)[:, rows] for key in ("x", "dy", "mask")}
    noise = case.noise and RNNNoise(*(masks[:, rows] for masks in case.noise))
    return case.but(**changes, noise=noise, h0=case.h0[rows], dh=case.dh[rows])


@pytest.mark.parametrize("name", SPECS)
@pytest.mark.parametrize(("N", "noise"), [(3, ""), (13, "inputs recurrent")])
def test_bits_depend_neither_on_threads_nor_on_the_batch(name, N, noise):
    """Three rows of these units are split among a team, thirteen among threads."""
    case = rnn_case(SPECS[name], N, 4, 11, 360 if N == 3 else 140, dtype="float32", masked=True, noise=noise)
    set_num_threads(1)
    expected = run_rnn(OPS, case)
    set_num_threads(2)
    for key, value in run_rnn(OPS, case).items():
        np.testing.assert_array_equal(value, expected[key], err_msg=key)
    row = run_rnn(OPS, alone(case, 1))
    for key, of_row in (("y", row["y"][:, 0]), ("dx", row["dx"][:, 0])):
        np.testing.assert_array_equal(of_row, expected[key][:, 1], err_msg=key)
    np.testing.assert_array_equal(row["dh0"][0], expected["dh0"][1])
    np.testing.assert_array_equal(
        rnn_forward(OPS, case.but(noise=None), sequences=False).h, rnn_forward(OPS, case.but(noise=None)).y[-1]
    )
