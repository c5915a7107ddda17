"""Mutation tests of the LSTM kernels: each bug must make a comparison fail, or a run stop with an error."""

from __future__ import annotations

import inspect
from contextlib import nullcontext
from dataclasses import replace

import numpy as np
import pytest
from check_driver import CheckDriver
from kernel_cases import assert_lstm_equals_reference, lstm_case, lstm_forward
from module_mutations import mutated
from tolerances import RECURRENT

from numba_lstm.device import get_ops
from numba_lstm.kernels.cuda.lstm import algorithms, call, forward
from numba_lstm.kernels.cuda.lstm.persistent import block_algorithm, grid_algorithm
from numba_lstm.kernels.cuda.lstm.steps import stepwise_algorithm
from numba_lstm.kernels.cuda.runtime import driver

#: Name of a bug -> the source text that it replaces (at its first occurrence), and the new text.
BLOCK = {
    "no barrier after a step": ("= output\n            cuda.syncthreads()", "= output"),
    "no barrier after dz": ("df, dg, do)\n            cuda.syncthreads()", "df, dg, do)"),
    "no barrier in the warp": ("cuda.syncwarp()", "pass"),
    "one buffer of h": ("(~t & 1) * buffer", "(t & 1) * buffer"),
    "two gates swapped": ("zi, zf, zg, zo = load4(zs", "zi, zg, zf, zo = load4(zs"),
    "the neighbour's lane": ("uint64(g * threads + thread - g)", "uint64(g * threads + (thread - g + 4) % threads)"),
    "no guard of the last rows": ("g < R and n < N and j < units", "g < R and j < units"),
    "no guard of the last units": ("g < R and n < N and j < units", "g < R and n < N"),
    "the last step's weights in the wrong place": ("w[k] = U[k, column]", "w[k] = U[(k + 1) % units, column]"),
}
#: In blocks of one row, where each thread of a unit computes its gate.
LANES = {
    "a lane's gate before its sum": ("sums[0] = lane(sums[0]", "sums[0] = lane(next_z[0]"),
    "the gate of another lane": ("lane(sums[0], g, t", "lane(sums[0], 3 - g, t"),
    "no guard of a lane beyond the units": ("column, j < units, z)", "column, True, z)"),
    "no barrier in the warp before gates are read": ("cuda.syncwarp()", "pass"),
}
GRID = {
    "no block waits for the others": ("while cuda.atomic.add(counters, tile * COUNTER_STRIDE, 0) < count:", "while count < 0:"),
    "a block arrives before all its threads have written": (
        "cuda.syncthreads()\n    if cuda.threadIdx.x == 0:\n        cuda.threadfence()",
        "if cuda.threadIdx.x == 0:\n        cuda.threadfence()",
    ),
    "no dynamic shared memory": ("(*arrays, counters), size.shared,", "(*arrays, counters), 0,"),
    "one block too few": ("(t + 1) * blocks)", "(t + 1) * blocks - 1)"),
    "one block too few in the backward pass": ("(s + 1) * blocks)", "(s + 1) * blocks - 1)"),
    "one block too many": ("(s + 1) * blocks)", "(s + 1) * blocks + 1)"),
    "no barrier before the staged rows are read": (
        "else zero\n        cuda.syncthreads()\n\n    return stage_rows",
        "else zero\n\n    return stage_rows",
    ),
    "the rows of another thread": ("thread // units * ROWS_PER_THREAD, cuda.blockIdx.y", "thread // units, cuda.blockIdx.y"),
}
BUGS = [
    *((block_algorithm, 1, *bug) for bug in BLOCK.items()),
    *((block_algorithm, 20, *bug) for bug in LANES.items()),
    *((grid_algorithm, 20, *bug) for bug in GRID.items()),
]


def with_bug(module, old, new):
    """Return the module with a bug. A kernel without the bug is that of the module, which is compiled once."""
    other, factories = mutated(module, old, new), ("forward_kernel", "backward_kernel")
    changed = next((name for name in factories if old in inspect.getsource(getattr(module, name))), None)
    for name in factories:
        if changed not in (None, name):
            setattr(other, name, getattr(module, name))
    return other


@pytest.mark.parametrize(("module", "multiprocessors", "bug", "change"), BUGS, ids=[bug for _, _, bug, _ in BUGS])
def test_a_mutation_of_the_lstm_is_found(ops, device, monkeypatch, module, multiprocessors, bug, change):
    compare_with(ops, monkeypatch, module, multiprocessors, with_bug(module, *change), wrong=True)


@pytest.mark.parametrize(
    ("module", "multiprocessors"),
    [(block_algorithm, 1), (block_algorithm, 20), (grid_algorithm, 20)],
    ids=["block of four rows", "blocks of one row", "grid"],
)
def test_the_unmutated_lstm_is_right(ops, device, monkeypatch, module, multiprocessors):
    compare_with(ops, monkeypatch, module, multiprocessors, module, wrong=False)


@pytest.mark.parametrize("states", [1, 2])
@pytest.mark.parametrize(
    ("algorithm", "multiprocessors"), [(grid_algorithm, 20), (stepwise_algorithm, 4)], ids=["grid", "steps"]
)
def test_prediction_needs_two_states(ops, monkeypatch, algorithm, multiprocessors, states):
    """Several blocks of units: with one state in place of a ring of two, a block reads what another has just written."""

    def prepare(*arguments, **options):
        made = call.prepare(*arguments, **options)
        return replace(made, h=made.h[:states], c=made.c[:states])

    monkeypatch.setattr(forward, "prepare", prepare)
    monkeypatch.setattr(algorithms, "choose", lambda *_, **__: algorithm)
    case = lstm_case(9, 4, 2, 40 if algorithm is stepwise_algorithm else 18, dtype="float32")
    expected = lstm_forward(get_ops("reference"), case.in_float64(), sequences=False).h
    driver.bind(CheckDriver(multiprocessors=multiprocessors))
    found = ops.to_host(lstm_forward(ops, case, sequences=False).h)
    assert np.allclose(found, expected, atol=1e-4) == (states == 2)


def compare_with(ops, monkeypatch, module, multiprocessors, algorithm, *, wrong):
    """Compare the results of an algorithm with the reference, and expect them to be wrong or right."""
    # One block of four rows, one of them beyond the batch, so small that a write beyond reaches a fence; three blocks of one
    # row; or a grid of two by five blocks.
    sizes = (3, 4, 2, 6) if module is block_algorithm else (9, 4, 2, 18)
    driver.bind(CheckDriver(multiprocessors=multiprocessors))
    monkeypatch.setattr(algorithms, "choose", lambda *_, **__: algorithm)
    with pytest.raises((AssertionError, IndexError, RuntimeError)) if wrong else nullcontext():
        assert_lstm_equals_reference(ops, lstm_case(*sizes, dtype="float32"), RECURRENT["float32"])
