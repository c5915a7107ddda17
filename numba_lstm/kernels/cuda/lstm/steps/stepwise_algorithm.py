"""Stepwise algorithm: one or a few launches for each step. It supports every option."""

from __future__ import annotations

from typing import Any

from .....gates import COUNT
from ...device_math.block_sum import THREADS
from ...runtime import driver
from ..call import Call, time_step
from .backward import column_products, projected_gradient, step_gradient
from .forward import gate_products, project, step
from .norms import normed_gradient, normed_step
from .tiles import THREADS as TILE
from .tiles import grid

Array = Any


def forward(call: Call) -> None:
    """Run all steps from the states h[0] and c[0]."""
    device, traits, w = driver.current(), call.traits, call.weights
    T, N, _, H, P = call.sizes
    tiles, outputs = grid(N, H), grid(N, P)
    zoneout_mask_h, zoneout_mask_c, factors = call.noise.zoneout_h, call.noise.zoneout_c, call.noise.recurrent
    for t in range(T):
        if traits.normed:
            hu, h = time_step(call.hu, t % call.hu.shape[0]), time_step(call.h, t % call.h.shape[0])
            product = gate_products(traits.dtype, traits.recurrent, bias=False)
            device.launch(product, tiles, TILE, (hu, h, w.recurrent_kernel, w.bias, factors))
            device.launch(
                normed_step(traits.without_recurrent_dropout), N, THREADS,
                (call.z, call.hu, call.hu_scales, w.recurrent_norm, call.c_new, call.nc, call.nc_scales, w.cell_norm,
                 call.h, call.c, call.m, w.peephole, call.mask, zoneout_mask_h, zoneout_mask_c, t),
            )  # fmt: skip
        else:
            device.launch(
                step(traits.step_traits), tiles, TILE,
                (call.z, w.recurrent_kernel, call.h, call.c, call.c_new, call.m, w.peephole, call.mask,
                 zoneout_mask_h, zoneout_mask_c, factors, t),
            )  # fmt: skip
        if traits.projected:
            arrays = call.m, w.projection, call.h, call.mask, zoneout_mask_h, factors, t
            device.launch(project(traits.without_recurrent_dropout), outputs, TILE, arrays)


def backward(call: Call, dy: Array, dh: Array, dc: Array, dhu: Array, dh_new: Array, du: Array, *, has_dy: bool) -> Array:
    """Run all steps backward. Updates ``dc`` (N, H). Returns the gradient of the initial h."""
    device, traits, w = driver.current(), call.traits, call.weights
    T, N, _, H, P = call.sizes
    noise, dtype = call.noise, call.z.dtype
    carry = device.empty((N, P) if traits.has_carry else (1, 1), dtype)
    dm = device.empty((1, N, H), dtype) if traits.normed and traits.projected else dh_new
    for t in reversed(range(T)):
        device.launch(
            step_gradient(traits.step_traits, has_dy), grid(N, P), TILE,
            (dhu, dy, dh, w.recurrent_kernel, noise.recurrent, carry, dh_new, call.z, call.c_new, call.c, dc, w.peephole,
             call.mask, noise.zoneout_h, noise.zoneout_c, t),
        )  # fmt: skip
        if traits.projected:
            device.launch(
                projected_gradient(traits.without_recurrent_dropout), grid(N, H), TILE,
                (dh_new, w.projection, noise.recurrent, dm, call.z, call.c_new, call.c, dc, w.peephole, call.mask,
                 noise.zoneout_c, t),
            )  # fmt: skip
        if traits.normed:
            device.launch(
                normed_gradient(traits.without_recurrent_dropout), N, THREADS,
                (dm, call.z, call.nc, call.nc_scales, w.cell_norm, call.c, dc, w.peephole, call.hu, call.hu_scales,
                 w.recurrent_norm, dhu, du, call.mask, noise.zoneout_c, t),
            )  # fmt: skip
    dh0 = device.empty((N, P), dtype)
    product = column_products(traits.dtype, COUNT, gate_dropout=traits.recurrent, has_carry=traits.has_carry)
    device.launch(product, grid(N, P), TILE, (dh0, time_step(dhu, 0), w.recurrent_kernel, noise.recurrent, carry))
    return dh0
