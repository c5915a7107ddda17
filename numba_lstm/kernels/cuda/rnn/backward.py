"""The gradient of the GRU and of the simple RNN: the backward steps, then products over all steps."""

from __future__ import annotations

from typing import Any

import numpy as np

from ...op_types import RNNGradients, RNNWeights
from ..arrays.arrays import concat, split
from ..arrays.elementwise import add
from ..arrays.sums import column_sums
from ..gemm.gemm import product_nt
from ..lstm.backward import stack_rows
from ..lstm.call import array_or, fill, placeholder, rows, time_step
from ..runtime import driver
from ..runtime.launch import launch_elements
from .forward import Call
from .pointwise_grad import gru_gradient, gru_reset_gradient, simple_gradient
from .products import masked, rows_gradient, weight_gradient

Array = Any


def rnn_backward(tape: Call, dy: Array | None, dh: Array | None, *, need_dx: bool) -> RNNGradients:
    """CUDA: the steps replace the saved gates by their gradients."""
    T, N, _ = tape.z.shape
    H, empty, dtype = tape.U.shape[0], driver.current().empty, tape.z.dtype
    dh_state, product = empty((N, H), dtype), empty((N, H), dtype)
    fill(dh_state, dh)
    fill(product, None)
    after = tape.spec.gated and tape.spec.reset_after
    du = empty(tape.z.shape, dtype) if after else tape.z  # the gradient of what U's columns give
    product = (_gru_steps if tape.spec.gated else _simple_steps)(tape, dy, dh_state, product, du)
    dh0 = add(dh_state, product)
    dz, hs, inputs = rows(tape.z), rows(tape.h[:T]), tape.noise.inputs
    db = None
    if tape.has_bias:
        db = column_sums(dz)
        db = stack_rows([db, column_sums(rows(du))]) if after else db.reshape(db.shape[1])
    dW = weight_gradient(rows(tape.x), dz, inputs)
    dx = rows_gradient(dz, tape.W, inputs).reshape(*tape.x.shape) if need_dx else None
    return RNNGradients(dx, dh0, RNNWeights(dW, _recurrent_gradient(tape, hs, rows(du)), db))


def _simple_steps(call: Call, dy: Array | None, dh: Array, product: Array, du: Array) -> Array:
    """Run all steps backward. Updates ``dh``; returns what is to be added to it."""
    kernel = simple_gradient(call.spec, dh.dtype.name, call.mask is not None, dy is not None)
    of_y, valid = array_or(dy, placeholder(dh.dtype, 3)), array_or(call.mask, placeholder(np.bool_, 2))
    for t in reversed(range(call.z.shape[0])):
        launch_elements(kernel, dh.size, call.z, of_y, dh, product, valid, t)
        product = rows_gradient(time_step(call.z, t), call.U, call.noise.recurrent)
    return product


def _gru_steps(call: Call, dy: Array | None, dh: Array, product: Array, du: Array) -> Array:
    """Run all steps backward. Updates ``dh``; returns what is to be added to it."""
    spec, masks, H, dtype = call.spec, call.noise.recurrent, dh.shape[1], dh.dtype.name
    is_masked = call.mask is not None
    kernel = gru_gradient(spec, dtype, is_masked, dy is not None)
    of_y, valid = array_or(dy, placeholder(dh.dtype, 3)), array_or(call.mask, placeholder(np.bool_, 2))
    dg = du if spec.reset_after else driver.current().empty((1, *dh.shape), dh.dtype)
    U_zr, U_g = split(call.U, [2 * H, H])
    for t in reversed(range(call.z.shape[0])):
        launch_elements(kernel, dh.size, call.z, call.q, call.h, dg, of_y, dh, product, valid, t)
        if spec.reset_after:
            product = rows_gradient(time_step(du, t), call.U, masks)
            continue
        dq = product_nt(time_step(dg, 0), U_g)
        dq = dq if masks is None else masked(dq, masks, 2)
        launch_elements(gru_reset_gradient(spec, dtype, is_masked), dh.size, call.z, call.h, dq, dh, valid, t)
        dzr, _ = split(time_step(call.z, t), [2 * H, H])
        product = rows_gradient(dzr, U_zr, None if masks is None else masks[:2])
    return product


def _recurrent_gradient(call: Call, hs: Array, du: Array) -> Array:
    """Return dU."""
    masks, H = call.noise.recurrent, call.U.shape[0]
    if call.spec.reset_after or not call.spec.gated:
        return weight_gradient(hs, du, masks)
    dzr, dg = split(du, [2 * H, H])
    of_zr = weight_gradient(hs, dzr, None if masks is None else masks[:2])
    return concat([of_zr, weight_gradient(rows(call.q), dg, None)])
