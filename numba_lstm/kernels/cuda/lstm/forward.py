"""The forward pass of the LSTM: the input product of all steps, then the steps by an algorithm."""

from __future__ import annotations

from typing import Any

from ...op_types import LSTMNoise, LSTMOutput, LSTMWeights
from ...specs import LSTMSpec
from ..device_math.block_sum import THREADS
from ..gemm.gemm import product
from ..recording import state_ring
from ..runtime import driver
from .algorithms import forward_algorithm
from .call import Call, fill, prepare, rows, time_step
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
    """CUDA: all algorithms sum in the same order and call the same pointwise functions, so they return the same bits."""
    rings = (None, None)
    if x.shape[0] == 1 and not training:
        rings = state_ring(h0), state_ring(c0)  # those of a stream hold its states
    call = prepare(x, weights, spec, mask, noise, rings=rings, sequences=sequences, training=training)
    for ring, array, state in zip(rings, (call.h, call.c), (h0, c0), strict=True):
        if ring is None:
            fill(array[0:1], state)
    input_products(call)
    forward_algorithm(call).forward(call)
    last = x.shape[0] % call.h.shape[0]
    y = call.h[1:] if sequences else None
    return LSTMOutput(y, time_step(call.h, last), time_step(call.c, last), call if training else None)


def input_products(call: Call) -> None:
    """Compute ``z = b + x W``, or ``b + n(x W) gamma``, of all steps."""
    device, traits, w = driver.current(), call.traits, call.weights
    (T, N, _, H, _), columns = call.sizes, w.kernel.shape[1]
    bias = w.bias if traits.bias and not traits.normed else None
    if traits.inputs:
        out = device.empty((T * N, columns), call.x.dtype)
        kernel = gate_products(traits.dtype, True, bias=bias is not None)
        device.launch(kernel, grid(T * N, H), TILE, (out, rows(call.x), w.kernel, w.bias, call.noise.inputs))
    else:
        out = product(rows(call.x), w.kernel, bias)
    call.z = out.reshape(T, N, columns)
    if traits.normed:
        call.xw, call.z = call.z, device.empty((T, N, columns), call.x.dtype)
        call.xw_scales = device.empty((T, N), call.x.dtype)
        kernel = norm_inputs(traits.dtype, traits.epsilon, traits.bias)
        device.launch(kernel, T * N, THREADS, (call.z, call.xw, call.xw_scales, w.kernel_norm, w.bias))
