"""CPU: the embedding ops copy rows of the table, and add rows to its gradient one after another."""

from __future__ import annotations

from functools import cache
from typing import Any, NamedTuple

import numpy as np
import numpy.typing as npt

from ...contract import Weight
from ..arrays.copy_tasks import zeroed
from ..compiler.jit import kernel
from ..gemm.layout import NUMBA, dtype_name
from ..runtime.graph import run_eagerly
from ..runtime.memory import empty
from ..runtime.recording import look_up
from ..runtime.strides import has_kernel_strides
from ..runtime.task import HostCall, KernelCall
from ..runtime.weight_values import value_of
from ..simd.vector import data

Array = npt.NDArray[Any]


class _Tape(NamedTuple):
    indices: Array
    rows: int


@cache
def _add_rows(dtype: str) -> Any:
    def embedding_add_rows(indices, dy, out):
        T, N, D = dy.shape
        outer, inner = dy.strides[0] // dy.itemsize, dy.strides[1] // dy.itemsize
        d_, o_ = data(dy), data(out)
        for t in range(T):
            for n in range(N):
                at, to = t * outer + n * inner, indices[t, n] * D
                for d in range(D):
                    o_[to + d] += d_[at + d]

    return kernel(embedding_add_rows, f"embedding_add_rows_{dtype}", NUMBA[dtype], "l2 x3 f2")


@cache
def _take_rows(dtype: str) -> Any:
    def embedding_rows(indices, table, out):
        D, row = table.shape[1], table.strides[0] // table.itemsize
        w_, o_ = data(table), data(out)
        for t in range(out.shape[0]):
            for n in range(out.shape[1]):
                at, to = indices[t, n, 0] * row, (t * out.shape[1] + n) * D
                for d in range(D):
                    o_[to + d] = w_[at + d]

    return kernel(embedding_rows, f"embedding_rows_{dtype}", NUMBA[dtype], "l3 x2 f3")


def _taken(indices: Array, table: Array, out: Array) -> KernelCall | HostCall:
    """Return the task that copies rows: a kernel's for indices (T, N)."""
    if indices.ndim != 2 or indices.dtype != np.int64 or not all(map(has_kernel_strides, (indices[..., None], table))):
        return HostCall(np.take, table, indices, axis=0, out=out)
    return KernelCall(_take_rows(dtype_name(out.dtype)), indices[..., None], table, out)


def embedding_forward(indices: Array, table: Weight, *, training: bool = False) -> tuple[Array, _Tape | None]:
    """CPU: copies of rows; the plan of a decoder copies those of its tokens by itself."""
    rows = value_of(table)
    y = look_up(indices, rows)
    if y is None:
        y = empty((*indices.shape, rows.shape[1]), rows.dtype)
        run_eagerly([_taken(indices, rows, y)])
    return y, _Tape(indices, len(rows)) if training else None


def embedding_backward(tape: _Tape, dy: Array) -> Array:
    """CPU: a serial loop, since an index may occur anywhere."""
    gradient = empty((tape.rows, dy.shape[-1]), dy.dtype)
    steps = (tape.indices, dy) if dy.ndim == 3 else (tape.indices[None], dy[None])
    run_eagerly([zeroed(gradient), KernelCall(_add_rows(dtype_name(dy.dtype)), *steps, gradient)])
    return gradient
