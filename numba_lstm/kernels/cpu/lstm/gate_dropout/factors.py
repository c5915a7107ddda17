"""Dropout factors per gate (recurrent dropout): the four gates of an LSTM multiply x and h by different factors.

An element of x or h becomes four, one for each gate. A tile reads the element of each vector's gate, where it otherwise reads
one element for all vectors. The elements of the gates of a block are interleaved, so that a block reads no others; the blocks
are separate *planes*.
"""

from __future__ import annotations

from functools import cache
from typing import Any

import numpy as np
import numpy.typing as npt

from .....gates import COUNT
from ....contract import LSTMNoise
from ...arrays.copy_tasks import contiguous, copied
from ...compiler.jit import inlined, kernel
from ...gemm.backward import one_gate_rows
from ...gemm.layout import NUMBA, PanelLayout, VectorGeometry, column_layout
from ...gemm.microkernel import TILE_ROWS, tile_height
from ...gemm.operands import Matrix, TapeRows, Transposed
from ...runtime import thread_pool
from ...runtime.graph import run_eagerly
from ...runtime.memory import aligned
from ...runtime.task import KernelCall, parallel_for
from ...simd.vector import data, load, load_each, store

Array = npt.NDArray[Any]


@inlined
def multiplied(a, at, n, dropout_factors, dropout_at, out, out_at, elements, interleaved, V):
    """Multiply n elements of a row by the factors of ``interleaved`` gates.

    It processes ``elements`` elements at a time (V lanes), and up to ``elements - 1`` beyond the row.
    """
    for k in range(0, n, elements):
        factors = load(dropout_factors, dropout_at + interleaved * k, V)
        store(out, out_at + interleaved * k, load_each(a, at + k, elements, interleaved) * factors)


def forward_factors(noise: LSTMNoise, sizes: tuple[int, int, int], geometry: VectorGeometry) -> Array:
    """Return the factors (G, N, interleaved gates * width) of rows ``[h | x | 1]``, h in ``padded`` columns, plus a vector.

    ``sizes`` is (N, padded, D).
    """
    N, padded, D = sizes
    dropout_factors = aligned((geometry.G, N, padded + D + 1 + geometry.V, geometry.B), geometry.dtype)
    dropout_factors[...] = 1
    if noise.recurrent is not None:
        planes = dropout_factors[:, :, : noise.recurrent.shape[2]]
        run_eagerly([copied(_in_planes(noise.recurrent, geometry), planes)])
    if noise.inputs is not None:
        run_eagerly([copied(_in_planes(noise.inputs, geometry), dropout_factors[:, :, padded : padded + D])])
    return dropout_factors.reshape(geometry.G, N, -1)


def _in_planes(dropout_factors: Array, geometry: VectorGeometry) -> Array:
    """Return factors (4, N, n) as (G, N, n, interleaved gates)."""
    dropout_factors = contiguous(dropout_factors)
    return dropout_factors.reshape(geometry.G, geometry.B, *dropout_factors.shape[1:]).transpose(0, 2, 3, 1)


def backward_factors(dropout_factors: Array | None, N: int, n: int, padded: int, dtype: Any) -> Array:
    """Return the factors (4, N, padded) of the gradients that the gates pass back to n columns; ones for None."""
    out = np.ones((COUNT, N, padded), dtype)
    if dropout_factors is not None:
        run_eagerly([copied(dropout_factors, out[:, :, :n])])
    return out


@cache
def _per_gate_product(geometry: VectorGeometry, C: int) -> Any:
    """Return the kernel of ``out = sum over gates of dropout_factors * (dz W^T)`` for steps t0 .. t1 of out (T, N, columns).

    The last block has C vectors.
    """
    B, V, w, panel = geometry.B, geometry.V, geometry.w, COUNT * geometry.V

    def per_gate_product(dz, W, dropout_factors, out, H, lanes, blocks, panel_stride, t0, t1):
        N, columns = out.shape[1], out.shape[2]
        whole, rest, K = H // V, H % V, COUNT * H
        dz_, W_, f_, o_ = data(dz), data(W), data(dropout_factors), data(out)
        for q in range(blocks + (1 if C > 0 else 0)):
            for t in range(t0, t1):
                for gate in range(COUNT):
                    r, tiles = 0, (N + TILE_ROWS - 1) // TILE_ROWS
                    while r < N:
                        n, m = tile_height(N - r, tiles), t * N + r
                        last_at = whole * panel_stride + m * COUNT * lanes
                        arguments = (
                            gate, TapeRows(dz_, m * panel, panel_stride, whole, last_at, lanes, rest),
                            Transposed(W_, q * w * K, K), Matrix(f_, (gate * N + r) * columns + q * w, columns),
                            Matrix(o_, m * columns + q * w, columns), 1 if gate == 0 else 0,
                        )  # fmt: skip
                        if q < blocks:
                            one_gate_rows(n, B, B, B, V, arguments)
                        else:
                            one_gate_rows(n, C, C, C, V, arguments)
                        r += n
                        tiles -= 1

    name = f"per_gate_product_{geometry.dtype}x{V}_{C}"
    return kernel(per_gate_product, name, NUMBA[geometry.dtype], "f1 f1 f3 f3 i i i i i i")


def input_gradient(
    size: tuple[int, int, int],
    W: Array,
    inputs: Array | None,
    dz: Array,
    geometry: VectorGeometry,
    layout: PanelLayout,
    panel_stride: int,
) -> Array:
    """Return ``dx`` (T, N, D) with dropout factors per gate, for W transposed in blocks and dz as the tape holds it."""
    T, N, D = size
    blocks = column_layout(D, geometry)
    padded = blocks.padded(geometry)
    dx = aligned((T, N, padded), dz.dtype)
    dropout_factors = backward_factors(inputs, N, D, padded, dz.dtype)
    run = _per_gate_product(geometry, blocks.C)
    sizes = layout.H, layout.lanes, blocks.full, panel_stride
    splits = thread_pool.num_splits(T * N * D * layout.gates, T)
    run_eagerly([parallel_for(T, splits, lambda _, steps: KernelCall(run, dz, W, dropout_factors, dx, *sizes, *steps))])
    return dx[:, :, :D]
