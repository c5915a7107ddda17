"""The general way through an LSTM, a few kernels a step: launches alone, in the order of the stream."""

from __future__ import annotations

from typing import Any

from .....gates import COUNT
from ...device_math.block_sum import THREADS
from ...runtime import driver
from ..call import Call, at
from .backward import column_products, projected_gradient, step_gradient
from .forward import gate_products, project, step
from .norms import normed_gradient, normed_step
from .tiles import THREADS as TILE
from .tiles import grid

Array = Any


def forward(call: Call) -> None:
    """All steps, from the states in row 0 of h and c."""
    device, how, w = driver.current(), call.how, call.weights
    T, N, _, H, P = call.sizes
    tiles, outputs = grid(N, H), grid(N, P)
    kept_h, kept_c, factors = call.noise.zoneout_h, call.noise.zoneout_c, call.noise.recurrent
    for t in range(T):
        if how.normed:
            hu, h = at(call.hu, t % call.hu.shape[0]), at(call.h, t % call.h.shape[0])
            product = gate_products(how.dtype, how.recurrent, bias=False)
            device.launch(product, tiles, TILE, (hu, h, w.recurrent_kernel, w.bias, factors))
            device.launch(
                normed_step(how.without_product), N, THREADS,
                (call.z, call.hu, call.hu_scales, w.recurrent_norm, call.made, call.nc, call.nc_scales, w.cell_norm,
                 call.h, call.c, call.m, w.peephole, call.mask, kept_h, kept_c, t),
            )  # fmt: skip
        else:
            device.launch(
                step(how.of_steps), tiles, TILE,
                (call.z, w.recurrent_kernel, call.h, call.c, call.made, call.m, w.peephole, call.mask,
                 kept_h, kept_c, factors, t),
            )  # fmt: skip
        if how.projected:
            arrays = call.m, w.projection, call.h, call.mask, kept_h, factors, t
            device.launch(project(how.without_product), outputs, TILE, arrays)


def backward(call: Call, dy: Array, dh: Array, dc: Array, flow: Array, into: Array, du: Array, *, has_dy: bool) -> Array:
    """All steps, from the last one; ``dc`` (N, H) moves along. Answers the gradient of the first h."""
    device, how, w = driver.current(), call.how, call.weights
    T, N, _, H, P = call.sizes
    noise, dtype = call.noise, call.z.dtype
    carry = device.empty((N, P) if how.carries else (1, 1), dtype)
    dm = device.empty((1, N, H), dtype) if how.normed and how.projected else into
    for t in reversed(range(T)):
        device.launch(
            step_gradient(how.of_steps, has_dy), grid(N, P), TILE,
            (flow, dy, dh, w.recurrent_kernel, noise.recurrent, carry, into, call.z, call.made, call.c, dc, w.peephole,
             call.mask, noise.zoneout_h, noise.zoneout_c, t),
        )  # fmt: skip
        if how.projected:
            device.launch(
                projected_gradient(how.without_product), grid(N, H), TILE,
                (into, w.projection, noise.recurrent, dm, call.z, call.made, call.c, dc, w.peephole, call.mask,
                 noise.zoneout_c, t),
            )  # fmt: skip
        if how.normed:
            device.launch(
                normed_gradient(how.without_product), N, THREADS,
                (dm, call.z, call.nc, call.nc_scales, w.cell_norm, call.c, dc, w.peephole, call.hu, call.hu_scales,
                 w.recurrent_norm, flow, du, call.mask, noise.zoneout_c, t),
            )  # fmt: skip
    dh0 = device.empty((N, P), dtype)
    product = column_products(how.dtype, COUNT, own=how.recurrent, carries=how.carries)
    device.launch(product, grid(N, P), TILE, (dh0, at(flow, 0), w.recurrent_kernel, noise.recurrent, carry))
    return dh0
