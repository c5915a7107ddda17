"""The LSTM forward: the inputs' product for all steps, then one of the ways through the steps."""

from __future__ import annotations

from typing import Any

from ...specs import LSTMSpec
from ...values import LSTMNoise, LSTMOutput, LSTMWeights
from ..device_math.block_sum import THREADS
from ..gemm.gemm import product
from ..runtime import driver
from .algorithms import forward_way
from .call import Call, at, fill, prepare, rows
from .steps.forward import gate_products
from .steps.norms import norm_inputs
from .steps.tiles import THREADS as TILE
from .steps.tiles import grid

Array = Any


def lstm_forward(
    x: Array,
    weights: LSTMWeights,
    h0: Array | None,
    c0: Array | None,
    spec: LSTMSpec,
    *,
    mask: Array | None = None,
    noise: LSTMNoise | None = None,
    sequences: bool = False,
    training: bool = False,
) -> LSTMOutput:
    """CUDA twin: every way has the same chains of additions and calls the same cell, so all answer the same bits."""
    call = prepare(x, weights, spec, mask, noise, sequences=sequences, training=training)
    fill(call.h[0:1], h0)
    fill(call.c[0:1], c0)
    input_products(call)
    forward_way(call).forward(call)
    last = x.shape[0] % call.h.shape[0]
    y = call.h[1:] if sequences else None
    return LSTMOutput(y, at(call.h, last), at(call.c, last), call if training else None)


def input_products(call: Call) -> None:
    """Make ``z = b + x W``, or ``b + n(x W) gamma``, of all steps."""
    device, how, w = driver.current(), call.how, call.weights
    (T, N, _, H, _), columns = call.sizes, w.kernel.shape[1]
    bias = w.bias if how.bias and not how.normed else None
    if how.inputs:
        out = device.empty((T * N, columns), call.x.dtype)
        kernel = gate_products(how.dtype, True, bias=bias is not None)
        device.launch(kernel, grid(T * N, H), TILE, (out, rows(call.x), w.kernel, w.bias, call.noise.inputs))
    else:
        out = product(rows(call.x), w.kernel, bias)
    call.z = out.reshape(T, N, columns)
    if how.normed:
        call.xw, call.z = call.z, device.empty((T, N, columns), call.x.dtype)
        call.xw_scales = device.empty((T, N), call.x.dtype)
        kernel = norm_inputs(how.dtype, how.epsilon, how.bias)
        device.launch(kernel, (N, T), THREADS, (call.z, call.xw, call.xw_scales, w.kernel_norm, w.bias))
