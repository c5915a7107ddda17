"""Gradients of weights behind factors of their own for each gate (recurrent dropout), which are the same at every step.

``d_k = (a * factors_k)^T dz_k`` for each gate k. A tile holds a gate's vectors of neighbouring panels, so it takes one element
of a for all of them, as a tile without factors does: a's rows are packed once, and packed rows times packed factors are what
each gate's products read.
"""

from __future__ import annotations

from collections.abc import Sequence
from functools import cache
from typing import Any

import numpy as np
import numpy.typing as npt

from ....gates import COUNT
from ...contract import LSTMNoise
from ..compiler.jit import inlined, kernel
from ..gemm.backward import outer_rows
from ..gemm.batch_groups import Group
from ..gemm.layout import NUMBA, Panels, Shape
from ..gemm.microkernel import HEIGHT, height
from ..gemm.weight_grad import SPARE, WIDE, gate_gradient, pack_rows
from ..runtime import thread_pool
from ..runtime.graph import run_eagerly
from ..runtime.memory import aligned
from ..runtime.task import KernelCall, parallel_for
from ..simd.vector import data, load, offset, store

Array = npt.NDArray[Any]

#: Rows that a tile adds before its sums go to memory: of each it uses half a cache line of two panels, 128 bytes.
CHAIN = 128


@inlined
def multiply(packed, factors, at, row, N, k0, k1, steps, product, V):
    """Columns k0 .. k1 of ``steps`` packed rows times ``factors`` of N rows, packed alike, over and over from ``row`` on.

    Whole vectors are stored, and the next ones overwrite what was too much.
    """
    k, tiles = k0, (k1 - k0 + HEIGHT - 1) // HEIGHT
    while k < k1:
        n = height(k1 - k, tiles)
        to, from_, m, first = (k - k0) * steps, at + (k - k0) * N, 0, row
        while m < steps:
            rows = min(N - first, steps - m)
            for j in range(0, rows * n, V):
                store(product, to + m * n + j, load(packed, to + m * n + j, V) * load(factors, from_ + first * n + j, V))
            m, first = m + rows, 0
        k += n
        tiles -= 1


@cache
def _packed_factors(shape: Shape) -> Any:
    """Factors of all gates as tiles, those of N rows as :func:`.gradients.pack_rows` puts steps."""
    V, copied = shape.V, -(-HEIGHT // shape.V) * shape.V

    def packed_factors(factors, packed):
        N, K = factors.shape[1], factors.shape[2]
        for gate in range(COUNT):
            for k0 in range(0, K, WIDE):
                to = offset(data(packed), (gate * K + k0) * N)
                pack_rows(data(factors), gate * N * K, K, N, 0, 0, COUNT * N * K, N, k0, min(K, k0 + WIDE), to, copied, V)

    return kernel(packed_factors, f"packed_factors_{shape.dtype}x{V}", NUMBA[shape.dtype], "f3 f1")


@cache
def _factored_columns(shape: Shape) -> Any:
    """Panels p0 .. p1 of all gates. Sums of the panel with padding, and of the tail (v lanes), wait in ``sums``."""
    V, B, panel, copied = shape.V, shape.B, COUNT * shape.V, -(-HEIGHT // shape.V) * shape.V

    def factored_columns(a, dz, factors, N, packed, sums, out, H, full, lanes, panels, p0, p1):
        M, K = a.shape[0], out.shape[0]
        a_rows, out_rows, whole = a.strides[0] // a.itemsize, COUNT * H, H // V
        a_, d_, s_, o_ = data(a), data(dz), data(sums), data(out)
        plain_, p_, f_ = data(packed[0]), data(packed[1]), data(factors)
        for m in range(0, M, CHAIN):
            steps, first = min(CHAIN, M - m), 1 if m == 0 else 0
            for k0 in range(0, K, WIDE):
                k1 = min(K, k0 + WIDE)
                pack_rows(a_, 0, a_rows, M, 0, m, (M - 1) * a_rows + K, steps, k0, k1, plain_, copied, V)
                for gate in range(COUNT):
                    multiply(plain_, f_, (gate * K + k0) * N, m % N, N, k0, k1, steps, p_, V)
                    p = p0
                    while p < p1:
                        k, tiles = k0, (k1 - k0 + HEIGHT - 1) // HEIGHT
                        several = p + B <= min(p1, whole)
                        dz_rows = panel if p < full else COUNT * lanes
                        at = p * panels + m * dz_rows + gate * (dz_rows // COUNT)
                        while k < k1:
                            n = height(k1 - k, tiles)
                            if p < whole:
                                z_, to, rows = o_, k * out_rows + gate * H + p * V, out_rows
                            else:
                                z_, to, rows = s_, k * panel + gate * V, panel
                            from_ = (k - k0) * steps
                            if several:
                                outer_rows(n, B, B, 1, V, (p_, from_, n, d_, at, panel, panels, steps, o_, to, rows, V, first))
                            else:
                                outer_rows(n, 1, 1, 1, V, (p_, from_, n, d_, at, dz_rows, 0, steps, z_, to, rows, V, first))
                            k += n
                            tiles -= 1
                        p += B if several else 1
        if p1 > whole:
            for k in range(K):
                for gate in range(COUNT):
                    for lane in range(H - whole * V):
                        out[k, gate * H + whole * V + lane] = sums[k * panel + gate * V + lane]

    name = f"factored_columns_{shape.dtype}x{V}"
    return kernel(factored_columns, name, NUMBA[shape.dtype], "x2 f1 f1 i f2 f1 f2 i i i i i i")


def factored_gradient(a: Array, factors: Array, dz: Array, shape: Shape, cut: Panels, stride: int) -> Array:
    """``(a * factors)^T dz`` (K, 4H) for rows a (M, K), ``factors`` (4, N, K) of each N of them, dz as the tape holds it."""
    (M, K), N = a.shape, factors.shape[1]
    out = aligned((K, COUNT * cut.H), a.dtype)
    tiles = aligned((factors.size + SPARE,), a.dtype)
    _packed_factors(shape)(np.ascontiguousarray(factors, a.dtype), tiles)
    run = _factored_columns(shape)
    panels = cut.full + (cut.v > 0)
    parts = thread_pool.num_splits(M * K * cut.gates, panels)

    def call(_: int, span: tuple[int, int]) -> KernelCall:
        packed = aligned((2, min(M, CHAIN) * min(K, WIDE) + SPARE), a.dtype)
        sums = aligned((K * COUNT * shape.V if cut.rest else 0,), a.dtype)
        return KernelCall(run, a, dz, tiles, N, packed, sums, out, cut.H, cut.full, cut.lanes, stride, *span)

    run_eagerly([parallel_for(panels, parts, call)])
    return out


def weight_gradients(
    rows: Array, D: int, dz: Array, noise: LSTMNoise, layout: tuple[Shape, Panels, int], of_rows: Sequence[Group]
) -> tuple[Array, Array, Array]:
    """dU, dW and db of rows ``[h | x | 1]`` in groups; in one product, where gates have no factors of their own."""
    _, cut, _ = layout
    h, x1, x = rows[:, : cut.H], rows[:, cut.padded : cut.padded + D + 1], rows[:, cut.padded : cut.padded + D]
    if noise.inputs is None and noise.recurrent is None:
        return sides(gate_gradient(rows[:, : cut.padded + D + 1], dz, *layout, of_rows).compute(), cut)
    dU = (
        gate_gradient(h, dz, *layout).compute()
        if noise.recurrent is None
        else factored_gradient(h, noise.recurrent, dz, *layout)
    )
    if noise.inputs is None:
        dW1 = gate_gradient(x1, dz, *layout).compute()
        return dU, dW1[:-1], dW1[-1]
    return dU, factored_gradient(x, noise.inputs, dz, *layout), gate_gradient(x1[:, D:], dz, *layout).compute()[0]


def sides(all_: Array, cut: Panels) -> tuple[Array, Array, Array]:
    """dU, dW and db in the product of rows ``[h | x | 1]`` with dz."""
    return all_[: cut.H], all_[cut.padded : -1], all_[-1]
