"""Persistent algorithm for few units: a block holds all recurrent weights for the whole time loop, for a few rows.

Thread ``4 j + g`` holds the weights of gate g of unit j, the first ones in registers and the others in shared memory. It sums
its z for the rows of the block. The four threads of a unit, which are neighbours in a warp, exchange z. Then each computes one
row. In a block of one row, three of them would wait. So each computes its gate, and they exchange gates, unless gates depend on
each other (peepholes, coupled gates). With two rows both ways issue as much, since g has another activation and the threads of
a warp diverge. h is double buffered, so a step has one barrier. The backward pass mirrors this: dz is double buffered, and a
thread sums the dh of its gate.
"""

from __future__ import annotations

from functools import cache
from typing import Any, NamedTuple

import numpy as np

from .....gates import COUNT
from ...device_math.dot_products import dot, load4
from ...runtime import driver
from ...runtime.compiler import cuda, device, jit, real, uint64
from ..call import Call
from ..traits import Traits
from .unit_steps import backward_step, forward_step, gate_of_lane, load_peephole, separable, states_of_gates

Array = Any

MAX_UNITS = 128
MAX_REGISTER_WEIGHTS = 60  #: per thread; more of them spill in a block of 512 threads


class Shape(NamedTuple):
    """The sizes that the code depends on, besides the traits."""

    H: int
    rows: int  #: per block: 1, 2 or 4

    @property
    def threads(self) -> int:
        """Threads per block: four for each unit, rounded up to whole warps."""
        return COUNT * -(-self.H // 8) * 8

    @property
    def pitch(self) -> int:
        """The number of units, rounded up to vectors of four."""
        return -(-self.H // 4) * 4

    @property
    def in_registers(self) -> int:
        """Weights in registers per thread."""
        return min(self.pitch, MAX_REGISTER_WEIGHTS)

    @property
    def shared(self) -> int:
        """Bytes of weights in shared memory."""
        return 4 * self.threads * (self.pitch - self.in_registers)

    @property
    def total_shared(self) -> int:
        """Bytes of all shared memory of the backward kernel, which needs more than the forward one."""
        return self.shared + 4 * self.rows * (2 * COUNT * (self.pitch + 4) + self.threads)

    @property
    def registers(self) -> int:
        """Maximum registers per thread, a multiple of eight, since a block has 65536."""
        return min(255, 65536 // self.threads // 8 * 8)


def shape(N: int, H: int, multiprocessors: int) -> Shape:
    """Return the sizes. Small batches get few rows per block, so that more blocks work."""
    rows_per_multiprocessor = -(-N // multiprocessors)
    return Shape(H, 1 if rows_per_multiprocessor <= 1 else 2 if rows_per_multiprocessor == 2 else 4)


@cache
def _fill_h(dtype: str, size: Shape) -> Any:
    """Return ``fill_h(hs, h, n0)``, which copies the initial h of the block's rows to the first buffer, zero-padded."""
    zero, units, K, threads, buffer = np.dtype(dtype).type(0), size.H, size.pitch, size.threads, size.rows * size.pitch

    @device
    def fill_h(hs, h, n0):
        for i in range(cuda.threadIdx.x, buffer, threads):
            r, k = i // K, i % K
            hs[uint64(i)] = h[0, n0 + r, k] if n0 + r < h.shape[1] and k < units else zero
            hs[uint64(buffer + i)] = zero

    return fill_h


@device
def store_dz(ds, first, K, di, df, dg, do):
    """Store dz of one unit of one row, gates K apart."""
    ds[uint64(first)] = di
    ds[uint64(first + K)] = df
    ds[uint64(first + 2 * K)] = dg
    ds[uint64(first + 3 * K)] = do


@cache
def forward_kernel(traits: Traits, size: Shape) -> Any:
    """Return the kernel of all forward steps."""
    number, zero = real(traits.dtype), np.dtype(traits.dtype).type(0)
    step, peephole, fill_h = forward_step(traits), load_peephole(traits), _fill_h(traits.dtype, size)
    units, R, K, register_weights = size.H, size.rows, size.pitch, size.in_registers
    threads, buffer, exchange = size.threads, size.rows * size.pitch, size.rows * size.threads
    by_lanes, lane, states = size.rows == 1 and separable(traits), gate_of_lane(traits), states_of_gates(traits)
    buffers, shared_weights = 2 * buffer, size.pitch - size.in_registers

    @jit("f3 f2 f3 f3 f2 b2", traits.dtype, f"lstm_block_forward_{units}x{R}_{traits.label}", size.registers)
    def lstm_block_forward(z, U, h, c, V, mask):
        weights = cuda.shared.array(0, number)  # [k / 4][thread][4]
        hs = cuda.shared.array(buffers, number)  # [buffer][row][unit]
        zs = cuda.shared.array(exchange, number)  # [row][thread]
        w, sums, next_z = cuda.local.array(register_weights, number), cuda.local.array(R, number), cuda.local.array(R, number)
        thread = cuda.threadIdx.x
        j, g, n0 = thread // 4, thread % 4, cuda.blockIdx.x * R
        T, N = z.shape[0], z.shape[1]
        n, column = n0 + g, g * units + j
        active = g < R and n < N and j < units
        for k in range(register_weights):
            w[k] = U[k, column] if k < units and j < units else zero
        for k in range(shared_weights):
            offset = (k // 4 * threads + thread) * 4 + k % 4
            weights[uint64(offset)] = U[register_weights + k, column] if register_weights + k < units and j < units else zero
        fill_h(hs, h, n0)
        v = peephole(V, j, active)
        state = c[0, n, j] if active else zero
        for r in range(R):
            next_z[r] = z[0, n0 + r, column] if n0 + r < N and j < units else zero
        cuda.syncthreads()
        for t in range(T):
            old, new = (t & 1) * buffer, (~t & 1) * buffer
            for r in range(R):
                sums[r] = next_z[r]
                if t + 1 < T:
                    next_z[r] = z[t + 1, n0 + r, column] if n0 + r < N and j < units else zero
            for k in range(0, register_weights, 4):
                for r in range(R):
                    sums[r] = dot(sums[r], load4(hs, uint64(old + r * K + k)), (w[k], w[k + 1], w[k + 2], w[k + 3]))
            for k in range(0, shared_weights, 4):
                weight = load4(weights, uint64((k // 4 * threads + thread) * 4))
                for r in range(R):
                    sums[r] = dot(sums[r], load4(hs, uint64(old + r * K + register_weights + k)), weight)
            if by_lanes:
                sums[0] = lane(sums[0], g, t, n0, column, j < units, z)
            for r in range(R):
                zs[uint64(r * threads + thread)] = sums[r]
            cuda.syncwarp()
            if active:
                zi, zf, zg, zo = load4(zs, uint64(g * threads + thread - g))
                h_old = hs[uint64(old + g * K + j)]
                if by_lanes:
                    output, state = states((zi, zf, zg, zo), state, h_old, t, n, j, h, c, mask)
                else:
                    output, state = step((zi, zf, zg, zo), state, h_old, v, t, n, j, z, h, c, mask)
                hs[uint64(new + g * K + j)] = output
            cuda.syncthreads()

    return lstm_block_forward


@cache
def backward_kernel(traits: Traits, size: Shape, has_dy: bool) -> Any:
    """Return the kernel of all backward steps."""
    number, zero = real(traits.dtype), np.dtype(traits.dtype).type(0)
    step, masked = backward_step(traits, has_dy), traits.masked
    units, R, K, register_weights = size.H, size.rows, size.pitch + 4, size.in_registers  # gates use different banks
    threads, row = size.threads, COUNT * (size.pitch + 4)
    buffer, exchange, shared_weights = size.rows * row, size.rows * size.threads, size.pitch - size.in_registers
    buffers = 2 * buffer

    @jit("f3 f3 f2 f2 f3 f2 f2 b2 f2", traits.dtype, f"lstm_block_backward_{units}x{R}_{traits.label}", size.registers)
    def lstm_block_backward(z, dy, dh, U, c, dc, V, mask, dh0):
        weights = cuda.shared.array(0, number)  # [k / 4][thread][4]
        ds = cuda.shared.array(buffers, number)  # [buffer][row][gate][unit]
        ss = cuda.shared.array(exchange, number)  # [row][thread]
        w, sums = cuda.local.array(register_weights, number), cuda.local.array(R, number)
        thread = cuda.threadIdx.x
        j, g, n0 = thread // 4, thread % 4, cuda.blockIdx.x * R
        T, N = z.shape[0], z.shape[1]
        n = n0 + g
        active = g < R and n < N and j < units
        for k in range(register_weights):
            w[k] = U[j, g * units + k] if k < units and j < units else zero
        for k in range(shared_weights):
            offset = (k // 4 * threads + thread) * 4 + k % 4
            row_k = register_weights + k
            weights[uint64(offset)] = U[j, g * units + row_k] if row_k < units and j < units else zero
        for i in range(thread, buffers, threads):
            ds[uint64(i)] = zero
        total = dh[n, j] if active else zero
        state = dc[n, j] if active else zero
        carry = zero
        cuda.syncthreads()
        for s in range(T):
            t, buffer_at, first = T - 1 - s, (s & 1) * buffer, (s & 1) * buffer + g * K
            if active:
                di, df, dg, do, state, carry = step(total, state, dy, t, n, j, z, c, V, mask)
                store_dz(ds, buffer_at + g * row + j, K, di, df, dg, do)
            cuda.syncthreads()
            for r in range(R):
                sums[r] = zero
            for k in range(0, register_weights, 4):
                for r in range(R):
                    sums[r] = dot(sums[r], load4(ds, uint64(first + r * row + k)), (w[k], w[k + 1], w[k + 2], w[k + 3]))
            for k in range(0, shared_weights, 4):
                weight = load4(weights, uint64((k // 4 * threads + thread) * 4))
                for r in range(R):
                    sums[r] = dot(sums[r], load4(ds, uint64(first + r * row + register_weights + k)), weight)
            for r in range(R):
                ss[uint64(r * threads + thread)] = sums[r]
            cuda.syncwarp()
            if active:
                gate_sums = load4(ss, uint64(g * threads + thread - g))
                total = gate_sums[0] + gate_sums[1] + gate_sums[2] + gate_sums[3]
                if masked:
                    total += carry
        if active:
            dh0[n, j] = total
            dc[n, j] = state

    return lstm_block_backward


def forward(call: Call) -> None:
    """Run all steps from the states h[0] and c[0], in one launch."""
    device, w = driver.current(), call.weights
    _, N, _, H, _ = call.sizes
    size = shape(N, H, device.properties.multiprocessors)
    arrays = call.z, w.recurrent_kernel, call.h, call.c, w.peephole, call.mask
    kernel = forward_kernel(call.traits.without_recurrent_dropout, size)
    device.launch(kernel, -(-N // size.rows), size.threads, arrays, size.shared)


def backward(call: Call, dy: Array, dh: Array, dc: Array, dhu: Array, dh_new: Array, du: Array, *, has_dy: bool) -> Array:
    """Run all steps backward in one launch. Updates ``dc`` (N, H). Returns the gradient of the initial h."""
    device, w = driver.current(), call.weights
    _, N, _, H, _ = call.sizes
    size = shape(N, H, device.properties.multiprocessors)
    dh0 = device.empty((N, H), call.z.dtype)
    arrays = call.z, dy, dh, w.recurrent_kernel, call.c, dc, w.peephole, call.mask, dh0
    kernel = backward_kernel(call.traits.without_recurrent_dropout, size, has_dy)
    device.launch(kernel, -(-N // size.rows), size.threads, arrays, size.shared)
    return dh0
