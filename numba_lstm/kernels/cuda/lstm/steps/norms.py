"""Steps with layer norms: a block takes a whole row of z, and of c."""

from __future__ import annotations

import math
from functools import cache
from typing import Any

import numpy as np

from ...device_math.activation import value
from ...device_math.block_sum import THREADS, block_sum
from ...runtime.compiler import cuda, device, jit, real
from ..pointwise import carried_c, carried_h, gates, store_gates
from ..pointwise_grad import gate_gradient, output_gradient
from ..traits import Traits


@cache
def row_norm(dtype: str, epsilon: float) -> Any:
    """``row_norm(v, t, n, size) -> r``: ``v[t, n]`` becomes ``(v - mean v) r``, ``r = 1 / sqrt(var v + epsilon)``."""
    scalar = np.dtype(dtype).type
    zero, one, little = scalar(0), scalar(1), scalar(epsilon)
    number, total = real(dtype), block_sum(dtype)

    @device
    def row_norm(v, t, n):
        size, thread = v.shape[2], cuda.threadIdx.x
        sum_ = zero
        for i in range(thread, size, THREADS):
            sum_ += v[t, n, i]
        mean = total(sum_) / number(size)
        sum_ = zero
        for i in range(thread, size, THREADS):
            centred = v[t, n, i] - mean
            sum_ += centred * centred
        r = one / math.sqrt(total(sum_) / number(size) + little)
        for i in range(thread, size, THREADS):
            v[t, n, i] = (v[t, n, i] - mean) * r
        return r

    return row_norm


@cache
def norm_inputs(dtype: str, epsilon: float, bias: bool) -> Any:
    """``z = b + n(v) gamma`` of every row of ``v`` = x W, which becomes n(v)."""
    norm, zero = row_norm(dtype, epsilon), np.dtype(dtype).type(0)

    @jit("f3 f3 f2 f1 f1", dtype, f"lstm_norm_inputs_{dtype}")
    def norm_inputs(z, v, scales, gamma, b):
        t, n = cuda.blockIdx.y, cuda.blockIdx.x
        r = norm(v, t, n)
        if cuda.threadIdx.x == 0:
            scales[t, n] = r
        for i in range(cuda.threadIdx.x, v.shape[2], THREADS):
            z[t, n, i] = cuda.fma(v[t, n, i], gamma[i], b[i] if bias else zero)

    return norm_inputs


@cache
def normed_step(how: Traits) -> Any:
    """All of a step but its products: ``hu[t]`` holds h U and becomes its norm, ``nc[t]`` becomes that of the new c."""
    zero = np.dtype(how.dtype).type(0)
    norm, cell, outer = row_norm(how.dtype, how.epsilon), gates(how), value(how.outer, how.dtype)
    keep_h, keep_c = carried_h(how), carried_c(how)
    peephole, masked, projected = how.peephole, how.masked, how.projected
    drawn_h, drawn_c = how.zoneout_h == "mask", how.zoneout_c == "mask"

    @jit("f3 f3 f2 f1 f3 f3 f2 f2 f3 f3 f3 f2 b2 b3 b3 i", how.dtype, f"lstm_normed_step_{how.label}")
    def normed_step(z, hu, hu_scales, gamma, made, nc, nc_scales, cell_norm, h, c, m, V, mask, kept_h, kept_c, t):
        n, thread, H = cuda.blockIdx.x, cuda.threadIdx.x, c.shape[2]
        old, new, s = t % h.shape[0], (t + 1) % h.shape[0], t % hu.shape[0]
        valid = mask[t, n] if masked else True
        r = norm(hu, s, n)
        if thread == 0:
            hu_scales[s, n] = r
        cuda.syncthreads()
        for j in range(thread, H, THREADS):
            zi = cuda.fma(hu[s, n, j], gamma[j], z[t, n, j])
            zf = cuda.fma(hu[s, n, H + j], gamma[H + j], z[t, n, H + j])
            zg = cuda.fma(hu[s, n, 2 * H + j], gamma[2 * H + j], z[t, n, 2 * H + j])
            zo = cuda.fma(hu[s, n, 3 * H + j], gamma[3 * H + j], z[t, n, 3 * H + j])
            vi = V[0, j] if peephole else zero
            vf = V[1, j] if peephole else zero
            vo = V[2, j] if peephole else zero
            before = c[old, n, j]
            o, after, ki, kf, kg, ko = cell(zi, zf, zg, zo, before, vi, vf, vo)
            c[new, n, j] = keep_c(after, before, kept_c[t, n, j] if drawn_c else False, valid)
            made[s, n, j] = after
            nc[s, n, j] = after
            store_gates(z, t, n, j, ki, kf, kg, ko)
            m[s, n, j] = o
        r = norm(nc, s, n)
        if thread == 0:
            nc_scales[s, n] = r
        for j in range(thread, H, THREADS):
            output = m[s, n, j] * outer(cuda.fma(nc[s, n, j], cell_norm[0, j], cell_norm[1, j]))
            if projected:
                m[s, n, j] = output
            else:
                h[new, n, j] = keep_h(output, h[old, n, j], kept_h[t, n, j] if drawn_h else False, valid)

    return normed_step


@cache
def normed_gradient(how: Traits) -> Any:
    """All of a step's gradient but its products: dz in place of the gates, ``flow`` behind the norm of h U, ``du`` of c's."""
    scalar = np.dtype(how.dtype).type
    number, zero, total = real(how.dtype), scalar(0), block_sum(how.dtype)
    output, into_gates = output_gradient(how), gate_gradient(how)
    du_of, dzo_of, peephole, masked, drawn_c = output.du, output.dzo, how.peephole, how.masked, how.zoneout_c == "mask"

    @jit("f3 f3 f3 f2 f2 f3 f2 f2 f3 f2 f1 f3 f3 b2 b3 i", how.dtype, f"lstm_normed_gradient_{how.label}")
    def normed_gradient(dm, z, nc, nc_scales, cell_norm, c, dc, V, hu, hu_scales, gamma, flow, du, mask, kept_c, t):
        n, thread, H = cuda.blockIdx.x, cuda.threadIdx.x, dc.shape[1]
        s = t % dm.shape[0]
        valid = mask[t, n] if masked else True
        sum_, along = zero, zero
        for j in range(thread, H, THREADS):
            u = cuda.fma(nc[t, n, j], cell_norm[0, j], cell_norm[1, j])
            d = du_of(dm[s, n, j], z[t, n, 3 * H + j], u)
            du[t, n, j] = d
            sum_ += d * cell_norm[0, j]
            along += d * cell_norm[0, j] * nc[t, n, j]
        mean, share, r = total(sum_) / number(H), total(along) / number(H), nc_scales[t, n]
        sum_, along = zero, zero
        for j in range(thread, H, THREADS):
            u, ko = cuda.fma(nc[t, n, j], cell_norm[0, j], cell_norm[1, j]), z[t, n, 3 * H + j]
            dc_out = (du[t, n, j] * cell_norm[0, j] - mean - nc[t, n, j] * share) * r
            vi = V[0, j] if peephole else zero
            vf = V[1, j] if peephole else zero
            vo = V[2, j] if peephole else zero
            di, df, dg, do, dc[n, j] = into_gates(
                dc[n, j], dc_out, dzo_of(dm[s, n, j], ko, u), z[t, n, j], z[t, n, H + j], z[t, n, 2 * H + j], c[t, n, j],
                vi, vf, vo, kept_c[t, n, j] if drawn_c else False, valid,
            )  # fmt: skip
            store_gates(z, t, n, j, di, df, dg, do)
            for g in range(4):
                i = g * H + j
                d = z[t, n, i] * gamma[i]
                sum_ += d
                along += d * hu[t, n, i]
        mean, share, r = total(sum_) / number(4 * H), total(along) / number(4 * H), hu_scales[t, n]
        for j in range(thread, H, THREADS):
            for g in range(4):
                i = g * H + j
                flow[t, n, i] = (z[t, n, i] * gamma[i] - mean - hu[t, n, i] * share) * r

    return normed_gradient


@cache
def norm_inputs_gradient(dtype: str) -> Any:
    """What comes to ``v`` through ``n(v) gamma``, in place of n(v)."""
    number, zero, total = real(dtype), np.dtype(dtype).type(0), block_sum(dtype)

    @jit("f3 f3 f2 f1", dtype, f"lstm_norm_inputs_gradient_{dtype}")
    def norm_inputs_gradient(dz, v, scales, gamma):
        t, n, thread, size = cuda.blockIdx.y, cuda.blockIdx.x, cuda.threadIdx.x, v.shape[2]
        sum_, along = zero, zero
        for i in range(thread, size, THREADS):
            sum_ += dz[t, n, i] * gamma[i]
            along += dz[t, n, i] * gamma[i] * v[t, n, i]
        mean, share, r = total(sum_) / number(size), total(along) / number(size), scales[t, n]
        for i in range(thread, size, THREADS):
            v[t, n, i] = (dz[t, n, i] * gamma[i] - mean - v[t, n, i] * share) * r

    return norm_inputs_gradient
