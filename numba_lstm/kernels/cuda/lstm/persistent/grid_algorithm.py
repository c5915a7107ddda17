"""The way of more units: a grid whose blocks all run at once, each of which keeps the recurrent weights of a few units.

A block owns ``units`` units, whose weights stay in shared memory for the whole time loop, and ``rows`` rows of the batch. h (on
the way back dz) goes through global memory, where the other blocks of the same rows read it: these wait for each other at
every step, at a counter of their own. A thread has two rows of one unit, whose c (or dc) stays in registers.
"""

from __future__ import annotations

from functools import cache
from typing import Any, NamedTuple

import numpy as np

from .....gates import COUNT
from ...device_math.activation import value
from ...device_math.dot_products import dot, four, gate_dots
from ...runtime import driver
from ...runtime.compiler import cuda, device, jit, real, uint64
from ..call import Call
from ..pointwise import carried_c, carried_h, gates, store_gates
from ..pointwise_grad import split
from ..steps.backward import unit_gradient
from ..traits import Traits
from .grid_shape import DEPTH, HEIGHT, PITCH, Shape, shape

Array = Any


@device
def meet(counters, tile, count):
    """Wait until blocks have come here ``count`` times; what they wrote before is seen behind it."""
    cuda.syncthreads()
    if cuda.threadIdx.x == 0:
        cuda.threadfence()
        cuda.atomic.add(counters, tile, 1)
        while cuda.atomic.add(counters, tile, 0) < count:
            pass
        cuda.threadfence()
    cuda.syncthreads()


@cache
def _staged(dtype: str, size: Shape) -> Any:
    """``staged(hs, a, n0, k0, end)``: columns k0 .. end - 1 of the block's rows of ``a`` in shared memory, zeros beyond."""
    zero = np.dtype(dtype).type(0)
    threads, count = size.threads, size.rows * DEPTH

    @device
    def staged(hs, a, n0, k0, end):
        cuda.syncthreads()
        for i in range(cuda.threadIdx.x, count, threads):
            n, k = n0 + i // DEPTH, k0 + i % DEPTH
            hs[uint64(i // DEPTH * PITCH + i % DEPTH)] = a[n, k] if n < a.shape[0] and k < end else zero
        cuda.syncthreads()

    return staged


@cache
def forward_kernel(how: Traits, size: Shape) -> Any:
    """All steps."""
    number, zero = real(how.dtype), np.dtype(how.dtype).type(0)
    cell, outer, keep_h, keep_c = gates(how), value(how.outer, how.dtype), carried_h(how), carried_c(how)
    peephole, masked, training, staged = how.peephole, how.masked, how.training, _staged(how.dtype, size)
    H, units, rows, threads, K = size.H, size.units, size.rows, size.threads, size.pitch
    buffer, count, blocks, sums_of_thread = rows * PITCH, COUNT * size.units * size.pitch, size.columns, COUNT * HEIGHT
    next_ = COUNT * size.units

    @jit("f3 f2 f3 f3 f2 b2 k1", how.dtype, f"lstm_grid_forward_{H}_{units}x{rows}_{how.label}", size.registers)
    def lstm_grid_forward(z, U, h, c, V, mask, counters):
        weights = cuda.shared.array(0, number)  # [k][unit][gate]
        hs = cuda.shared.array(buffer, number)  # [row][k]
        sums, state = cuda.local.array(sums_of_thread, number), cuda.local.array(HEIGHT, number)
        grid = cuda.cg.this_grid()
        thread = cuda.threadIdx.x
        u, first, tile = thread % units, thread // units * HEIGHT, cuda.blockIdx.y
        n0, j = tile * rows, cuda.blockIdx.x * units + u
        T, N, states = z.shape[0], z.shape[1], h.shape[0]
        for i in range(thread, count, threads):
            k, g, column = i // 4 // units, i % 4, cuda.blockIdx.x * units + i // 4 % units
            weights[uint64(i)] = U[k, g * H + column] if k < H and column < H else zero
        vi = V[0, j] if peephole and j < H else zero
        vf = V[1, j] if peephole and j < H else zero
        vo = V[2, j] if peephole and j < H else zero
        for r in range(HEIGHT):
            n = n0 + first + r
            state[r] = c[0, n, j] if n < N and j < H else zero
        grid.sync()
        for t in range(T):
            old, new = t % states, (t + 1) % states
            for r in range(HEIGHT):
                n = n0 + first + r
                for g in range(4):
                    sums[4 * r + g] = z[t, n, g * H + j] if n < N and j < H else zero
            for k0 in range(0, K, DEPTH):
                staged(hs, h[old], n0, k0, H)
                for k in range(0, DEPTH if k0 + DEPTH <= K else K - k0, 4):
                    at = 4 * ((k0 + k) * units + u)
                    w0, w1 = four(weights, uint64(at)), four(weights, uint64(at + next_))
                    w2, w3 = four(weights, uint64(at + 2 * next_)), four(weights, uint64(at + 3 * next_))
                    for r in range(HEIGHT):
                        seen = four(hs, uint64((first + r) * PITCH + k))
                        gate_dots(sums, 4 * r, seen, seen, seen, seen, w0, w1, w2, w3)
            for r in range(HEIGHT):
                n = n0 + first + r
                if n < N and j < H:
                    before = state[r]
                    valid = mask[t, n] if masked else True
                    o, after, ki, kf, kg, ko = cell(
                        sums[4 * r], sums[4 * r + 1], sums[4 * r + 2], sums[4 * r + 3], before, vi, vf, vo
                    )
                    state[r] = keep_c(after, before, False, valid)
                    h[new, n, j] = keep_h(o * outer(after), h[old, n, j], False, valid)
                    c[new, n, j] = state[r]
                    if training:
                        store_gates(z, t, n, j, ki, kf, kg, ko)
            meet(counters, tile, (t + 1) * blocks)

    return lstm_grid_forward


@cache
def backward_kernel(how: Traits, size: Shape, has_dy: bool) -> Any:
    """All steps back."""
    number, zero = real(how.dtype), np.dtype(how.dtype).type(0)
    part, unit, masked = split(how.dtype, how.zoneout_h, how.masked), unit_gradient(how), how.masked
    staged = _staged(how.dtype, size)
    H, units, rows, threads, K = size.H, size.units, size.rows, size.threads, size.pitch
    row, buffer, blocks = COUNT * size.pitch + 4, rows * PITCH, size.columns
    count = COUNT * size.pitch

    @jit("f3 f3 f2 f2 f3 f2 f2 b2 f2 k1", how.dtype, f"lstm_grid_backward_{H}_{units}x{rows}_{how.label}", size.registers)
    def lstm_grid_backward(z, dy, dh, U, c, dc, V, mask, dh0, counters):
        weights = cuda.shared.array(0, number)  # [unit][gate][k]
        ds = cuda.shared.array(buffer, number)  # [row][k]
        sums, parts = cuda.local.array(HEIGHT, number), cuda.local.array(HEIGHT, number)
        state, carry = cuda.local.array(HEIGHT, number), cuda.local.array(HEIGHT, number)
        grid = cuda.cg.this_grid()
        thread = cuda.threadIdx.x
        u, first, tile = thread % units, thread // units * HEIGHT, cuda.blockIdx.y
        n0, j = tile * rows, cuda.blockIdx.x * units + u
        T, N = z.shape[0], z.shape[1]
        for i in range(thread, units * count, threads):
            of, k, g = i // count, i % count % K, i % count // K
            line = cuda.blockIdx.x * units + of
            weights[uint64(of * row + g * K + k)] = U[line, g * H + k] if line < H and k < H else zero
        for r in range(HEIGHT):
            n = n0 + first + r
            sums[r] = dh[n, j] if n < N and j < H else zero
            state[r] = dc[n, j] if n < N and j < H else zero
            carry[r] = zero
        grid.sync()
        for s in range(T):
            t = T - 1 - s
            for r in range(HEIGHT):
                n = n0 + first + r
                if n < N and j < H:
                    total = sums[r]
                    if masked:
                        total += carry[r]
                    if has_dy:
                        total += dy[t, n, j]
                    valid = mask[t, n] if masked else True
                    own, carry[r] = part(total, False, valid)
                    di, df, dg, do, state[r] = unit(own, state[r], t, n, j, z, c[1:], c, V, valid, False)
                    store_gates(z, t, n, j, di, df, dg, do)
            meet(counters, tile, (s + 1) * blocks)
            for r in range(HEIGHT):
                sums[r] = zero
            for g in range(4):
                for r in range(HEIGHT):
                    parts[r] = zero
                for k0 in range(0, K, DEPTH):
                    staged(ds, z[t], n0, g * H + k0, g * H + H)
                    for k in range(0, DEPTH if k0 + DEPTH <= K else K - k0, 4):
                        weight = four(weights, uint64(u * row + g * K + k0 + k))
                        for r in range(HEIGHT):
                            parts[r] = dot(parts[r], four(ds, uint64((first + r) * PITCH + k)), weight)
                for r in range(HEIGHT):
                    sums[r] += parts[r]
        for r in range(HEIGHT):
            n = n0 + first + r
            if n < N and j < H:
                dh0[n, j] = sums[r] + carry[r] if masked else sums[r]
                dc[n, j] = state[r]

    return lstm_grid_backward


class Grid(NamedTuple):
    """A kernel and its launch."""

    kernel: Any
    size: Shape
    tiles: int

    @property
    def blocks(self) -> int:
        """All of them, which have to run at once."""
        return self.size.columns * self.tiles

    @property
    def resident(self) -> int:
        """As many as the device holds at once, by its own account."""
        return driver.current().resident_blocks(self.kernel, self.size.threads, self.size.shared)


def grid(call: Call, make: Any) -> Grid:
    """The kernel that ``make`` makes for a call that :func:`shape` has a grid for."""
    _, N, _, H, _ = call.sizes
    size = shape(N, H, driver.current().properties)
    assert size is not None
    return Grid(make(call.how.without_product, size), size, -(-N // size.rows))


def forward_grid(call: Call) -> Grid:
    """That of the steps forward."""
    return grid(call, forward_kernel)


def backward_grid(call: Call, *, has_dy: bool) -> Grid:
    """That of the steps back."""
    return grid(call, lambda how, size: backward_kernel(how, size, has_dy))


def _launch(grid: Grid, arrays: tuple[Any, ...]) -> None:
    """Launch it, with counters that stand at zero."""
    device, (kernel, size, tiles) = driver.current(), grid
    counters = device.send(np.zeros(tiles, np.int32), np.int32)
    device.launch(kernel, (size.columns, tiles), size.threads, (*arrays, counters), size.shared, cooperative=True)


def forward(call: Call) -> None:
    """All steps, from the states in row 0 of h and c: one launch."""
    w = call.weights
    _launch(forward_grid(call), (call.z, w.recurrent_kernel, call.h, call.c, w.peephole, call.mask))


def backward(call: Call, dy: Array, dh: Array, dc: Array, flow: Array, into: Array, du: Array, *, has_dy: bool) -> Array:
    """All steps, from the last one; ``dc`` (N, H) moves along. Answers the gradient of the first h."""
    w, dh0 = call.weights, driver.current().empty(dc.shape, dc.dtype)
    arrays = call.z, dy, dh, w.recurrent_kernel, call.c, dc, w.peephole, call.mask, dh0
    _launch(backward_grid(call, has_dy=has_dy), arrays)
    return dh0
