"""Kernels of steps with layer norms, with one block per row of z and c."""

from __future__ import annotations

import math
from functools import cache
from typing import Any

import numpy as np

from ...device_math.activation import value
from ...device_math.block_sum import THREADS, block_sum
from ...runtime.compiler import cuda, device, jit, real
from ..pointwise import apply_zoneout_c, apply_zoneout_h, gates, store_gates
from ..pointwise_grad import gate_gradient, output_gradient
from ..traits import Traits


@cache
def row_norm(dtype: str, epsilon: float) -> Any:
    """Return ``row_norm(v, t, n) -> r``: ``v[t, n]`` becomes ``(v - mean v) r`` with ``r = 1 / sqrt(var v + epsilon)``."""
    scalar = np.dtype(dtype).type
    zero, one, eps = scalar(0), scalar(1), scalar(epsilon)
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
        r = one / math.sqrt(total(sum_) / number(size) + eps)
        for i in range(thread, size, THREADS):
            v[t, n, i] = (v[t, n, i] - mean) * r
        return r

    return row_norm


@cache
def norm_inputs(dtype: str, epsilon: float, bias: bool) -> Any:
    """Return the kernel of ``z = b + n(v) gamma`` for every row of ``v`` = x W, which becomes n(v)."""
    norm, zero = row_norm(dtype, epsilon), np.dtype(dtype).type(0)

    @jit("f3 f3 f2 f1 f1", dtype, f"lstm_norm_inputs_{dtype}")
    def norm_inputs(z, v, scales, gamma, b):
        t, n = cuda.blockIdx.x // v.shape[1], cuda.blockIdx.x % v.shape[1]
        r = norm(v, t, n)
        if cuda.threadIdx.x == 0:
            scales[t, n] = r
        for i in range(cuda.threadIdx.x, v.shape[2], THREADS):
            z[t, n, i] = cuda.fma(v[t, n, i], gamma[i], b[i] if bias else zero)

    return norm_inputs


@cache
def normed_step(traits: Traits) -> Any:
    """Return the kernel of a step without its products. ``hu[t]`` holds h U and is normalized, as is the new c in ``nc[t]``."""
    zero = np.dtype(traits.dtype).type(0)
    norm, cell = row_norm(traits.dtype, traits.epsilon), gates(traits)
    output_activation = value(traits.output_activation, traits.dtype)
    zoneout_h, zoneout_c = apply_zoneout_h(traits), apply_zoneout_c(traits)
    peephole, masked, projected = traits.peephole, traits.masked, traits.projected
    has_zoneout_mask_h, has_zoneout_mask_c = traits.zoneout_h == "mask", traits.zoneout_c == "mask"

    @jit("f3 f3 f2 f1 f3 f3 f2 f2 f3 f3 f3 f2 b2 b3 b3 i", traits.dtype, f"lstm_normed_step_{traits.label}")
    def normed_step(
        z,  # (T, N, 4H), b + n(x W) gamma; step t becomes the saved gates
        hu,  # (S, N, 4H), h U; becomes n(h U). S is T in training, else 1
        hu_scales,  # (S, N), receives the r of this norm
        gamma,  # (4H,), of h U
        c_new,  # (S, N, H), receives c before zoneout and mask
        nc,  # (S, N, H), receives n(c_new)
        nc_scales,  # (S, N), receives the r of this norm
        cell_norm,  # (2, H), gamma and beta of c
        h, c,  # (T + 1 or 2, N, P or H), ring buffers: the old states are read, the new ones written
        m,  # (S, N, H), scratch for o; receives the output where a projection follows
        V,  # (3, H), the peephole weights of i, f and o
        mask,  # (T, N)
        zoneout_mask_h, zoneout_mask_c,  # (T, N, P), (T, N, H)
        t,  # the step
    ):  # fmt: skip
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
            o, after, saved_i, saved_f, saved_g, saved_o = cell(zi, zf, zg, zo, before, vi, vf, vo)
            c[new, n, j] = zoneout_c(after, before, zoneout_mask_c[t, n, j] if has_zoneout_mask_c else False, valid)
            c_new[s, n, j] = after
            nc[s, n, j] = after
            store_gates(z, t, n, j, saved_i, saved_f, saved_g, saved_o)
            m[s, n, j] = o
        r = norm(nc, s, n)
        if thread == 0:
            nc_scales[s, n] = r
        for j in range(thread, H, THREADS):
            output = m[s, n, j] * output_activation(cuda.fma(nc[s, n, j], cell_norm[0, j], cell_norm[1, j]))
            if projected:
                m[s, n, j] = output
            else:
                h[new, n, j] = zoneout_h(output, h[old, n, j], zoneout_mask_h[t, n, j] if has_zoneout_mask_h else False, valid)

    return normed_step


@cache
def normed_gradient(traits: Traits) -> Any:
    """Return the kernel of the gradient of a step without its products: dz in place of the gates, ``dhu`` and ``du``."""
    scalar = np.dtype(traits.dtype).type
    number, zero, total = real(traits.dtype), scalar(0), block_sum(traits.dtype)
    output, gates_gradient = output_gradient(traits), gate_gradient(traits)
    du_of, dzo_of, peephole, masked = output.du, output.dzo, traits.peephole, traits.masked
    has_zoneout_mask_c = traits.zoneout_c == "mask"

    @jit("f3 f3 f3 f2 f2 f3 f2 f2 f3 f2 f1 f3 f3 b2 b3 i", traits.dtype, f"lstm_normed_gradient_{traits.label}")
    def normed_gradient(
        dm,  # (1, N, H) after a projection, else dh_new (T, N, H): the gradient of the output before it
        z,  # (T, N, 4H), the saved gates; step t becomes dz
        nc, nc_scales,  # (T, N, H), n(c_new) of the forward pass, and (T, N), the r of this norm
        cell_norm,  # (2, H), gamma and beta of c
        c,  # (T + 1, N, H)
        dc,  # (N, H), the gradient of c of step t; becomes that of the step before
        V,  # (3, H), the peephole weights of i, f and o
        hu, hu_scales,  # (T, N, 4H), n(h U) of the forward pass, and (T, N), the r of this norm
        gamma,  # (4H,), of h U
        dhu,  # (T, N, 4H), receives the gradient of h U; not z
        du,  # (T, N, H), receives the gradient of the norm of c with its gamma and beta
        mask, zoneout_mask_c,  # (T, N), (T, N, H)
        t,  # the step
    ):  # fmt: skip
        n, thread, H = cuda.blockIdx.x, cuda.threadIdx.x, dc.shape[1]
        s = t % dm.shape[0]
        valid = mask[t, n] if masked else True
        sum_, sum_product = zero, zero
        for j in range(thread, H, THREADS):
            u = cuda.fma(nc[t, n, j], cell_norm[0, j], cell_norm[1, j])
            d = du_of(dm[s, n, j], z[t, n, 3 * H + j], u)
            du[t, n, j] = d
            sum_ += d * cell_norm[0, j]
            sum_product += d * cell_norm[0, j] * nc[t, n, j]
        mean, mean_product, r = total(sum_) / number(H), total(sum_product) / number(H), nc_scales[t, n]
        sum_, sum_product = zero, zero
        for j in range(thread, H, THREADS):
            u, saved_o = cuda.fma(nc[t, n, j], cell_norm[0, j], cell_norm[1, j]), z[t, n, 3 * H + j]
            dc_out = (du[t, n, j] * cell_norm[0, j] - mean - nc[t, n, j] * mean_product) * r
            vi = V[0, j] if peephole else zero
            vf = V[1, j] if peephole else zero
            vo = V[2, j] if peephole else zero
            di, df, dg, do, dc[n, j] = gates_gradient(
                dc[n, j], dc_out, dzo_of(dm[s, n, j], saved_o, u), z[t, n, j], z[t, n, H + j], z[t, n, 2 * H + j], c[t, n, j],
                vi, vf, vo, zoneout_mask_c[t, n, j] if has_zoneout_mask_c else False, valid,
            )  # fmt: skip
            store_gates(z, t, n, j, di, df, dg, do)
            for g in range(4):
                i = g * H + j
                d = z[t, n, i] * gamma[i]
                sum_ += d
                sum_product += d * hu[t, n, i]
        mean, mean_product, r = total(sum_) / number(4 * H), total(sum_product) / number(4 * H), hu_scales[t, n]
        for j in range(thread, H, THREADS):
            for g in range(4):
                i = g * H + j
                dhu[t, n, i] = (z[t, n, i] * gamma[i] - mean - hu[t, n, i] * mean_product) * r

    return normed_gradient


@cache
def norm_inputs_gradient(dtype: str) -> Any:
    """Return the kernel of the gradient of ``v`` through ``n(v) gamma``, in place of n(v)."""
    number, zero, total = real(dtype), np.dtype(dtype).type(0), block_sum(dtype)

    @jit("f3 f3 f2 f1", dtype, f"lstm_norm_inputs_gradient_{dtype}")
    def norm_inputs_gradient(dz, v, scales, gamma):
        t, n, thread, size = cuda.blockIdx.x // v.shape[1], cuda.blockIdx.x % v.shape[1], cuda.threadIdx.x, v.shape[2]
        sum_, sum_product = zero, zero
        for i in range(thread, size, THREADS):
            sum_ += dz[t, n, i] * gamma[i]
            sum_product += dz[t, n, i] * gamma[i] * v[t, n, i]
        mean, mean_product, r = total(sum_) / number(size), total(sum_product) / number(size), scales[t, n]
        for i in range(thread, size, THREADS):
            v[t, n, i] = (dz[t, n, i] * gamma[i] - mean - v[t, n, i] * mean_product) * r

    return norm_inputs_gradient
