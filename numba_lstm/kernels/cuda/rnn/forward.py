"""The forward pass of the GRU and of the simple RNN: x W of all steps, then h U and a pointwise kernel for each step."""

from __future__ import annotations

from dataclasses import replace
from typing import Any, NamedTuple

import numpy as np

from ...op_types import RNNNoise, RNNOutput, RNNWeights
from ...specs import RNNSpec
from ..arrays.arrays import device_value, split, zero_masked
from ..device_math.activation import canonical
from ..lstm.call import array_or, fill, placeholder, rows, time_step
from ..recording import state_ring
from ..runtime import driver
from ..runtime.launch import launch_elements
from .pointwise import gru_reset, gru_step, simple_step
from .products import gate_products, masked

Array = Any


class Call(NamedTuple):
    """The arrays of a call. Those of a training call are its tape."""

    spec: RNNSpec
    x: Array  #: (T, N, D)
    W: Array
    U: Array
    has_bias: bool
    mask: Array | None
    noise: RNNNoise
    z: Array  #: (T, N, GH): ``b + x W`` before a step, the gates after it
    q: Array  #: (T, N, H): the share of h in g with ``reset_after``, else ``r * h``; (1, N, H) without a tape
    h: Array  #: a ring of states, in training with all T + 1 of them


def rnn_forward(
    x: Array,
    weights: RNNWeights,
    h0: Array | None,
    spec: RNNSpec,
    *,
    mask: Array | None = None,
    noise: RNNNoise | None = None,
    sequences: bool = False,
    training: bool = False,
) -> RNNOutput:
    """CUDA: two or three launches a step."""
    spec = replace(spec, activation=canonical(spec.activation), recurrent_activation=canonical(spec.recurrent_activation))
    W, U, b = (None if w is None else device_value(w) for w in weights)
    (T, N, _), H, empty, noise = x.shape, U.shape[0], driver.current().empty, noise or RNNNoise()
    if training and mask is not None:
        x = zero_masked(x, mask)  # otherwise NaN in a masked step would reach dW
    after = spec.gated and spec.reset_after
    of_x = None if b is None else (b[0:1] if after else b).reshape(1, W.shape[1])
    of_h = b[1:2].reshape(1, W.shape[1]) if after and b is not None else None
    z = gate_products(rows(x), W, of_x, noise.inputs).reshape(T, N, W.shape[1])
    q = empty((T if training else 1, N, H), x.dtype) if spec.gated else placeholder(x.dtype, 3)
    ring = state_ring(h0) if T == 1 and not training else None  # that of a stream holds its state
    h = empty((T + 1 if training or sequences else 2, N, H), x.dtype) if ring is None else ring
    if ring is None:
        fill(h[0:1], h0)
    call = Call(spec, x, W, U, b is not None, mask, noise, z, q, h)
    _steps(call, of_h)
    return RNNOutput(h[1:] if sequences else None, time_step(h, T % h.shape[0]), call if training else None)


def _steps(call: Call, of_h: Array | None) -> None:
    spec, _, _, U, _, mask, noise, z, q, h = call
    (T, N, _), H, dtype = z.shape, U.shape[0], z.dtype.name
    before, masks = spec.gated and not spec.reset_after, noise.recurrent
    U_zr, U_g = split(U, [2 * H, H]) if before else (U, U)
    of_zr = None if masks is None else masks[:2] if before else masks
    valid = array_or(mask, placeholder(np.bool_, 2))
    for t in range(T):
        h_old = time_step(h, t % h.shape[0])
        u = gate_products(h_old, U_zr, of_h, of_zr)
        if not spec.gated:
            launch_elements(simple_step(spec, dtype, mask is not None), N * H, z, u, h, valid, t)
            continue
        if before:
            launch_elements(gru_reset(spec, dtype), N * H, z, u, q, h_old if masks is None else masked(h_old, masks, 2), t)
            u = gate_products(time_step(q, t % q.shape[0]), U_g, None, None)
        launch_elements(gru_step(spec, dtype, mask is not None), N * H, z, u, q, h, valid, t)


def rnn_path(N: int, T: int, D: int, H: int, dtype: Any, spec: RNNSpec, *, training: bool) -> str:
    """CUDA: one algorithm."""
    return "cuda:steps"
