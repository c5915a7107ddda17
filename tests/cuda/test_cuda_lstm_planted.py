"""The checks are checked: each bug planted in the LSTM's kernels must make a comparison fail, or a run stop with an error."""

from __future__ import annotations

import inspect
from contextlib import nullcontext

import pytest
from check_driver import CheckDriver
from kernel_cases import assert_twin_lstm, lstm_case
from planting import planted
from tolerances import RECURRENT

from numba_lstm.kernels.cuda.lstm import algorithms
from numba_lstm.kernels.cuda.lstm.persistent import block_algorithm, grid_algorithm
from numba_lstm.kernels.cuda.runtime import driver

#: What is planted, where, instead of what (the first of these lines), and what.
BLOCK = {
    "no barrier after a step": ("kf, kg, ko)\n            cuda.syncthreads()", "kf, kg, ko)"),
    "no barrier after dz": ("ds[uint64(first + 3 * K)] = do\n            cuda.syncthreads()", "ds[uint64(first + 3 * K)] = do"),
    "no barrier in the warp": ("cuda.syncwarp()", "pass"),
    "one buffer of h": ("(~t & 1) * buffer", "(t & 1) * buffer"),
    "two gates swapped": ("zi, zf, zg, zo = four(zs", "zi, zg, zf, zo = four(zs"),
    "the neighbour's lane": ("uint64(g * threads + thread - g)", "uint64(g * threads + (thread - g + 4) % threads)"),
    "no guard of the last rows": ("g < R and n < N and j < units", "g < R and j < units"),
    "no guard of the last units": ("g < R and n < N and j < units", "g < R and n < N"),
    "the last step's weights in the wrong place": ("w[k] = U[k, column]", "w[k] = U[(k + 1) % units, column]"),
}
GRID = {
    "nobody waits for the other blocks": ("while cuda.atomic.add(counters, tile, 0) < count:", "while count < 0:"),
    "one block too few": ("(t + 1) * blocks)", "(t + 1) * blocks - 1)"),
    "one block too few on the way back": ("(s + 1) * blocks)", "(s + 1) * blocks - 1)"),
    "one block too many": ("(s + 1) * blocks)", "(s + 1) * blocks + 1)"),
    "no barrier before the staged rows are read": (
        "else zero\n        cuda.syncthreads()\n\n    return staged",
        "else zero\n\n    return staged",
    ),
    "the rows of another thread": ("thread // units * HEIGHT, cuda.blockIdx.y", "thread // units, cuda.blockIdx.y"),
}
BUGS = [(block_algorithm, *bug) for bug in BLOCK.items()] + [(grid_algorithm, *bug) for bug in GRID.items()]


def way(module, old, new):
    """The module with a bug. What it leaves alone of the ways forward and back is the module's own, compiled once for all."""
    other, factories = planted(module, old, new), ("forward_kernel", "backward_kernel")
    changed = next((name for name in factories if old in inspect.getsource(getattr(module, name))), None)
    for name in factories:
        if changed not in (None, name):
            setattr(other, name, getattr(module, name))
    return other


@pytest.mark.parametrize(("module", "bug", "change"), BUGS, ids=[bug for _, bug, _ in BUGS])
def test_a_planted_bug_is_found(ops, device, monkeypatch, module, bug, change):
    compare_with(ops, monkeypatch, module, way(module, *change), wrong=True)


@pytest.mark.parametrize("module", [block_algorithm, grid_algorithm], ids=["block", "grid"])
def test_nothing_planted_is_no_fault(ops, device, monkeypatch, module):
    compare_with(ops, monkeypatch, module, module, wrong=False)


def compare_with(ops, monkeypatch, module, taken, *, wrong):
    """Compare what is answered where ``taken`` is the way, and expect it to be wrong or right."""
    # One block of four rows, with one of them beyond the batch, and small enough that what is written beyond meets a fence; or
    # a grid of two by five blocks.
    sizes, multiprocessors = ((3, 4, 2, 6), 1) if module is block_algorithm else ((9, 4, 2, 18), 20)
    driver.bind(CheckDriver(multiprocessors=multiprocessors))
    monkeypatch.setattr(algorithms, "choose", lambda *_, **__: taken)
    with pytest.raises((AssertionError, IndexError, RuntimeError)) if wrong else nullcontext():
        assert_twin_lstm(ops, lstm_case(*sizes, dtype="float32"), RECURRENT["float32"])
