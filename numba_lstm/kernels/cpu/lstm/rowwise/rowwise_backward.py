"""The backward pass of LSTMs by rows."""

from __future__ import annotations

from functools import cache
from typing import Any

import numpy as np
import numpy.typing as npt

from .....gates import COUNT
from ....contract import LSTMGradients, LSTMNoise, LSTMWeights, Weight
from ...arrays.arrays import add, concat, multiply
from ...gemm import pack
from ...gemm.layout import PanelLayout, VectorGeometry, column_layout, pointwise_lanes
from ...gemm.weight_grad import gate_gradient, plain_gradient
from ...runtime import thread_pool
from ...runtime.graph import run_eagerly
from ...runtime.memory import address, aligned, empty
from ...runtime.task import HostCall, KernelCall, parallel_for
from ..buffers import input_gradient, padded_steps, state, tape_panel_stride, zeros
from ..gate_dropout import input_gradient as gatewise_input_gradient
from ..pointwise import Traits, traits
from ..pointwise_grad import gate_gradient_kernel, output_gradient_kernel
from .backward_loop import backward_loop
from .kernel_args import loop_caller, make_kernel_args
from .row_products import backward_product_kernel, gate_backward_product_kernel, product_kernel
from .rowwise_forward import Sizes, Tape, common_fields, sizes

Array = npt.NDArray[Any]


@cache
def _gate_order(layout: PanelLayout) -> npt.NDArray[np.intp]:
    """Return the indices of the columns of i, f, g and o in a row of panels."""
    unit = np.arange(layout.H)
    inside, first = unit < layout.full * layout.V, unit // layout.V * COUNT * layout.V
    lanes = np.where(inside, layout.V, layout.v)
    return np.concatenate([first + gate * lanes + unit % layout.V for gate in range(COUNT)])


def lstm_backward(tape: Tape, dy: Array | None, dh: Array | None, dc: Array | None, *, need_dx: bool) -> LSTMGradients:
    """CPU: the backward time loop, then products over all steps for the gradients of the weights."""
    xs, h, c, m, gates, norms, valid, (zoneout_h, zoneout_c), noise, weights, spec, options = tape
    size, (T, N), dtype = sizes(weights), (len(h) - 1, h.shape[1]), h.dtype
    geometry, layout = size.geometry, size.layout
    panel_stride = tape_panel_stride(T, N, geometry, layout)
    projected, normed = weights.projection is not None, weights.kernel_norm is not None
    fields = common_fields(weights, size, spec, N) | _gradient_kernels(weights, size, traits(spec, options), noise, N > 1)
    dh_total, dc_total = state(dh, N, size.P, size.outputs, dtype), state(dc, N, size.H, c.shape[2], dtype)
    carry, cell_carry = state(None, N, 0, size.outputs, dtype), state(None, N, 0, c.shape[2], dtype)
    fields |= {
        "c": c, "c_rows": c.shape[2], "tape": gates, "panel_stride": panel_stride,
        "mask": valid, "masked": int(valid is not None),
        "zoneout_h": zoneout_h, "zoneout_h_rows": 0 if zoneout_h is None else size.outputs,
        "zoneout_c": zoneout_c, "zoneout_c_rows": 0 if zoneout_c is None else size.units,
        "U": pack.packed(weights.recurrent_kernel, "cpu.transposed", pack.gate_blocks_transposed),
        "dh": dh_total, "dh_rows": size.outputs, "dc": dc_total, "carry": carry, "cell_carry": cell_carry,
    }  # fmt: skip
    if dy is not None:
        dy = padded_steps(dy, size.outputs)
        fields |= {"dy": dy, "dy_steps": N * size.outputs, "dy_rows": size.outputs, "has_dy": 1}
    if noise.recurrent is not None:
        zh = aligned((COUNT, N, size.outputs), dtype)
        fields |= {"per_gate": 1, "zh": zh, "dropout_factors": padded_steps(noise.recurrent, size.outputs)}
    peephole_grads = None
    if weights.peephole is not None:
        peephole_grads = zeros((3 * N * layout.padded,), dtype)
        fields |= {"peephole_grads": peephole_grads}
    dhs = None
    if projected:
        width = column_layout(size.H, geometry).padded(geometry)
        dhs = aligned((T * N, size.outputs), dtype)
        fields |= {
            "dhs": dhs, "dm": aligned((N, width), dtype), "dm_rows": width, "R_full": column_layout(size.H, geometry).full,
            "R": pack.packed(weights.projection, "cpu.transposed_blocks", pack.blocks_transposed),
        }  # fmt: skip
    dnorms: tuple[Array, ...] = ()
    if normed:
        dnorms = tuple(zeros(s, dtype) for s in ((N, layout.gates), (N, layout.gates), (N, 2, size.units)))
        fields |= dict(zip(("nx", "nh", "nc", "scales"), norms, strict=True))
        fields |= dict(zip(("dkernel_norm", "drecurrent_norm", "dcell_norm"), dnorms, strict=True))
        fields |= {"u": aligned((N, c.shape[2]), dtype)}
        fields |= {"zx_norm": aligned((N, layout.gates), dtype), "zh_norm": aligned((N, layout.gates), dtype)}
    held: list[Any] = []
    loop, kernel_args = backward_loop(geometry), make_kernel_args(held, **fields)
    splits = thread_pool.num_splits(T * N * size.P * layout.gates, N)
    run = loop_caller(geometry.dtype)
    addresses = loop, address(kernel_args), 0, 0, 0
    held.append(kernel_args)

    def call(_: int, rows: tuple[int, int]) -> KernelCall:
        return KernelCall(run, *addresses, 0, T, *rows, references=held)

    run_eagerly([parallel_for(N, splits, call)])

    dx_w, dh_u = norms[:2] if normed else (gates, gates)
    passed_on = carry if projected else cell_carry
    dh0 = add(dh_total[:, : size.P], passed_on[:, : size.P])
    tape_layout = (geometry, layout, panel_stride)
    dx = _dx((T, N, size.D), weights.kernel, dx_w, noise.inputs, *tape_layout) if need_dx else None
    dW = _dweight(xs, dx_w, *tape_layout) if noise.inputs is None else _gatewise([_dweight(x, dx_w, *tape_layout) for x in xs])
    if noise.recurrent is None:
        dU = gate_gradient(h[:T].reshape(T * N, -1)[:, : size.P], dh_u, *tape_layout)
    else:
        dU = _gatewise([_dweight(_times(h[:T, :, : size.P], factor), dh_u, *tape_layout) for factor in noise.recurrent])
    db = None if weights.bias is None else _dweight(np.ones((T, N, 1), dtype), gates, *tape_layout)[0]
    dV = None if peephole_grads is None else pack.peephole_gradient(peephole_grads, layout)
    dR = plain_gradient(m.reshape(T * N, -1)[:, : size.H], dhs, size.P, geometry) if projected else None
    dkernel_norm = drecurrent_norm = dcell_norm = None
    if normed:
        dkernel_norm, drecurrent_norm = (_sum_rows(row_grads, _gate_order(layout)) for row_grads in dnorms[:2])
        dcell_norm = _sum_rows(dnorms[2], slice(0, size.H))
    dweights = LSTMWeights(dW, dU, db, dV, dR, dkernel_norm, drecurrent_norm, dcell_norm)
    return LSTMGradients(dx, dh0, dc_total[:, : size.H], dweights)


def _gradient_kernels(
    weights: LSTMWeights, size: Sizes, kernel_traits: Traits, noise: LSTMNoise, several: bool
) -> dict[str, Any]:
    """Return the kernels of a backward call. The output kernel leaves out the zoneouts that the loop itself computes."""
    geometry, out = size.geometry, kernel_traits
    lanes, last = pointwise_lanes(size.layout, several)
    if weights.projection is not None:
        out = out._replace(zoneout_h="")
    if weights.kernel_norm is not None:
        out = out._replace(zoneout_c="")
    outputs, units = column_layout(size.P, geometry), column_layout(size.H, geometry)
    h_product = backward_product_kernel if noise.recurrent is None else gate_backward_product_kernel
    return {
        "output_kernel": output_gradient_kernel(out, geometry.dtype, *lanes),
        "last_output_kernel": output_gradient_kernel(out, geometry.dtype, *last),
        "gate_kernel": gate_gradient_kernel(kernel_traits, geometry.dtype, *lanes),
        "last_gate_kernel": gate_gradient_kernel(kernel_traits, geometry.dtype, *last),
        "h_product": h_product(geometry, outputs.C),
        "U_full": outputs.full,
        "projection_product": None if weights.projection is None else product_kernel(geometry, units.C),
    }


def _dweight(a: Array, dz: Array, geometry: VectorGeometry, layout: PanelLayout, panel_stride: int) -> Array:
    """Return ``a^T dz`` for a contiguous a (T, N, K)."""
    return gate_gradient(a.reshape(-1, a.shape[2]), dz, geometry, layout, panel_stride)


def _gatewise(gradients: list[Array]) -> Array:
    """Return the gradient whose block of each gate comes from that gate's gradient."""
    H = gradients[0].shape[1] // COUNT
    return concat([d[:, gate * H : (gate + 1) * H] for gate, d in enumerate(gradients)])


def _times(h: Array, factor: Array) -> Array:
    """Return ``h * factor`` for h (T, N, P) and a factor (N, P)."""
    return multiply(h, np.broadcast_to(factor, h.shape))


def _sum_rows(row_grads: Array, columns: Any) -> Array:
    """Return the sum over rows of chosen columns."""
    out = empty(np.empty(row_grads.shape[1:], np.bool_)[..., columns].shape, row_grads.dtype)
    run_eagerly([HostCall(lambda: np.copyto(out, row_grads.sum(axis=0)[..., columns]))])
    return out


def _dx(
    size: tuple[int, int, int],
    W: Weight,
    dz: Array,
    dropout_factors: Array | None,
    geometry: VectorGeometry,
    layout: PanelLayout,
    panel_stride: int,
) -> Array:
    """Return ``dx = dz W^T``, with the dropout factors of x per gate if there are any."""
    if dropout_factors is None:
        return input_gradient(size, W, dz, geometry, layout, panel_stride)
    transposed = pack.packed(W, "cpu.transposed", pack.gate_blocks_transposed)
    return gatewise_input_gradient(size, transposed, dropout_factors, dz, geometry, layout, panel_stride)
