"""Rows of a table by their indices, and the table's gradient without atomics."""

from __future__ import annotations

from functools import cache
from typing import Any, NamedTuple

import numpy as np

from ...values import Weight
from ..arrays.arrays import matrix, on_device
from ..arrays.elementwise import flat
from ..arrays.sums import FULL
from ..runtime import driver
from ..runtime.compiler import Kernel, cuda, jit, uint32
from ..runtime.launch import ROWS, THREADS, WARP, element, lane, launch_elements, row

Array = Any


class EmbeddingTape(NamedTuple):
    """What :func:`embedding_backward` needs."""

    indices: Array
    rows: int


@cache
def _rows(dtype: str) -> Kernel:
    @jit("n1 f2 f2", dtype, f"embedding_{dtype}")
    def rows(indices, table, out):
        i = element()
        if i < out.size:
            m, k = i // out.shape[1], i % out.shape[1]
            out[m, k] = table[indices[m], k]

    return rows


@cache
def _gradient(dtype: str) -> Kernel:
    zero = np.dtype(dtype).type(0)

    @jit("n1 f2 f2", dtype, f"embedding_gradient_{dtype}")
    def gradient(indices, dy, out):
        index, k = row(), cuda.blockIdx.y * WARP + lane()
        if index < out.shape[0]:
            own = zero
            for first in range(0, indices.size, WARP):
                place = first + lane()
                found = uint32(cuda.ballot_sync(FULL, place < indices.size and indices[place] == index))
                while found != 0:
                    m = first + cuda.ffs(found) - 1
                    if k < out.shape[1]:
                        own += dy[m, k]
                    found = uint32(found & uint32(found - uint32(1)))
            if k < out.shape[1]:
                out[index, k] = own

    return gradient


def embedding_forward(indices: Array, table: Weight, *, training: bool = False) -> tuple[Array, EmbeddingTape | None]:
    """A thread a number."""
    rows = on_device(table)
    out = driver.current().empty((*indices.shape, rows.shape[1]), rows.dtype)
    launch_elements(_rows(rows.dtype.name), out.size, flat(indices), rows, matrix(out))
    return out, EmbeddingTape(indices, rows.shape[0]) if training else None


def embedding_backward(tape: EmbeddingTape, dy: Array) -> Array:
    """A warp a row of the table and 32 of its columns: it reads all indices, and adds up what is its own in their order."""
    out = driver.current().empty((tape.rows, dy.shape[-1]), dy.dtype)
    blocks = -(-tape.rows // ROWS), -(-dy.shape[-1] // WARP)
    driver.current().launch(_gradient(dy.dtype.name), blocks, THREADS, (flat(tape.indices), matrix(dy), out))
    return out
