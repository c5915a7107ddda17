"""The algorithms of the LSTM on the GPU: their selection, and that all of them return the same bits."""

from __future__ import annotations

import numpy as np
import pytest
from check_driver import CheckDriver
from kernel_cases import assert_lstm_equals_reference, lstm_case, run_lstm
from tolerances import RECURRENT

from numba_lstm.kernels.cuda.lstm import algorithms
from numba_lstm.kernels.cuda.lstm.persistent import block_algorithm, grid_algorithm
from numba_lstm.kernels.cuda.lstm.steps import stepwise_algorithm
from numba_lstm.kernels.cuda.runtime import driver
from numba_lstm.kernels.specs import Activation, LSTMSpec

H100 = {"name": "H100", "compute_capability": (9, 0), "multiprocessors": 132, "shared_opt_in": 227 * 1024}
A100 = {"name": "A100", "compute_capability": (8, 0), "multiprocessors": 108, "shared_opt_in": 163 * 1024}

CASES = {
    "plain": {},
    "options": {"masked": True, "peephole": True, "spec": LSTMSpec(clip=0.7, coupled=True)},
    "masked and clipped": {"masked": True, "spec": LSTMSpec(clip=0.7)},
    "other activations": {"spec": LSTMSpec(Activation("softsign"), Activation("hard_sigmoid"), Activation("silu"))},
}

#: N, T, H: rows and units that leave blocks and their tiles ragged, in one block and in many.
SIZES = [(3, 5, 5), (1, 4, 1), (9, 4, 18), (2, 3, 66)]


@pytest.fixture
def many(device):
    """A device on which a grid of many blocks runs at once."""
    mine = CheckDriver(multiprocessors=20)
    driver.bind(mine)
    return mine


@pytest.mark.parametrize(
    ("sizes", "options"), [*((sizes, "plain") for sizes in SIZES), *((SIZES[2], name) for name in CASES if name != "plain")]
)
@pytest.mark.parametrize("module", [block_algorithm, grid_algorithm], ids=lambda m: m.__name__.rpartition("_")[2])
def test_an_algorithm_has_the_bits_of_the_stepwise_one(ops, many, monkeypatch, module, sizes, options):
    N, T, H = sizes
    case = lstm_case(N, T, 2, H, dtype="float32", **CASES[options])
    monkeypatch.setattr(algorithms, "choose", lambda *_, **__: stepwise_algorithm)
    expected = run_lstm(ops, case)
    monkeypatch.setattr(algorithms, "choose", lambda *_, **__: module)
    found = run_lstm(ops, case)
    for name, value in expected.items():
        assert found[name].tobytes() == value.tobytes(), name


@pytest.mark.parametrize("rows", [1, 2, 4])
def test_rows_of_a_block(ops, device, rows):
    """A block has as many rows as the batch has for each multiprocessor. The last block is ragged."""
    N = 4 * rows - (rows > 1)
    assert_lstm_equals_reference(ops, lstm_case(N, 4, 2, 6, dtype="float32"), RECURRENT["float32"])
    launched = [
        (blocks, threads) for kernel, blocks, threads, _ in device.launches if kernel.name.startswith("lstm_block_forward")
    ]
    assert launched == [((4, 1, 1), (32, 1, 1))]


def test_a_cooperative_grid_of_many_blocks_is_right(ops, many, monkeypatch):
    monkeypatch.setattr(block_algorithm, "MAX_UNITS", 16)
    case = lstm_case(17, 4, 3, 19, dtype="float32", masked=True)
    assert_lstm_equals_reference(ops, case, RECURRENT["float32"])
    (blocks,) = [blocks for kernel, blocks, _, _ in many.launches if kernel.name.startswith("lstm_grid_backward")]
    assert blocks[0] > 1
    assert blocks[1] > 1


@pytest.mark.parametrize("back", [False, True])
def test_a_grid_that_the_driver_cannot_hold_is_not_launched(ops, many, monkeypatch, back):
    """A warning says so, and the stepwise algorithm returns the same bits."""
    monkeypatch.setattr(block_algorithm, "MAX_UNITS", 16)
    case = lstm_case(9, 4, 2, 19, dtype="float32")
    expected = run_lstm(ops, case)
    resident = many.resident_blocks
    word = "backward" if back else "forward"
    monkeypatch.setattr(many, "resident_blocks", lambda kernel, *sizes: 3 if word in kernel.name else resident(kernel, *sizes))
    many.launches.clear()
    with pytest.warns(RuntimeWarning, match=rf"holds 3 of the \d+ blocks of <Kernel lstm_grid_{word}.* one by one"):
        found = run_lstm(ops, case)
    launched = {kernel.name.split("_19_")[0] for kernel, *_ in many.launches if "grid" in kernel.name}
    assert launched == {"lstm_grid_forward" if back else "lstm_grid_backward"}
    for name, value in expected.items():
        assert found[name].tobytes() == value.tobytes(), name


@pytest.mark.parametrize(
    ("card", "N", "T", "H", "path"),
    [
        (H100, 1, 100, 50, "cuda:block:224x1"),
        (H100, 1024, 100, 50, "cuda:block:224x4"),
        (A100, 32, 100, 128, "cuda:block:512x1"),
        (H100, 64, 64, 512, "cuda:grid:"),
        (H100, 16, 32, 1024, "cuda:grid:"),
        (H100, 16, 32, 1280, "cuda:grid:"),
        (A100, 16, 32, 512, "cuda:grid:"),
        (H100, 16, 32, 2048, "cuda:steps:"),
        (H100, 4096, 32, 512, "cuda:steps:"),
        (H100, 16, 3, 50, "cuda:steps:"),
    ],
)
def test_the_choice_by_shape_and_device(ops, device, card, N, T, H, path):
    driver.bind(CheckDriver(**card))
    assert ops.lstm_path(N, T, 8, H, "float32", LSTMSpec(), training=True, rows=False, gatewise=False).startswith(path)


@pytest.mark.parametrize(
    ("facts", "H", "dtype", "spec"),
    [
        ({**H100, "cooperative": False}, 512, "float32", LSTMSpec()),
        ({**H100, "shared_opt_in": 48 * 1024}, 128, "float32", LSTMSpec()),
        (H100, 512, "float64", LSTMSpec()),
        (H100, 50, "float32", LSTMSpec(zoneout=(0.1, 0.0))),
    ],
    ids=["no cooperative launch", "little shared memory", "float64", "zoneout"],
)
def test_the_stepwise_algorithm_takes_what_the_others_do_not(ops, device, facts, H, dtype, spec):
    driver.bind(CheckDriver(**facts))
    assert ops.lstm_path(16, 32, 8, H, dtype, spec, training=True, rows=False, gatewise=False) == "cuda:steps:16x16"


@pytest.mark.parametrize("card", [H100, A100], ids=lambda card: card["name"])
def test_what_is_chosen_fits_the_device(device, card):
    """Shared memory, threads and registers of a block, and all blocks of a cooperative grid."""
    facts = CheckDriver(**card).properties
    for H in np.unique(np.geomspace(1, 1600, 60).astype(int)).tolist():
        for N in (1, 3, 16, 64, 200):
            block, grid = block_algorithm.shape(N, H, facts.multiprocessors), grid_algorithm.shape(N, H, facts)
            module = algorithms.choose(N, 10, H, "float32", plain=True, properties=facts)
            if module is block_algorithm:
                assert block.total_shared <= facts.shared_opt_in
                assert block.threads * block.registers <= facts.registers
            elif module is grid_algorithm:
                assert grid.total_shared <= facts.shared_opt_in
                assert grid.columns * -(-N // grid.rows) <= facts.multiprocessors
                assert grid.threads * grid.registers <= facts.registers
