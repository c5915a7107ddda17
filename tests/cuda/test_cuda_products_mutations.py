"""Mutation tests of products, tiles of a step, column sums and ballots: a comparison or a fence must find each bug."""

from __future__ import annotations

import numpy as np
import pytest
from module_mutations import mutated
from tolerances import SUMS, assert_close

from numba_lstm.kernels.cuda.arrays import sums
from numba_lstm.kernels.cuda.gemm import gemm
from numba_lstm.kernels.cuda.lstm.steps import forward, tiles
from numba_lstm.kernels.cuda.ops import embedding

#: Name of a bug -> the source text that it replaces (at its first occurrence), and the new text.
PRODUCTS = {
    "no barrier before a slice is read": ("cuda.syncthreads()\n            for k in range(DEPTH)", "for k in range(DEPTH)"),
    "no barrier before a slice is overwritten": (
        "cuda.syncthreads()\n        for i in range(PER_THREAD)",
        "pass\n        for i in range(PER_THREAD)",
    ),
    "a column too many": ("row0 + r + i < M and column0 + c + j < N", "row0 + r + i < M and column0 + c + j <= N"),
    "no guard of the last terms": ("inside = k0 + k < end and row0 + m < M", "inside = row0 + m < M"),
}
TILES = {
    "no barrier before a tile is read": (
        "cuda.syncthreads()\n            for k in range(0, DEPTH, 4)",
        "for k in range(0, DEPTH, 4)",
    ),
    "no barrier before a tile is overwritten": (
        "cuda.syncthreads()\n            for i in range(thread",
        "for i in range(thread",
    ),
    "a thread's first row twice": ("offset = (first + r) * PITCH + k", "offset = first * PITCH + k"),
    "another unit's weights": ("w = 4 * (k * COLUMNS + u)", "w = 4 * (k * COLUMNS + (u ^ 1))"),
}
COLUMNS = {
    "no barrier before the partial sums are added": ("sum_\n        cuda.syncthreads()", "sum_"),
    "a partial sum left out": ("shared[2, u] + shared[3, u]", "shared[2, u] + shared[2, u]"),
}
BALLOTS = {
    "no guard of the last indices": ("position < indices.size and ", ""),
    "the first match alone": ("while matches != 0:", "if matches != 0:"),
}


def numbers(*shape):
    return np.random.default_rng([4, *shape]).standard_normal(shape).astype("float32")


def product(device, change):
    a, b = numbers(37, 41), numbers(41, 35)
    found = mutated(gemm, *change).product(device.upload(a), device.upload(b))
    return device.download(found), a.astype("float64") @ b


def tile(device, change):
    """Two tiles of rows, two of units and two of terms, all ragged. Each unit has four columns, one for each gate."""
    a, b = numbers(19, 37), numbers(37, 4 * 18)
    steps = mutated(forward, "", "")
    steps.gate_tile = mutated(tiles, *change).gate_tile
    out, unused = device.empty((19, 4 * 18), np.float32), (device.empty((1,), np.float32), device.empty((1, 1, 1), np.float32))
    kernel = steps.gate_products("float32", False)
    device.launch(kernel, tiles.grid(19, 18), tiles.THREADS, (out, device.upload(a), device.upload(b), *unused))
    return device.download(out), a.astype("float64") @ b


def columns(device, change):
    a = numbers(39, 33)
    return device.download(mutated(sums, *change).column_sums(device.upload(a)))[0], a.astype("float64").sum(0)


def ballot(device, change):
    """The gradient of a table, by votes of 32 indices at a time, the last ones ragged."""
    indices, dy = np.array([0, 1, 2] * 13), numbers(39, 3)
    tape = embedding.EmbeddingTape(device.upload(indices), 4)
    found = device.download(mutated(embedding, *change).embedding_backward(tape, device.upload(dy)))
    return found, np.stack([dy[indices == k].sum(0, dtype="float64") for k in range(4)])


FACTORIES = (product, PRODUCTS), (tile, TILES), (columns, COLUMNS), (ballot, BALLOTS)
BUGS = [(run, *bug) for run, bugs in FACTORIES for bug in bugs.items()]


@pytest.mark.parametrize(("run", "bug", "change"), BUGS, ids=[bug for _, bug, _ in BUGS])
def test_a_mutation_of_products_is_found(device, run, bug, change):
    with pytest.raises((AssertionError, IndexError)):
        assert_close(*run(device, change), SUMS["float32"])


@pytest.mark.parametrize("run", [product, tile, columns, ballot], ids=lambda run: run.__name__)
def test_unmutated_products_are_right(device, run):
    assert_close(*run(device, ("", "")), SUMS["float32"])
