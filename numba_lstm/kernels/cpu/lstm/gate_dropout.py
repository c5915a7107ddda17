"""Factors of their own for each gate (recurrent dropout): what the products of an LSTM see of x and h then.

Each of the four gates multiplies x and h by its own factors, so that an element becomes four. A tile takes for each of its
vectors the one of that vector's gate, where it would else take one for all of them. The ``side`` gates of a block stand side
by side, so that a block reads its own and no others, and the blocks' elements in *planes*.
"""

from __future__ import annotations

from functools import cache
from typing import Any

import numpy as np
import numpy.typing as npt

from ....gates import COUNT
from ...contract import LSTMNoise
from ..compiler.jit import inlined, kernel
from ..gemm.backward import one_gate_rows
from ..gemm.layout import NUMBA, Panels, Shape, columns
from ..gemm.microkernel import HEIGHT, height
from ..runtime import thread_pool
from ..runtime.graph import run_eagerly
from ..runtime.memory import aligned
from ..runtime.task import KernelCall, parallel_for
from ..simd.vector import data, load, load_each, store

Array = npt.NDArray[Any]


@inlined
def multiplied(a, at, n, factors, factors_at, out, out_at, few, side, V):
    """n elements of a row by the factors of ``side`` gates, ``few`` at a time (V lanes): up to few - 1 go beyond the row."""
    for k in range(0, n, few):
        store(out, out_at + side * k, load_each(a, at + k, few, side) * load(factors, factors_at + side * k, V))


def of_rows(noise: LSTMNoise, sizes: tuple[int, int, int], shape: Shape) -> Array:
    """The factors (G, N, side * width) of rows as training keeps them: h in ``padded`` columns, x, 1 and room for a vector.

    ``sizes`` is (N, padded, D).
    """
    N, padded, D = sizes
    factors = aligned((shape.G, N, padded + D + 1 + shape.V, shape.B), shape.dtype)
    factors[...] = 1
    if noise.recurrent is not None:
        factors[:, :, : noise.recurrent.shape[2]] = _in_planes(noise.recurrent, shape)
    if noise.inputs is not None:
        factors[:, :, padded : padded + D] = _in_planes(noise.inputs, shape)
    return factors.reshape(shape.G, N, -1)


def _in_planes(factors: Array, shape: Shape) -> Array:
    """Factors (4, N, n) as (G, N, n, side)."""
    return factors.reshape(shape.G, shape.B, *factors.shape[1:]).transpose(0, 2, 3, 1)


def of_columns(factors: Array | None, N: int, n: int, padded: int, dtype: Any) -> Array:
    """The factors (4, N, padded) of the gradient of n columns, by which each gate's share of it comes back."""
    out = np.ones((COUNT, N, padded), dtype)
    if factors is not None:
        out[:, :, :n] = factors
    return out


@cache
def _through_each_gate(shape: Shape, C: int) -> Any:
    """``out = sum over gates of factors * (dz W^T)`` for steps t0 .. t1 of out (T, N, columns), C vectors in the last block."""
    B, V, w, panel = shape.B, shape.V, shape.w, COUNT * shape.V

    def through_each_gate(dz, W, factors, out, H, lanes, blocks, panels, t0, t1):
        N, columns = out.shape[1], out.shape[2]
        whole, rest, K = H // V, H % V, COUNT * H
        dz_, W_, f_, o_ = data(dz), data(W), data(factors), data(out)
        for q in range(blocks + (1 if C > 0 else 0)):
            for t in range(t0, t1):
                for gate in range(COUNT):
                    r, tiles = 0, (N + HEIGHT - 1) // HEIGHT
                    while r < N:
                        n, m = height(N - r, tiles), t * N + r
                        arguments = (
                            gate, dz_, m * panel, panels, whole, whole * panels + m * COUNT * lanes, lanes, rest,
                            W_, q * w * K, K, f_, (gate * N + r) * columns + q * w, columns,
                            o_, m * columns + q * w, columns, 1 if gate == 0 else 0,
                        )  # fmt: skip
                        if q < blocks:
                            one_gate_rows(n, B, B, B, V, arguments)
                        else:
                            one_gate_rows(n, C, C, C, V, arguments)
                        r += n
                        tiles -= 1

    return kernel(through_each_gate, f"through_each_gate_{shape.dtype}x{V}_{C}", NUMBA[shape.dtype], "f1 f1 f3 f3 i i i i i i")


def input_gradient(
    size: tuple[int, int, int], W: Array, inputs: Array | None, dz: Array, shape: Shape, cut: Panels, apart: int
) -> Array:
    """``dx`` (T, N, D) through the factors of x, for W transposed in blocks and dz as the tape holds it."""
    T, N, D = size
    blocks = columns(D, shape)
    padded = blocks.padded(shape)
    dx = aligned((T, N, padded), dz.dtype)
    factors = of_columns(inputs, N, D, padded, dz.dtype)
    run = _through_each_gate(shape, blocks.C)
    parts = thread_pool.num_splits(T * N * D * cut.gates, T)
    run_eagerly(
        [
            parallel_for(
                T, parts, lambda _, span: KernelCall(run, dz, W, factors, dx, cut.H, cut.lanes, blocks.full, apart, *span)
            )
        ]
    )
    return dx[:, :, :D]
