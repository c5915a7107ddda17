"""Embedding: rows of a table by index, and the gradient of the table without atomics."""

from __future__ import annotations

from functools import cache
from typing import Any, NamedTuple

import numpy as np

from ...op_types import Weight
from ..arrays.arrays import device_value, matrix
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
            sum_ = zero
            for first in range(0, indices.size, WARP):
                position = first + lane()
                matches = uint32(cuda.ballot_sync(FULL, position < indices.size and indices[position] == index))
                while matches != 0:
                    m = first + cuda.ffs(matches) - 1
                    if k < out.shape[1]:
                        sum_ += dy[m, k]
                    matches = uint32(matches & uint32(matches - uint32(1)))
            if k < out.shape[1]:
                out[index, k] = sum_

    return gradient


def embedding_forward(indices: Array, table: Weight, *, training: bool = False) -> tuple[Array, EmbeddingTape | None]:
    """One thread per element."""
    rows = device_value(table)
    out = driver.current().empty((*indices.shape, rows.shape[1]), rows.dtype)
    launch_elements(_rows(rows.dtype.name), out.size, flat(indices), rows, matrix(out))
    return out, EmbeddingTape(indices, rows.shape[0]) if training else None


def embedding_backward(tape: EmbeddingTape, dy: Array) -> Array:
    """One warp per row and 32 columns of the table. It scans all indices and sums the matching rows of dy in order."""
    out = driver.current().empty((tape.rows, dy.shape[-1]), dy.dtype)
    blocks = -(-tape.rows // ROWS), -(-dy.shape[-1] // WARP)
    driver.current().launch(_gradient(dy.dtype.name), blocks, THREADS, (flat(tape.indices), matrix(dy), out))
    return out
