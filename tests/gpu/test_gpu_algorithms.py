"""All algorithms of the LSTM on the GPU, and random combinations of options."""

from __future__ import annotations

import pytest
from kernel_cases import assert_lstm_equals_reference, lstm_case, run_lstm
from test_cuda_lstm_options import test_lstm_with_every_option, test_random_combinations
from tolerances import RECURRENT

from numba_lstm.kernels.specs import LSTMSpec

#: N, T, H for each algorithm, ragged or not; in blocks of more than 48 KiB of shared memory, and in grids of one or more tiles.
SIZES = [(3, 5, 5), (1, 4, 1), (9, 4, 18), (1000, 5, 50), (70, 6, 128), (3, 4, 131), (64, 5, 512), (16, 4, 1024), (5, 3, 40)]


@pytest.mark.parametrize("sizes", SIZES, ids=str)
def test_an_algorithm_equals_the_reference(ops, sizes):
    N, T, H = sizes
    case = lstm_case(N, T, 3, H, dtype="float32", masked=True)
    assert_lstm_equals_reference(ops, case, RECURRENT["float32"])


@pytest.mark.parametrize("sizes", SIZES, ids=str)
def test_an_algorithm_has_the_bits_of_the_stepwise_one_on_the_gpu(ops, monkeypatch, sizes):
    from numba_lstm.kernels.cuda.lstm import algorithms
    from numba_lstm.kernels.cuda.lstm.steps import stepwise_algorithm

    N, T, H = sizes
    case = lstm_case(N, T, 3, H, dtype="float32", peephole=True, spec=LSTMSpec(clip=0.7, coupled=True))
    found = run_lstm(ops, case)
    monkeypatch.setattr(algorithms, "choose", lambda *_, **__: stepwise_algorithm)
    for name, value in run_lstm(ops, case).items():
        assert found[name].tobytes() == value.tobytes(), name


@pytest.mark.parametrize(("H", "path"), [(50, "cuda:block:"), (2048, "cuda:steps:")])
def test_the_path_names_the_algorithm(ops, H, path):
    name = ops.lstm_path(16, 32, 8, H, "float32", LSTMSpec(), training=True, rows=False, gatewise=False)
    assert name.startswith(path)


@pytest.mark.parametrize("sizes", SIZES, ids=str)
def test_the_device_holds_the_grids_that_arithmetic_chooses(ops, sizes):
    N, T, H = sizes
    run_lstm(ops, lstm_case(N, T, 3, H, dtype="float32"))
