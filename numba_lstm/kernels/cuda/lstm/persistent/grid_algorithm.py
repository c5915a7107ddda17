"""Persistent algorithm for more units: a cooperative grid, each block of which holds the recurrent weights of a few units.

A block computes ``units`` units, whose weights stay in shared memory for the whole time loop, of ``rows`` rows of the batch. h
(in the backward pass dz) goes through global memory to the other blocks of the same rows. These synchronize at every step, by a
counter for each tile of rows. A thread computes two rows of one unit, whose c (or dc) stays in registers.
"""

from __future__ import annotations

from functools import cache
from typing import Any, NamedTuple

import numpy as np

from .....gates import COUNT
from ...device_math.dot_products import dot, gate_dots, load4
from ...runtime import driver
from ...runtime.compiler import cuda, device, jit, real, uint64
from ..call import Call, fill
from ..traits import Traits
from .grid_shape import DEPTH, PITCH, ROWS_PER_THREAD, Shape, shape
from .unit_steps import backward_step, forward_step, load_peephole

Array = Any

COUNTER_STRIDE = 32  #: int32 from a counter to the next: 128 bytes, so that no two share a cache line


@device
def barrier(counters, tile, count):
    """Wait until ``count`` blocks have arrived. Writes before the barrier are visible after it."""
    cuda.syncthreads()
    if cuda.threadIdx.x == 0:
        cuda.threadfence()
        cuda.atomic.add(counters, tile * COUNTER_STRIDE, 1)
        while cuda.atomic.add(counters, tile * COUNTER_STRIDE, 0) < count:
            pass
        cuda.threadfence()
    cuda.syncthreads()


@cache
def _stage_rows(dtype: str, size: Shape) -> Any:
    """Return ``stage_rows(hs, a, n0, k0, end)``, which copies columns k0 .. end - 1 to shared memory, zero-padded."""
    zero = np.dtype(dtype).type(0)
    threads, count = size.threads, size.rows * DEPTH

    @device
    def stage_rows(hs, a, n0, k0, end):
        cuda.syncthreads()
        for i in range(cuda.threadIdx.x, count, threads):
            n, k = n0 + i // DEPTH, k0 + i % DEPTH
            hs[uint64(i // DEPTH * PITCH + i % DEPTH)] = a[n, k] if n < a.shape[0] and k < end else zero
        cuda.syncthreads()

    return stage_rows


@cache
def forward_kernel(traits: Traits, size: Shape) -> Any:
    """Return the kernel of all forward steps."""
    number, zero = real(traits.dtype), np.dtype(traits.dtype).type(0)
    step, peephole, stage_rows = forward_step(traits), load_peephole(traits), _stage_rows(traits.dtype, size)
    H, units, rows, threads, K = size.H, size.units, size.rows, size.threads, size.pitch
    buffer, count, blocks, sums_of_thread = rows * PITCH, COUNT * size.units * size.pitch, size.columns, COUNT * ROWS_PER_THREAD
    next_ = COUNT * size.units

    @jit("f3 f2 f3 f3 f2 b2 k1", traits.dtype, f"lstm_grid_forward_{H}_{units}x{rows}_{traits.label}", size.registers)
    def lstm_grid_forward(z, U, h, c, V, mask, counters):
        weights = cuda.shared.array(0, number)  # [k][unit][gate]
        hs = cuda.shared.array(buffer, number)  # [row][k]
        sums, state = cuda.local.array(sums_of_thread, number), cuda.local.array(ROWS_PER_THREAD, number)
        grid = cuda.cg.this_grid()
        thread = cuda.threadIdx.x
        u, first, tile = thread % units, thread // units * ROWS_PER_THREAD, cuda.blockIdx.y
        n0, j = tile * rows, cuda.blockIdx.x * units + u
        T, N, states = z.shape[0], z.shape[1], h.shape[0]
        for i in range(thread, count, threads):
            k, g, column = i // 4 // units, i % 4, cuda.blockIdx.x * units + i // 4 % units
            weights[uint64(i)] = U[k, g * H + column] if k < H and column < H else zero
        v = peephole(V, j, j < H)
        for r in range(ROWS_PER_THREAD):
            n = n0 + first + r
            state[r] = c[0, n, j] if n < N and j < H else zero
        grid.sync()
        for t in range(T):
            old = t % states
            for r in range(ROWS_PER_THREAD):
                n = n0 + first + r
                for g in range(4):
                    sums[4 * r + g] = z[t, n, g * H + j] if n < N and j < H else zero
            for k0 in range(0, K, DEPTH):
                stage_rows(hs, h[old], n0, k0, H)
                for k in range(0, DEPTH if k0 + DEPTH <= K else K - k0, 4):
                    offset = 4 * ((k0 + k) * units + u)
                    w0, w1 = load4(weights, uint64(offset)), load4(weights, uint64(offset + next_))
                    w2, w3 = load4(weights, uint64(offset + 2 * next_)), load4(weights, uint64(offset + 3 * next_))
                    for r in range(ROWS_PER_THREAD):
                        h_k = load4(hs, uint64((first + r) * PITCH + k))
                        gate_dots(sums, 4 * r, h_k, h_k, h_k, h_k, w0, w1, w2, w3)
            for r in range(ROWS_PER_THREAD):
                n = n0 + first + r
                if n < N and j < H:
                    z_t = sums[4 * r], sums[4 * r + 1], sums[4 * r + 2], sums[4 * r + 3]
                    _, state[r] = step(z_t, state[r], h[old, n, j], v, t, n, j, z, h, c, mask)
            barrier(counters, tile, (t + 1) * blocks)

    return lstm_grid_forward


@cache
def backward_kernel(traits: Traits, size: Shape, has_dy: bool) -> Any:
    """Return the kernel of all backward steps."""
    number, zero = real(traits.dtype), np.dtype(traits.dtype).type(0)
    step, masked = backward_step(traits, has_dy), traits.masked
    stage_rows = _stage_rows(traits.dtype, size)
    H, units, rows, threads, K = size.H, size.units, size.rows, size.threads, size.pitch
    row, buffer, blocks = COUNT * size.pitch + 4, rows * PITCH, size.columns
    count = COUNT * size.pitch

    @jit("f3 f3 f2 f2 f3 f2 f2 b2 f2 k1", traits.dtype, f"lstm_grid_backward_{H}_{units}x{rows}_{traits.label}", size.registers)
    def lstm_grid_backward(z, dy, dh, U, c, dc, V, mask, dh0, counters):
        weights = cuda.shared.array(0, number)  # [unit][gate][k]
        ds = cuda.shared.array(buffer, number)  # [row][k]
        sums, gate_sums = cuda.local.array(ROWS_PER_THREAD, number), cuda.local.array(ROWS_PER_THREAD, number)
        state, carry = cuda.local.array(ROWS_PER_THREAD, number), cuda.local.array(ROWS_PER_THREAD, number)
        grid = cuda.cg.this_grid()
        thread = cuda.threadIdx.x
        u, first, tile = thread % units, thread // units * ROWS_PER_THREAD, cuda.blockIdx.y
        n0, j = tile * rows, cuda.blockIdx.x * units + u
        T, N = z.shape[0], z.shape[1]
        for i in range(thread, units * count, threads):
            unit_, k, g = i // count, i % count % K, i % count // K
            line = cuda.blockIdx.x * units + unit_
            weights[uint64(unit_ * row + g * K + k)] = U[line, g * H + k] if line < H and k < H else zero
        for r in range(ROWS_PER_THREAD):
            n = n0 + first + r
            sums[r] = dh[n, j] if n < N and j < H else zero
            state[r] = dc[n, j] if n < N and j < H else zero
            carry[r] = zero
        grid.sync()
        for s in range(T):
            t = T - 1 - s
            for r in range(ROWS_PER_THREAD):
                n = n0 + first + r
                if n < N and j < H:
                    total = sums[r]
                    if masked:
                        total += carry[r]
                    _, _, _, _, state[r], carry[r] = step(total, state[r], dy, t, n, j, z, c, V, mask)
            barrier(counters, tile, (s + 1) * blocks)
            for r in range(ROWS_PER_THREAD):
                sums[r] = zero
            for g in range(4):
                for r in range(ROWS_PER_THREAD):
                    gate_sums[r] = zero
                for k0 in range(0, K, DEPTH):
                    stage_rows(ds, z[t], n0, g * H + k0, g * H + H)
                    for k in range(0, DEPTH if k0 + DEPTH <= K else K - k0, 4):
                        weight = load4(weights, uint64(u * row + g * K + k0 + k))
                        for r in range(ROWS_PER_THREAD):
                            gate_sums[r] = dot(gate_sums[r], load4(ds, uint64((first + r) * PITCH + k)), weight)
                for r in range(ROWS_PER_THREAD):
                    sums[r] += gate_sums[r]
        for r in range(ROWS_PER_THREAD):
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
        """The number of blocks, which must all be resident."""
        return self.size.columns * self.tiles

    @property
    def resident(self) -> int:
        """The number of blocks that can be resident at the same time, as the driver reports it."""
        return driver.current().resident_blocks(self.kernel, self.size.threads, self.size.shared)


def grid(call: Call, make: Any) -> Grid:
    """Return the launch of the kernel ``make(traits, size)`` for a call whose shape fits a grid."""
    _, N, _, H, _ = call.sizes
    size = shape(N, H, driver.current().properties)
    assert size is not None
    return Grid(make(call.traits.without_recurrent_dropout, size), size, -(-N // size.rows))


def forward_grid(call: Call) -> Grid:
    """Return the launch of the forward steps."""
    return grid(call, forward_kernel)


def backward_grid(call: Call, *, has_dy: bool) -> Grid:
    """Return the launch of the backward steps."""
    return grid(call, lambda traits, size: backward_kernel(traits, size, has_dy))


def _launch(grid: Grid, arrays: tuple[Any, ...]) -> None:
    """Launch a grid with zeroed counters."""
    device, (kernel, size, tiles) = driver.current(), grid
    counters = device.empty(tiles * COUNTER_STRIDE, np.int32)
    fill(counters, None)
    device.launch(kernel, (size.columns, tiles), size.threads, (*arrays, counters), size.shared, cooperative=True)


def forward(call: Call) -> None:
    """Run all steps from the states h[0] and c[0], in one launch."""
    w = call.weights
    _launch(forward_grid(call), (call.z, w.recurrent_kernel, call.h, call.c, w.peephole, call.mask))


def backward(call: Call, dy: Array, dh: Array, dc: Array, dhu: Array, dh_new: Array, du: Array, *, has_dy: bool) -> Array:
    """Run all steps backward in one launch. Updates ``dc`` (N, H). Returns the gradient of the initial h."""
    w, dh0 = call.weights, driver.current().empty(dc.shape, dc.dtype)
    arrays = call.z, dy, dh, w.recurrent_kernel, call.c, dc, w.peephole, call.mask, dh0
    _launch(backward_grid(call, has_dy=has_dy), arrays)
    return dh0
