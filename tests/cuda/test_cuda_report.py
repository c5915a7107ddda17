"""The machine code of CUDA kernels, compared with the committed table where there is an assembler."""

from __future__ import annotations

import itertools
import sys
from pathlib import Path

import pytest

sys.path.append(str(Path(__file__).parents[2]))  # benchmarks is no installed package

from benchmarks.cuda_report.__main__ import TABLE, Row, faults, read, row
from benchmarks.cuda_report.code import ARCHITECTURES, architectures, ptx, tool
from benchmarks.cuda_report.kernels import launches

LIMITS = {
    "threads": 128,
    "dynamic": 0,
    "blocks": 8,
    "cooperative": False,
    "registers": 64,
    "spills": 0,
    "stack": 0,
    "shared": 0,
}
SOUND = Row("lstm_step_float32", "sm_80", **LIMITS, doubles=0, ffma=1, lds=1, lds_128=1)

#: Those that are compiled anew in a test: the inner loops of the LSTM and of products.
HOT = ("lstm_block_forward_50x1_float32", "lstm_grid_forward_512", "lstm_step_float32_training", "product_nn_float32_32_bias")


def compiled(name: str) -> str:
    """The full name of the first kernel whose name begins so."""
    return next(kernel for kernel in launches() if kernel.startswith(name))


def test_the_committed_table_has_every_kernel_and_no_fault():
    rows = read()
    assert {(r.kernel, r.architecture) for r in rows} == set(itertools.product(launches(), ARCHITECTURES))
    assert faults(rows) == []


@pytest.mark.parametrize(
    ("name", "architecture"),
    [*itertools.product(HOT, ("sm_80", "sm_90")), *itertools.product(("lstm_step_float32_training",), ("sm_75", "sm_120"))],
)
def test_the_assembler_agrees_with_the_committed_table(name, architecture):
    if tool("ptxas") is None:
        pytest.skip("no ptxas on PATH or in /usr/local/cuda/bin, so no machine code was made")
    if architecture not in architectures():
        pytest.skip(f"this ptxas does not know {architecture}")
    kernel = compiled(name)
    (committed,) = [r for r in read() if (r.kernel, r.architecture) == (kernel, architecture)]
    found = row(kernel, launches()[kernel], architecture)
    assert faults([found]) == []
    assert found.shared == committed.shared
    assert abs(found.registers - committed.registers) <= 8  # another release of the assembler may choose a little differently


@pytest.mark.parametrize("name", HOT)
def test_float32_kernels_have_no_float64_in_them(name):
    if tool("ptxas") is None:
        pytest.skip("no CUDA toolkit, so no PTX was made")
    assert ".f64" not in ptx(launches()[compiled(name)].kernel, "sm_80")


@pytest.mark.parametrize(
    ("change", "said"),
    [
        ({"spills": 4}, "spills 4 bytes"),
        ({"doubles": 1}, "on float64"),
        ({"threads": 1024, "registers": 65}, "more than a block has"),
        ({"dynamic": 200 * 1024}, "bytes of shared memory"),
        ({"cooperative": True, "blocks": 133}, "do not run at once"),
    ],
)
def test_a_fault_is_found(change, said):
    (fault,) = faults([Row(**{**vars(SOUND), **change})])
    assert said in fault


def test_the_table_is_beside_the_program():
    assert TABLE.name == "table.csv"
