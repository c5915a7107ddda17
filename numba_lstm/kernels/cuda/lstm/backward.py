"""The LSTM's gradient: one of the ways back through the steps, then products and sums over all of them, without atomics."""

from __future__ import annotations

from typing import Any

from ....gates import COUNT, F, I, O
from ...values import LSTMGradients, LSTMWeights
from ..arrays.sums import column_sums
from ..device_math.block_sum import THREADS
from ..gemm.gemm import product_nt, product_tn
from ..runtime import driver
from .algorithms import backward_way
from .call import Call, fill, nothing, rows
from .steps.backward import column_products
from .steps.forward import gate_products
from .steps.norms import norm_inputs_gradient
from .steps.tiles import THREADS as TILE
from .steps.tiles import grid

Array = Any


def lstm_backward(tape: Call, dy: Array | None, dh: Array | None, dc: Array | None, *, need_dx: bool) -> LSTMGradients:
    """CUDA twin: the way back turns the tape's gates into dz, of which products over all steps make the gradients."""
    call, how, noise = tape, tape.how, tape.noise
    T, N, _, H, P = call.sizes
    device, dtype = driver.current(), call.z.dtype
    into_h, into_c, none = device.empty((N, P), dtype), device.empty((N, H), dtype), nothing(dtype, 3)
    fill(into_h, dh)
    fill(into_c, dc)
    flow = device.empty(call.z.shape, dtype) if how.normed else call.z
    into = device.empty((T, N, P), dtype) if how.normed or how.projected else none
    du = device.empty((T, N, H), dtype) if how.normed else none
    has_dy = dy is not None
    way = backward_way(call, has_dy=has_dy)
    dh0 = way.backward(call, dy if has_dy else none, into_h, into_c, flow, into, du, has_dy=has_dy)

    norms = _norms(call, du) if how.normed else (None, None, None)
    through = call.xw if how.normed else call.z  # what comes to x W
    dW = _weights(rows(call.x), rows(through), noise.inputs if how.inputs else None)
    dU = _weights(rows(call.h[:T]), rows(flow), noise.recurrent if how.recurrent else None)
    db = column_sums(rows(call.z)).reshape(COUNT * H) if how.bias else None
    dV = _peephole(call) if how.peephole else None
    dR = product_tn(rows(call.m), rows(into)) if how.projected else None
    dx = _inputs(call, through) if need_dx else None
    return LSTMGradients(dx, dh0, into_c, LSTMWeights(dW, dU, db, dV, dR, *norms))


def _weights(a: Array, d: Array, factors: Array | None) -> Array:
    """``a^T d``, each gate's a by its own factors where there are any."""
    if factors is None:
        return product_tn(a, d)
    device, out = driver.current(), driver.current().empty((a.shape[1], d.shape[1]), a.dtype)
    kernel = gate_products(a.dtype.name, True, transposed=True)
    device.launch(kernel, grid(a.shape[1], d.shape[1] // COUNT), TILE, (out, a, d, nothing(a.dtype, 1), factors))
    return out


def _inputs(call: Call, through: Array) -> Array:
    """dx."""
    T, N, D, _, _ = call.sizes
    if not call.how.inputs:
        return product_nt(rows(through), call.weights.kernel).reshape(T, N, D)
    device, dx = driver.current(), driver.current().empty((T, N, D), call.x.dtype)
    kernel = column_products(call.how.dtype, COUNT, own=True, carries=False)
    arrays = rows(dx), rows(through), call.weights.kernel, call.noise.inputs, nothing(dx.dtype, 2)
    device.launch(kernel, grid(T * N, D), TILE, arrays)
    return dx


def _norms(call: Call, du: Array) -> tuple[Array, Array, Array]:
    """The gradients of the norms' weights; afterwards ``xw`` holds what comes to x W."""
    T, N, _, H, _ = call.sizes
    dz, device = rows(call.z), driver.current()
    dkernel_norm = column_sums(dz, rows(call.xw)).reshape(COUNT * H)
    drecurrent_norm = column_sums(dz, rows(call.hu)).reshape(COUNT * H)
    dcell_norm = stacked([column_sums(rows(du), rows(call.nc)), column_sums(rows(du))])
    kernel, gamma = norm_inputs_gradient(call.how.dtype), call.weights.kernel_norm
    device.launch(kernel, (N, T), THREADS, (call.z, call.xw, call.xw_scales, gamma))
    return dkernel_norm, drecurrent_norm, dcell_norm


def _peephole(call: Call) -> Array:
    """dV: dz of i and f with the c before the step, that of o with the new one."""
    (T, _, _, H, _), dz = call.sizes, rows(call.z)
    before, after = rows(call.c[:T]), rows(call.made)
    return stacked([column_sums(dz, c, gate * H, H) for gate, c in ((I, before), (F, before), (O, after))])


def stacked(parts: list[Array]) -> Array:
    """Rows (1, C) as one array."""
    out = driver.current().empty((len(parts), parts[0].shape[1]), parts[0].dtype)
    for k, part in enumerate(parts):
        fill(out[k : k + 1], part)
    return out
