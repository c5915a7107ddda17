"""The way of few units: one block keeps all recurrent weights for the whole time loop, for a few rows of the batch.

Thread ``4 j + g`` holds the weights of gate g of unit j, the first of them in registers, the others in shared memory, and adds
up its z for the block's rows. The four threads of a unit, neighbours in a warp, change z among each other; then each finishes
one row. h has two buffers, so a step has one barrier. The way back is its mirror: dz has two buffers, and a thread adds up its
gate's part of dh.
"""

from __future__ import annotations

from functools import cache
from typing import Any, NamedTuple

import numpy as np

from .....gates import COUNT
from ...device_math.activation import value
from ...device_math.dot_products import dot, four
from ...runtime import driver
from ...runtime.compiler import cuda, jit, real, uint64
from ..call import Call
from ..pointwise import carried_c, carried_h, gates, store_gates
from ..pointwise_grad import split
from ..steps.backward import unit_gradient
from ..traits import Traits

Array = Any

MOST_UNITS = 128
IN_REGISTERS = 60  #: weights of a thread; more of them are spilled where a block has 512 threads


class Shape(NamedTuple):
    """What the code depends on beside the traits."""

    H: int
    rows: int  #: of a block: 1, 2 or 4

    @property
    def threads(self) -> int:
        """Four a unit, in whole warps."""
        return COUNT * -(-self.H // 8) * 8

    @property
    def pitch(self) -> int:
        """Units in steps of four: what one load from shared memory brings."""
        return -(-self.H // 4) * 4

    @property
    def in_registers(self) -> int:
        """Weights that a thread holds in registers."""
        return min(self.pitch, IN_REGISTERS)

    @property
    def shared(self) -> int:
        """Bytes of the weights in shared memory."""
        return 4 * self.threads * (self.pitch - self.in_registers)

    @property
    def all_shared(self) -> int:
        """Bytes of all shared memory of the way back, which takes more than the other."""
        return self.shared + 4 * self.rows * (2 * COUNT * (self.pitch + 4) + self.threads)

    @property
    def registers(self) -> int:
        """The most that a thread may have: in whole steps of eight, since the block has 65536."""
        return min(255, 65536 // self.threads // 8 * 8)


def shape(N: int, H: int, multiprocessors: int) -> Shape:
    """Few rows a block where there are few, so that more blocks work."""
    each = -(-N // multiprocessors)
    return Shape(H, 1 if each <= 1 else 2 if each == 2 else 4)


@cache
def forward_kernel(how: Traits, size: Shape) -> Any:
    """All steps of a block's rows."""
    number, zero = real(how.dtype), np.dtype(how.dtype).type(0)
    cell, outer, keep_h, keep_c = gates(how), value(how.outer, how.dtype), carried_h(how), carried_c(how)
    peephole, masked, training = how.peephole, how.masked, how.training
    units, R, K, held = size.H, size.rows, size.pitch, size.in_registers
    threads, buffer, exchange = size.threads, size.rows * size.pitch, size.rows * size.threads
    buffers, rest = 2 * buffer, size.pitch - size.in_registers

    @jit("f3 f2 f3 f3 f2 b2", how.dtype, f"lstm_block_forward_{units}x{R}_{how.label}", size.registers)
    def lstm_block_forward(z, U, h, c, V, mask):
        weights = cuda.shared.array(0, number)  # [k / 4][thread][4]
        hs = cuda.shared.array(buffers, number)  # [buffer][row][unit]
        zs = cuda.shared.array(exchange, number)  # [row][thread]
        w, sums, ahead = cuda.local.array(held, number), cuda.local.array(R, number), cuda.local.array(R, number)
        thread = cuda.threadIdx.x
        j, g, n0 = thread // 4, thread % 4, cuda.blockIdx.x * R
        T, N, states = z.shape[0], z.shape[1], h.shape[0]
        n, column = n0 + g, g * units + j
        mine = g < R and n < N and j < units
        for k in range(held):
            w[k] = U[k, column] if k < units and j < units else zero
        for k in range(rest):
            at = (k // 4 * threads + thread) * 4 + k % 4
            weights[uint64(at)] = U[held + k, column] if held + k < units and j < units else zero
        for i in range(thread, buffer, threads):
            r, k = i // K, i % K
            hs[uint64(i)] = h[0, n0 + r, k] if n0 + r < N and k < units else zero
            hs[uint64(buffer + i)] = zero
        vi = V[0, j] if peephole and mine else zero
        vf = V[1, j] if peephole and mine else zero
        vo = V[2, j] if peephole and mine else zero
        state = c[0, n, j] if mine else zero
        for r in range(R):
            ahead[r] = z[0, n0 + r, column] if n0 + r < N and j < units else zero
        cuda.syncthreads()
        for t in range(T):
            old, new = (t & 1) * buffer, (~t & 1) * buffer
            for r in range(R):
                sums[r] = ahead[r]
                if t + 1 < T:
                    ahead[r] = z[t + 1, n0 + r, column] if n0 + r < N and j < units else zero
            for k in range(0, held, 4):
                for r in range(R):
                    sums[r] = dot(sums[r], four(hs, uint64(old + r * K + k)), (w[k], w[k + 1], w[k + 2], w[k + 3]))
            for k in range(0, rest, 4):
                weight = four(weights, uint64((k // 4 * threads + thread) * 4))
                for r in range(R):
                    sums[r] = dot(sums[r], four(hs, uint64(old + r * K + held + k)), weight)
            for r in range(R):
                zs[uint64(r * threads + thread)] = sums[r]
            cuda.syncwarp()
            if mine:
                zi, zf, zg, zo = four(zs, uint64(g * threads + thread - g))
                before = state
                valid = mask[t, n] if masked else True
                o, after, ki, kf, kg, ko = cell(zi, zf, zg, zo, before, vi, vf, vo)
                state = keep_c(after, before, False, valid)
                output = keep_h(o * outer(after), hs[uint64(old + g * K + j)], False, valid)
                hs[uint64(new + g * K + j)] = output
                h[(t + 1) % states, n, j] = output
                c[(t + 1) % states, n, j] = state
                if training:
                    store_gates(z, t, n, j, ki, kf, kg, ko)
            cuda.syncthreads()

    return lstm_block_forward


@cache
def backward_kernel(how: Traits, size: Shape, has_dy: bool) -> Any:
    """All steps back of a block's rows."""
    number, zero = real(how.dtype), np.dtype(how.dtype).type(0)
    part, unit = split(how.dtype, how.zoneout_h, how.masked), unit_gradient(how)
    masked = how.masked
    units, R, K, held = size.H, size.rows, size.pitch + 4, size.in_registers  # gates meet different banks
    threads, row = size.threads, COUNT * (size.pitch + 4)
    buffer, exchange, rest = size.rows * row, size.rows * size.threads, size.pitch - size.in_registers
    buffers = 2 * buffer

    @jit("f3 f3 f2 f2 f3 f2 f2 b2 f2", how.dtype, f"lstm_block_backward_{units}x{R}_{how.label}", size.registers)
    def lstm_block_backward(z, dy, dh, U, c, dc, V, mask, dh0):
        weights = cuda.shared.array(0, number)  # [k / 4][thread][4]
        ds = cuda.shared.array(buffers, number)  # [buffer][row][gate][unit]
        ss = cuda.shared.array(exchange, number)  # [row][thread]
        w, sums = cuda.local.array(held, number), cuda.local.array(R, number)
        thread = cuda.threadIdx.x
        j, g, n0 = thread // 4, thread % 4, cuda.blockIdx.x * R
        T, N = z.shape[0], z.shape[1]
        n = n0 + g
        mine = g < R and n < N and j < units
        for k in range(held):
            w[k] = U[j, g * units + k] if k < units and j < units else zero
        for k in range(rest):
            at = (k // 4 * threads + thread) * 4 + k % 4
            weights[uint64(at)] = U[j, g * units + held + k] if held + k < units and j < units else zero
        for i in range(thread, buffers, threads):
            ds[uint64(i)] = zero
        total = dh[n, j] if mine else zero
        state = dc[n, j] if mine else zero
        carry = zero
        cuda.syncthreads()
        for s in range(T):
            t, at = T - 1 - s, (s & 1) * buffer
            if mine:
                if has_dy:
                    total += dy[t, n, j]
                valid = mask[t, n] if masked else True
                own, carry = part(total, False, valid)
                di, df, dg, do, state = unit(own, state, t, n, j, z, c[1:], c, V, valid, False)
                store_gates(z, t, n, j, di, df, dg, do)
                first = at + g * row + j
                ds[uint64(first)] = di
                ds[uint64(first + K)] = df
                ds[uint64(first + 2 * K)] = dg
                ds[uint64(first + 3 * K)] = do
            cuda.syncthreads()
            for r in range(R):
                sums[r] = zero
            first = at + g * K
            for k in range(0, held, 4):
                for r in range(R):
                    sums[r] = dot(sums[r], four(ds, uint64(first + r * row + k)), (w[k], w[k + 1], w[k + 2], w[k + 3]))
            for k in range(0, rest, 4):
                weight = four(weights, uint64((k // 4 * threads + thread) * 4))
                for r in range(R):
                    sums[r] = dot(sums[r], four(ds, uint64(first + r * row + held + k)), weight)
            for r in range(R):
                ss[uint64(r * threads + thread)] = sums[r]
            cuda.syncwarp()
            if mine:
                parts = four(ss, uint64(g * threads + thread - g))
                total = parts[0] + parts[1] + parts[2] + parts[3]
                if masked:
                    total += carry
        if mine:
            dh0[n, j] = total
            dc[n, j] = state

    return lstm_block_backward


def forward(call: Call) -> None:
    """All steps, from the states in row 0 of h and c: one launch."""
    device, w = driver.current(), call.weights
    _, N, _, H, _ = call.sizes
    size = shape(N, H, device.properties.multiprocessors)
    arrays = call.z, w.recurrent_kernel, call.h, call.c, w.peephole, call.mask
    kernel = forward_kernel(call.how.without_product, size)
    device.launch(kernel, -(-N // size.rows), size.threads, arrays, size.shared)


def backward(call: Call, dy: Array, dh: Array, dc: Array, flow: Array, into: Array, du: Array, *, has_dy: bool) -> Array:
    """All steps, from the last one; ``dc`` (N, H) moves along. Answers the gradient of the first h."""
    device, w = driver.current(), call.weights
    _, N, _, H, _ = call.sizes
    size = shape(N, H, device.properties.multiprocessors)
    dh0 = device.empty((N, H), call.z.dtype)
    arrays = call.z, dy, dh, w.recurrent_kernel, call.c, dc, w.peephole, call.mask, dh0
    kernel = backward_kernel(call.how.without_product, size, has_dy)
    device.launch(kernel, -(-N // size.rows), size.threads, arrays, size.shared)
    return dh0
