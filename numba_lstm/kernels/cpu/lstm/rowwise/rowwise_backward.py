"""The backward pass of LSTMs by rows."""

from __future__ import annotations

from functools import cache
from typing import Any, NamedTuple

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
from ...runtime.memory import aligned, empty
from ...runtime.task import HostCall
from ..buffers import input_gradient, padded_steps, state, tape_panel_stride, zeros
from ..gate_dropout.factors import input_gradient as gatewise_input_gradient
from ..pointwise import Traits, traits
from ..pointwise_grad import gate_gradient_kernel, output_gradient_kernel
from .backward_loop import backward_loop
from .fields import Fields, Sizes, common_fields, mask_fields, sizes
from .kernel_args import loop_task, make_kernel_args
from .row_products import backward_product_kernel, gate_backward_product_kernel, product_kernel
from .rowwise_forward import Tape

Array = npt.NDArray[Any]


@cache
def _gate_order(layout: PanelLayout) -> npt.NDArray[np.intp]:
    """Return the indices of the columns of i, f, g and o in a row of panels."""
    unit = np.arange(layout.H)
    inside, first = unit < layout.full * layout.V, unit // layout.V * COUNT * layout.V
    lanes = np.where(inside, layout.V, layout.v)
    return np.concatenate([first + gate * lanes + unit % layout.V for gate in range(COUNT)])


class _RowSums(NamedTuple):
    """Arrays to which the loop adds gradients of weights, row by row, or None."""

    peephole: Array | None
    kernel_norm: Array | None
    recurrent_norm: Array | None
    cell_norm: Array | None


def lstm_backward(tape: Tape, dy: Array | None, dh: Array | None, dc: Array | None, *, need_dx: bool) -> LSTMGradients:
    """CPU: the backward time loop, then products over all steps for the gradients of the weights."""
    h, c, norms, noise, weights = tape.h, tape.c, tape.norms, tape.noise, tape.weights
    size, (T, N), dtype = sizes(weights), (len(h) - 1, h.shape[1]), h.dtype
    geometry, layout = size.geometry, size.layout
    tape_layout = (geometry, layout, tape_panel_stride(T, N, geometry, layout))
    projected, normed = weights.projection is not None, weights.kernel_norm is not None
    fields = common_fields(weights, size, tape.spec, N) | mask_fields(tape.mask, *tape.zoneout, size)
    fields |= _gradient_kernels(weights, size, traits(tape.spec, tape.options), noise, N > 1)
    dh_total, dc_total = state(dh, N, size.P, size.outputs, dtype), state(dc, N, size.H, c.shape[2], dtype)
    carry, cell_carry = state(None, N, 0, size.outputs, dtype), state(None, N, 0, c.shape[2], dtype)
    fields |= {
        "c": c, "c_rows": c.shape[2], "tape": tape.gates, "panel_stride": tape_layout[2],
        "U": pack.packed(weights.recurrent_kernel, "cpu.transposed", pack.gate_blocks_transposed),
        "dh": dh_total, "dh_rows": size.outputs, "dc": dc_total, "carry": carry, "cell_carry": cell_carry,
    }  # fmt: skip
    if dy is not None:
        dy = padded_steps(dy, size.outputs)
        fields |= {"dy": dy, "dy_steps": N * size.outputs, "dy_rows": size.outputs, "has_dy": 1}
    if noise.recurrent is not None:
        zh = aligned((COUNT, N, size.outputs), dtype)
        fields |= {"per_gate": 1, "zh": zh, "dropout_factors": padded_steps(noise.recurrent, size.outputs)}
    dhs = aligned((T * N, size.outputs), dtype) if projected else None
    if projected:
        fields |= _projection_fields(weights, size, N) | {"dhs": dhs}
    row_sums = _row_sums(weights, size, N)
    fields |= {f"d{name}": sums for name, sums in row_sums._asdict().items() if name != "peephole" and normed}
    if normed:
        fields |= _norm_fields(norms, size, N, c.shape[2])
    held: list[Any] = []
    loop, kernel_args = backward_loop(geometry), make_kernel_args(held, **fields, peephole_grads=row_sums.peephole)
    splits = thread_pool.num_splits(T * N * size.P * layout.gates, N)
    run_eagerly([loop_task(loop, geometry.dtype, [kernel_args] * splits, held, None, (0, T), N)])
    dx_w, dh_u = norms[:2] if normed else (tape.gates, tape.gates)
    passed_on = carry if projected else cell_carry
    dh0 = add(dh_total[:, : size.P], passed_on[:, : size.P])
    dx = _dx((T, N, size.D), weights.kernel, dx_w, noise.inputs, *tape_layout) if need_dx else None
    dweights = _weight_gradients(tape, size, (dx_w, dh_u), dhs, row_sums, tape_layout)
    return LSTMGradients(dx, dh0, dc_total[:, : size.H], dweights)


def _projection_fields(weights: LSTMWeights, size: Sizes, N: int) -> Fields:
    """Return the kernel arguments for ``dm = dh R^T``."""
    blocks = column_layout(size.H, size.geometry)
    width = blocks.padded(size.geometry)
    return {
        "dm": aligned((N, width), size.geometry.dtype), "dm_rows": width, "R_full": blocks.full,
        "R": pack.packed(weights.projection, "cpu.transposed_blocks", pack.blocks_transposed),
    }  # fmt: skip


def _norm_fields(norms: tuple[Array, ...], size: Sizes, N: int, c_rows: int) -> Fields:
    """Return the kernel arguments for the gradients of layer norms: the norms on the tape, and scratch."""
    gates, dtype = size.layout.gates, size.geometry.dtype
    scratch = {"u": aligned((N, c_rows), dtype), "zx_norm": aligned((N, gates), dtype), "zh_norm": aligned((N, gates), dtype)}
    return dict(zip(("nx", "nh", "nc", "scales"), norms, strict=True)) | scratch


def _row_sums(weights: LSTMWeights, size: Sizes, N: int) -> _RowSums:
    """Return zeros for the weights that the LSTM has."""
    gates, dtype = size.layout.gates, size.geometry.dtype
    peephole = None if weights.peephole is None else zeros((3 * N * size.layout.padded,), dtype)
    if weights.kernel_norm is None:
        return _RowSums(peephole, None, None, None)
    return _RowSums(peephole, *(zeros(shape, dtype) for shape in ((N, gates), (N, gates), (N, 2, size.units))))


def _weight_gradients(
    tape: Tape,
    size: Sizes,
    products: tuple[Array, Array],
    dhs: Array | None,
    row_sums: _RowSums,
    tape_layout: tuple[VectorGeometry, PanelLayout, int],
) -> LSTMWeights:
    """Return the gradients of the weights, from those of the ``products`` x W and h U, in panels, and of h before it."""
    xs, h, noise, weights, layout = tape.x, tape.h, tape.noise, tape.weights, size.layout
    T, N, (dx_w, dh_u) = len(h) - 1, h.shape[1], products
    dW = _dweight(xs, dx_w, *tape_layout) if noise.inputs is None else _gatewise([_dweight(x, dx_w, *tape_layout) for x in xs])
    if noise.recurrent is None:
        dU = gate_gradient(h[:T].reshape(T * N, -1)[:, : size.P], dh_u, *tape_layout)
    else:
        dU = _gatewise([_dweight(_times(h[:T, :, : size.P], factor), dh_u, *tape_layout) for factor in noise.recurrent])
    db = None if weights.bias is None else _dweight(np.ones((T, N, 1), h.dtype), tape.gates, *tape_layout)[0]
    dV = None if row_sums.peephole is None else pack.peephole_gradient(row_sums.peephole, layout)
    dR = None
    if tape.m is not None and dhs is not None:
        dR = plain_gradient(tape.m.reshape(T * N, -1)[:, : size.H], dhs, size.P, size.geometry)
    if row_sums.kernel_norm is None:
        return LSTMWeights(dW, dU, db, dV, dR)
    dkernel_norm, drecurrent_norm = (_sum_rows(sums, _gate_order(layout)) for sums in row_sums[1:3])
    return LSTMWeights(dW, dU, db, dV, dR, dkernel_norm, drecurrent_norm, _sum_rows(row_sums.cell_norm, slice(0, size.H)))


def _gradient_kernels(weights: LSTMWeights, size: Sizes, kernel_traits: Traits, noise: LSTMNoise, several: bool) -> Fields:
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
