"""Gradients of weights: ``a^T dz`` over all steps, split by output columns, so that threads never share a sum.

The order of each sum depends on the number of rows alone: chains of ``CHAIN`` rows, one after another.
"""

from __future__ import annotations

from functools import cache
from typing import Any

import numpy.typing as npt

from ...gates import COUNT
from . import pool
from .jit import kernel
from .memory import aligned
from .panels import NUMBA, Panels, Shape, columns
from .simd import data, splat, store
from .tile import HEIGHT, height, outer_rows

Array = npt.NDArray[Any]

#: Rows after which a tile's sums go to memory: this many rows of both operands stay in the first-level cache.
CHAIN = 256


@cache
def _gate_columns(shape: Shape, C: int) -> Any:
    """Blocks q0 .. q1 of ``a^T dz`` for dz as the tape holds it, C vectors in the tail's block; ``block`` is scratch (K, w)."""
    V, G, B, w, panel = shape.V, shape.G, shape.B, shape.w, COUNT * shape.V
    v = C * V // COUNT

    def gate_columns(a, dz, block, out, H, full, q0, q1):
        M, K = a.shape[0], out.shape[0]
        a_rows = a.strides[0] // a.itemsize
        a_, d_, b_ = data(a), data(dz), data(block)
        for q in range(q0, q1):
            p, g = q // G, q % G
            whole = p < full
            at, d_rows, width, lanes = p * M * panel + g * w, panel, w, V
            if not whole:
                at, d_rows, width, lanes = full * M * panel, COUNT * v, C * V, v
            for i in range(0, K * width, V):
                store(b_, i, splat(b_, 0.0, V))
            for m in range(0, M, CHAIN):
                k, tiles, steps = 0, (K + HEIGHT - 1) // HEIGHT, min(CHAIN, M - m)
                while k < K:
                    n = height(K - k, tiles)
                    arguments = (a_, m * a_rows + k, a_rows, d_, at + m * d_rows, d_rows, steps, b_, k * width, width)
                    if whole:
                        outer_rows(n, B, B, B, V, arguments)
                    else:
                        outer_rows(n, C, C, C, V, arguments)
                    k += n
                    tiles -= 1
            unit = p * V
            for k in range(K):
                for c in range(width // lanes):
                    column = (g * B + c) * H + unit
                    for lane in range(min(lanes, H - unit)):
                        out[k, column + lane] = b_[k * width + c * lanes + lane]

    return kernel(gate_columns, f"gate_columns_{shape.dtype}x{V}_{C}", NUMBA[shape.dtype], "x2 f1 f1 f2 i i i i")


def gate_gradient(a: Array, dz: Array, shape: Shape, cut: Panels) -> Array:
    """``a^T dz`` (K, 4H) for rows a (M, K) and dz as the tape holds it."""
    M, K = a.shape
    out = aligned((K, COUNT * cut.H), a.dtype)
    run = _gate_columns(shape, cut.C)
    blocks = cut.full * shape.G + (cut.v > 0)
    parts = pool.parts_for(M * K * cut.gates, blocks)

    def work(part: int) -> None:
        run(a, dz, aligned((K * shape.w,), a.dtype), out, cut.H, cut.full, *pool.span(blocks, part, parts))

    pool.run(parts, work)
    return out


@cache
def _plain_columns(shape: Shape, C: int) -> Any:
    """``out = a^T dz`` for plain rows: all blocks of columns, C vectors in the last."""
    V, B, w = shape.V, shape.B, shape.w

    def plain_columns(a, dz, out, blocks):
        M, K, columns = a.shape[0], out.shape[0], out.shape[1]
        a_rows = a.strides[0] // a.itemsize
        a_, d_, o_ = data(a), data(dz), data(out)
        for i in range(0, K * columns, V):
            store(o_, i, splat(o_, 0.0, V))
        for q in range(blocks + (1 if C > 0 else 0)):
            for m in range(0, M, CHAIN):
                k, tiles, steps = 0, (K + HEIGHT - 1) // HEIGHT, min(CHAIN, M - m)
                while k < K:
                    n = height(K - k, tiles)
                    arguments = (
                        a_, m * a_rows + k, a_rows, d_, m * columns + q * w, columns, steps, o_, k * columns + q * w, columns
                    )  # fmt: skip
                    if q < blocks:
                        outer_rows(n, B, B, B, V, arguments)
                    else:
                        outer_rows(n, C, C, C, V, arguments)
                    k += n
                    tiles -= 1

    return kernel(plain_columns, f"plain_columns_{shape.dtype}x{V}_{C}", NUMBA[shape.dtype], "x2 f2 f2 i")


def plain_gradient(a: Array, dz: Array, C: int, shape: Shape) -> Array:
    """``a^T dz`` (K, C) for rows a (M, K) and rows dz (M, padded)."""
    out = aligned((a.shape[1], dz.shape[1]), a.dtype)
    cut = columns(C, shape)
    _plain_columns(shape, cut.C)(a, dz, out, cut.full)
    return out[:, :C]
