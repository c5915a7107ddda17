"""The gradient of the LSTM: the backward steps of an algorithm, then products and sums over all steps, without atomics."""

from __future__ import annotations

from typing import Any

from ....gates import COUNT, F, I, O
from ...op_types import LSTMGradients, LSTMWeights
from ..arrays.sums import column_sums
from ..device_math.block_sum import THREADS
from ..gemm.gemm import product_nt, product_tn
from ..runtime import driver
from .algorithms import backward_algorithm
from .call import Call, fill, placeholder, rows
from .steps.backward import column_products
from .steps.forward import gate_products
from .steps.norms import norm_inputs_gradient
from .steps.tiles import THREADS as TILE
from .steps.tiles import grid

Array = Any


def lstm_backward(tape: Call, dy: Array | None, dh: Array | None, dc: Array | None, *, need_dx: bool) -> LSTMGradients:
    """CUDA: the backward steps replace the saved gates by dz. Products over all steps give the gradients."""
    call, traits, noise = tape, tape.traits, tape.noise
    T, N, _, H, P = call.sizes
    device, dtype = driver.current(), call.z.dtype
    dh_state, dc_state, none = device.empty((N, P), dtype), device.empty((N, H), dtype), placeholder(dtype, 3)
    fill(dh_state, dh)
    fill(dc_state, dc)
    dhu = device.empty(call.z.shape, dtype) if traits.normed else call.z
    dh_new = device.empty((T, N, P), dtype) if traits.normed or traits.projected else none
    du = device.empty((T, N, H), dtype) if traits.normed else none
    has_dy = dy is not None
    algorithm = backward_algorithm(call, has_dy=has_dy)
    dh0 = algorithm.backward(call, dy if has_dy else none, dh_state, dc_state, dhu, dh_new, du, has_dy=has_dy)

    norms = _norm_gradients(call, du) if traits.normed else (None, None, None)
    dxw = call.xw if traits.normed else call.z  # the gradient of x W
    dW = _weight_gradient(rows(call.x), rows(dxw), noise.inputs if traits.inputs else None)
    dU = _weight_gradient(rows(call.h[:T]), rows(dhu), noise.recurrent if traits.recurrent else None)
    db = column_sums(rows(call.z)).reshape(COUNT * H) if traits.bias else None
    dV = _peephole_gradient(call) if traits.peephole else None
    dR = product_tn(rows(call.m), rows(dh_new)) if traits.projected else None
    dx = _input_gradient(call, dxw) if need_dx else None
    return LSTMGradients(dx, dh0, dc_state, LSTMWeights(dW, dU, db, dV, dR, *norms))


def _weight_gradient(a: Array, d: Array, factors: Array | None) -> Array:
    """Return ``a^T d``, where each gate multiplies a by its dropout mask, if any."""
    if factors is None:
        return product_tn(a, d)
    device, out = driver.current(), driver.current().empty((a.shape[1], d.shape[1]), a.dtype)
    kernel = gate_products(a.dtype.name, True, transposed=True)
    device.launch(kernel, grid(a.shape[1], d.shape[1] // COUNT), TILE, (out, a, d, placeholder(a.dtype, 1), factors))
    return out


def _input_gradient(call: Call, dxw: Array) -> Array:
    """Return dx."""
    T, N, D, _, _ = call.sizes
    if not call.traits.inputs:
        return product_nt(rows(dxw), call.weights.kernel).reshape(T, N, D)
    device, dx = driver.current(), driver.current().empty((T, N, D), call.x.dtype)
    kernel = column_products(call.traits.dtype, COUNT, gate_dropout=True, has_carry=False)
    arrays = rows(dx), rows(dxw), call.weights.kernel, call.noise.inputs, placeholder(dx.dtype, 2)
    device.launch(kernel, grid(T * N, D), TILE, arrays)
    return dx


def _norm_gradients(call: Call, du: Array) -> tuple[Array, Array, Array]:
    """Return the gradients of the norm weights. Overwrites ``xw`` with the gradient of x W."""
    T, N, _, H, _ = call.sizes
    dz, device = rows(call.z), driver.current()
    dkernel_norm = column_sums(dz, rows(call.xw)).reshape(COUNT * H)
    drecurrent_norm = column_sums(dz, rows(call.hu)).reshape(COUNT * H)
    dcell_norm = stack_rows([column_sums(rows(du), rows(call.nc)), column_sums(rows(du))])
    kernel, gamma = norm_inputs_gradient(call.traits.dtype), call.weights.kernel_norm
    device.launch(kernel, T * N, THREADS, (call.z, call.xw, call.xw_scales, gamma))
    return dkernel_norm, drecurrent_norm, dcell_norm


def _peephole_gradient(call: Call) -> Array:
    """Return dV: dz of i and f times the old c, and dz of o times the new c."""
    (T, _, _, H, _), dz = call.sizes, rows(call.z)
    before, after = rows(call.c[:T]), rows(call.c_new)
    return stack_rows([column_sums(dz, c, gate * H, H) for gate, c in ((I, before), (F, before), (O, after))])


def stack_rows(matrices: list[Array]) -> Array:
    """Stack rows (1, C) to one array."""
    out = driver.current().empty((len(matrices), matrices[0].shape[1]), matrices[0].dtype)
    for k, matrix in enumerate(matrices):
        fill(out[k : k + 1], matrix)
    return out
