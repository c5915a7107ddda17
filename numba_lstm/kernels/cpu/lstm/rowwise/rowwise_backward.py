"""LSTMs whose steps need whole rows: the way back."""

from __future__ import annotations

from functools import cache
from typing import Any

import numpy as np
import numpy.typing as npt

from .....gates import COUNT
from ....contract import LSTMGradients, LSTMNoise, LSTMWeights, Weight
from ...gemm import pack
from ...gemm.layout import Panels, Shape, cell_lanes, columns
from ...gemm.weight_grad import gate_gradient, plain_gradient
from ...runtime import thread_pool
from ...runtime.graph import run_eagerly
from ...runtime.memory import address, aligned
from ...runtime.task import KernelCall, parallel_for
from ..buffers import input_gradient, padded_steps, panel_stride, state
from ..gate_dropout import input_gradient as gatewise_input_gradient
from ..pointwise import Traits, traits
from ..pointwise_grad import gate_gradient_cell, output_gradient_cell
from .backward_loop import backward_loop
from .kernel_args import caller, job
from .row_products import product_cell, through_cell, through_gate_cell
from .rowwise_forward import Sizes, Tape, common, sizes

Array = npt.NDArray[Any]


@cache
def _order(cut: Panels) -> npt.NDArray[np.intp]:
    """Where the columns of i, f, g and o are in a row of panels."""
    unit = np.arange(cut.H)
    inside, first = unit < cut.full * cut.V, unit // cut.V * COUNT * cut.V
    lanes = np.where(inside, cut.V, cut.v)
    return np.concatenate([first + gate * lanes + unit % cut.V for gate in range(COUNT)])


def lstm_backward(tape: Tape, dy: Array | None, dh: Array | None, dc: Array | None, *, need_dx: bool) -> LSTMGradients:
    """CPU twin: the same loop backwards; then products over all steps make the weights' gradients."""
    xs, h, c, m, gates, norms, valid, (kept_h, kept_c), noise, weights, spec, asked = tape
    size, (T, N), dtype = sizes(weights), (len(h) - 1, h.shape[1]), h.dtype
    shape, cut = size.shape, size.cut
    apart = panel_stride(T, N, shape, cut)
    projected, normed = weights.projection is not None, weights.kernel_norm is not None
    fields = common(weights, size, spec, N) | _gradient_cells(weights, size, traits(spec, asked), noise, N > 1)
    into_h, into_c = state(dh, N, size.P, size.outputs, dtype), state(dc, N, size.H, c.shape[2], dtype)
    carry, cell_carry = state(None, N, 0, size.outputs, dtype), state(None, N, 0, c.shape[2], dtype)
    fields |= {
        "c": c, "c_rows": c.shape[2], "tape": gates, "apart": apart, "mask": valid, "masked": int(valid is not None),
        "kept_h": kept_h, "kept_h_rows": 0 if kept_h is None else size.outputs,
        "kept_c": kept_c, "kept_c_rows": 0 if kept_c is None else size.units,
        "U": weights.recurrent_kernel.prepared("cpu.transposed", pack.gate_blocks_transposed),
        "dh": into_h, "dh_rows": size.outputs, "dc": into_c, "carry": carry, "cell_carry": cell_carry,
    }  # fmt: skip
    if dy is not None:
        dy = padded_steps(dy, size.outputs)
        fields |= {"dy": dy, "dy_steps": N * size.outputs, "dy_rows": size.outputs, "has_dy": 1}
    if noise.recurrent is not None:
        zh = aligned((COUNT, N, size.outputs), dtype)
        fields |= {"factored": 1, "zh": zh, "factors": padded_steps(noise.recurrent, size.outputs)}
    shares = None
    if weights.peephole is not None:
        shares = np.zeros(3 * N * cut.padded, dtype)
        fields |= {"shares": shares}
    dhs = None
    if projected:
        width = columns(size.H, shape).padded(shape)
        dhs = aligned((T * N, size.outputs), dtype)
        fields |= {
            "dhs": dhs, "dm": aligned((N, width), dtype), "dm_rows": width, "R_full": columns(size.H, shape).full,
            "R": weights.projection.prepared("cpu.transposed_blocks", pack.blocks_transposed),
        }  # fmt: skip
    dnorms: tuple[Array, ...] = ()
    if normed:
        dnorms = tuple(np.zeros(s, dtype) for s in ((N, cut.gates), (N, cut.gates), (N, 2, size.units)))
        fields |= dict(zip(("nx", "nh", "nc", "scales"), norms, strict=True))
        fields |= dict(zip(("dkernel_norm", "drecurrent_norm", "dcell_norm"), dnorms, strict=True))
        fields |= {"u": aligned((N, c.shape[2]), dtype)}
        fields |= {"zx_norm": aligned((N, cut.gates), dtype), "zh_norm": aligned((N, cut.gates), dtype)}
    held: list[Any] = []
    loop, made = backward_loop(shape), job(held, **fields)
    parts = thread_pool.num_splits(T * N * size.P * cut.gates, N)
    run = caller(shape.dtype)
    places = loop.address, address(made), 0, 0, 0
    run_eagerly([parallel_for(N, parts, lambda _, span: KernelCall(run, *places, 0, T, *span))])

    dx_w, dh_u = norms[:2] if normed else (gates, gates)
    past = carry if projected else cell_carry
    dh0 = into_h[:, : size.P] + past[:, : size.P]
    over = (shape, cut, apart)
    dx = _dx((T, N, size.D), weights.kernel, dx_w, noise.inputs, *over) if need_dx else None
    dW = _dweight(xs, dx_w, *over) if noise.inputs is None else _gatewise([_dweight(x, dx_w, *over) for x in xs])
    if noise.recurrent is None:
        dU = gate_gradient(h[:T].reshape(T * N, -1)[:, : size.P], dh_u, *over).compute()
    else:
        dU = _gatewise([_dweight(h[:T, :, : size.P] * factor, dh_u, *over) for factor in noise.recurrent])
    db = None if weights.bias is None else _dweight(np.ones((T, N, 1), dtype), gates, *over)[0]
    dV = None if shares is None else pack.peephole_gradient(shares, cut)
    dR = plain_gradient(m.reshape(T * N, -1)[:, : size.H], dhs, size.P, shape).compute() if projected else None
    dkernel_norm = drecurrent_norm = dcell_norm = None
    if normed:
        dkernel_norm, drecurrent_norm = (shares.sum(axis=0)[_order(cut)] for shares in dnorms[:2])
        dcell_norm = dnorms[2].sum(axis=0)[:, : size.H]
    dweights = LSTMWeights(dW, dU, db, dV, dR, dkernel_norm, drecurrent_norm, dcell_norm)
    return LSTMGradients(dx, dh0, into_c[:, : size.H], dweights)


def _gradient_cells(weights: LSTMWeights, size: Sizes, how: Traits, noise: LSTMNoise, several: bool) -> dict[str, Any]:
    """The cells of a backward job. What the loop does itself the cell of the output must not do again."""
    shape, out = size.shape, how
    lanes, last = cell_lanes(size.cut, several)
    if weights.projection is not None:
        out = out._replace(zoneout_h="")
    if weights.kernel_norm is not None:
        out = out._replace(zoneout_c="")
    outputs, units = columns(size.P, shape), columns(size.H, shape)
    return {
        "output_cell": output_gradient_cell(out, shape.dtype, *lanes),
        "last_output_cell": output_gradient_cell(out, shape.dtype, *last),
        "gate_cell": gate_gradient_cell(how, shape.dtype, *lanes),
        "last_gate_cell": gate_gradient_cell(how, shape.dtype, *last),
        "h_product": (through_cell if noise.recurrent is None else through_gate_cell)(shape, outputs.C),
        "U_full": outputs.full,
        "projection_product": None if weights.projection is None else product_cell(shape, units.C),
    }


def _dweight(a: Array, dz: Array, shape: Shape, cut: Panels, apart: int) -> Array:
    """``a^T dz`` for a (T, N, K), contiguous."""
    return gate_gradient(a.reshape(-1, a.shape[2]), dz, shape, cut, apart).compute()


def _gatewise(gradients: list[Array]) -> Array:
    """Of each gate's gradient its own block."""
    H = gradients[0].shape[1] // COUNT
    return np.concatenate([d[:, gate * H : (gate + 1) * H] for gate, d in enumerate(gradients)], axis=1)


def _dx(
    size: tuple[int, int, int], W: Weight, dz: Array, factors: Array | None, shape: Shape, cut: Panels, apart: int
) -> Array:
    """``dx = dz W^T``, through the factors of x where gates have their own."""
    if factors is None:
        return input_gradient(size, W, dz, shape, cut, apart)
    packed = W.prepared("cpu.transposed", pack.gate_blocks_transposed)
    return gatewise_input_gradient(size, packed, factors, dz, shape, cut, apart)
