"""The forward pass of LSTMs by rows, those with layer norms or a projection: batches and streams."""

from __future__ import annotations

from typing import Any, NamedTuple

import numpy as np
import numpy.typing as npt

from .....gates import COUNT
from ....contract import LSTMNoise, LSTMOutput, LSTMWeights
from ....specs import LSTMSpec
from ...arrays.copy_tasks import contiguous, copy, masked_steps_zeroed
from ...runtime import thread_pool
from ...runtime.graph import run_eagerly
from ...runtime.memory import aligned, empty, stride
from ...runtime.strides import element_strides
from ...runtime.task import HostCall
from ...simd.custom_activation import canonical_spec
from ..buffers import StateSize, begin, mask_at, output, padded_steps, tape_panel_stride
from ..pointwise import CallOptions
from .fields import Fields, Sizes, call_options, common_fields, forward_fields, mask_fields, sizes
from .forward_loop import forward_loop
from .kernel_args import loop_task, make_kernel_args

Array = npt.NDArray[Any]

NO_NOISE = LSTMNoise()


def needs_rowwise(weights: LSTMWeights) -> bool:
    """Whether the steps of an LSTM need whole rows."""
    return weights.projection is not None or weights.kernel_norm is not None


class Tape(NamedTuple):
    """What the backward pass reads."""

    x: Array  #: (T, N, D), or (4, T, N, D) with dropout factors per gate
    h: Array  #: (T+1, N, outputs or more)
    c: Array  #: (T+1, N, units or more)
    m: Array | None  #: (T, N, units or more), the output before its projection
    gates: Array  #: panels of (T * N, 4 V); becomes dz
    norms: tuple[Array, ...]  #: n(x W) and n(h U) as gates, which become gradients, n(c), and the rows' 1 / deviations
    mask: Array | None
    zoneout: tuple[Array | None, Array | None]
    noise: LSTMNoise
    weights: LSTMWeights
    spec: LSTMSpec
    options: CallOptions


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
    """CPU: one time loop for shards of the batch, which calls its products and pointwise kernels by address."""
    spec, noise, size = canonical_spec(spec), noise or NO_NOISE, sizes(weights)
    (T, N, D), dtype, geometry, layout = x.shape, x.dtype, size.geometry, size.layout
    options = call_options(weights, noise, masked=mask is not None, training=training)
    valid = None if mask is None else contiguous(mask)
    xs = _inputs(x, noise, valid, training)
    state_sizes = StateSize(h0, size.P, size.outputs), StateSize(c0, size.H, size.units)
    h, c, first, stream = begin(state_sizes, (T + 1 if training or sequences else 2, T + 1 if training else 1), N, dtype)
    zoneout_h = None if noise.zoneout_h is None else padded_steps(noise.zoneout_h, size.outputs)
    zoneout_c = None if noise.zoneout_c is None else padded_steps(noise.zoneout_c, size.units)
    panel_stride = tape_panel_stride(T, N, geometry, layout) if training else 0
    loop_mask = None if valid is None else mask_at(valid, first)
    fields = common_fields(weights, size, spec, N) | mask_fields(loop_mask, zoneout_h, zoneout_c, size)
    fields |= forward_fields(
        weights, size, spec, options, N, inputs=noise.inputs is not None, recurrent=noise.recurrent is not None
    )
    x_gates, x_steps, x_rows, _ = (0, *element_strides(xs)) if noise.inputs is None else element_strides(xs)
    fields |= {
        "x_steps": x_steps, "x_rows": x_rows, "x_gates": x_gates, "panel_stride": panel_stride,
        "h": h, "h_rows": h.shape[2], "h_steps": len(h), "c": c, "c_rows": c.shape[2], "c_steps": len(c),
        "dropout_factors": None if noise.recurrent is None else padded_steps(noise.recurrent, size.outputs),
    }  # fmt: skip
    tape_size = panel_stride * layout.full + T * N * COUNT * layout.v
    gates = aligned((tape_size,), dtype) if training else None
    m, norms, step_fields = _step_arrays(weights, size, T if training else 1, N, tape_size if training else 0)
    held: list[Any] = []
    loop, kernel_args = forward_loop(geometry), make_kernel_args(held, **fields, **step_fields, tape=gates)
    splits = thread_pool.num_splits(T * N * (D + size.P) * layout.gates, N)
    run_eagerly([loop_task(loop, geometry.dtype, [kernel_args] * splits, held, xs, (first, first + T), N)])
    tape = None
    if training:
        tape = Tape(xs, h, c, m, gates, norms, valid, (zoneout_h, zoneout_c), noise, weights, spec, options)
    return output((h, size.P), (c, size.H), first + T, tape, sequences=sequences, stream=stream)


def _inputs(x: Array, noise: LSTMNoise, valid: Array | None, training: bool) -> Array:
    """Return x, a copy of it for a tape, or its products with the factors of each gate (4, T, N, D)."""
    if training:
        x = copy(x)
        if valid is not None:
            run_eagerly([masked_steps_zeroed(x, valid)])  # else NaN in a masked step would reach dW
    if noise.inputs is None:
        return x
    products = empty((COUNT, *x.shape), x.dtype)
    run_eagerly([HostCall(np.multiply, x, noise.inputs[:, None], out=products)])
    return products


def _step_arrays(
    weights: LSTMWeights, size: Sizes, steps: int, N: int, tape_size: int
) -> tuple[Array | None, tuple[Array, ...], Fields]:
    """Return the arrays of a projection and of norms that the loop writes at each of ``steps`` steps, as on the tape.

    They are the output before its projection and the norms of :class:`Tape`. The kernel arguments with them come last.
    """
    m, norms, fields, dtype = None, (), {}, size.geometry.dtype
    if weights.projection is not None:
        m = aligned((steps, N, stride(size.units, dtype)), dtype)
        fields |= {"m": m, "m_rows": m.shape[2]}
    if weights.kernel_norm is not None:
        shapes = (tape_size,), (tape_size,), (steps, N, size.units), (steps, N, 3)
        norms = tuple(aligned(shape, dtype) for shape in shapes)
        fields |= dict(zip(("nx", "nh", "nc", "scales"), norms, strict=True))
    return m, norms, fields
