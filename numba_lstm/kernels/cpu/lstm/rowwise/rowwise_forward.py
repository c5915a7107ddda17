"""LSTMs whose steps need whole rows, those with layer norms or a projection: forward, in batches and in streams."""

from __future__ import annotations

from functools import cache
from typing import Any, NamedTuple

import numpy as np
import numpy.typing as npt

from .....gates import COUNT
from ....contract import LSTMNoise, LSTMOutput, LSTMWeights
from ....specs import LSTMSpec
from ...gemm import pack
from ...gemm.layout import Panels, Shape, cell_lanes, columns, geometry, panels
from ...runtime import thread_pool
from ...runtime.graph import run_eagerly
from ...runtime.memory import address, aligned, stride
from ...runtime.strides import distances
from ...runtime.task import KernelCall, parallel_for
from ...simd.custom_activation import settled_spec
from ..buffers import padded_steps, panel_stride, start
from ..pointwise import Asked, gate_cell, output_cell, settings, traits
from .forward_loop import forward_loop
from .kernel_args import caller, job
from .row_products import gatewise_product_cell, product_cell

Array = npt.NDArray[Any]

NO_NOISE = LSTMNoise()


def needs_rows(weights: LSTMWeights) -> bool:
    """Whether an LSTM's steps need whole rows."""
    return weights.projection is not None or weights.kernel_norm is not None


class Sizes(NamedTuple):
    """The sizes of an LSTM, and how its rows are padded."""

    shape: Shape
    cut: Panels
    D: int
    H: int
    P: int

    @property
    def units(self) -> int:
        """A row of c in whole vectors."""
        return -(-self.H // self.shape.V) * self.shape.V

    @property
    def outputs(self) -> int:
        """A row of h in whole blocks."""
        return columns(self.P, self.shape).padded(self.shape)


def sizes(weights: LSTMWeights) -> Sizes:
    """Those of these weights."""
    D, (P, width) = weights.kernel.value.shape[0], weights.recurrent_kernel.value.shape
    shape = geometry(weights.kernel.value.dtype)
    return Sizes(shape, panels(width // COUNT, shape.V), D, width // COUNT, P)


@cache
def _ones(cut: Panels, size: Sizes) -> tuple[Array, Array]:
    """Rows of z and of c with 1 in each real element and 0 in padding."""
    dtype = size.shape.dtype
    return pack.gate_panels(np.ones(COUNT * cut.H, dtype)), _units(np.ones((1, cut.H), dtype), size)


def _units(rows: Array, size: Sizes) -> Array:
    """Rows (k, H) padded to whole vectors, flat."""
    return padded_steps(rows, size.units).reshape(-1)


def _asked(weights: LSTMWeights, noise: LSTMNoise, *, masked: bool, training: bool) -> Asked:
    kept_h, kept_c = noise.zoneout_h is not None, noise.zoneout_c is not None
    return Asked(masked=masked, peephole=weights.peephole is not None, kept_h=kept_h, kept_c=kept_c, training=training)


def common(weights: LSTMWeights, size: Sizes, spec: LSTMSpec, N: int) -> dict[str, Any]:
    """The fields of a job that hold for a stream, a forward and a backward call."""
    shape, cut, dtype = size.shape, size.cut, size.shape.dtype
    gates, units = cut.gates, size.units
    fields: dict[str, Any] = {
        "N": N, "D": size.D, "H": size.H, "P": size.P, "full": cut.full, "tail": cut.v, "lanes": cut.lanes,
        "gates": gates, "units": units,
        "zero": pack.zero_bias(max(gates, size.outputs, columns(size.H, shape).padded(shape)), dtype),
        "settings": settings(spec, np.dtype(dtype)),
        "factor_rows": size.outputs,
        "z": aligned((N, gates), dtype),
        "lanes_scratch": aligned((N, shape.V), dtype),
    }  # fmt: skip
    if weights.peephole is not None:
        fields |= {"peephole": weights.peephole.prepared("cpu.panels", pack.peephole_panels), "peepholes": 1}
    if weights.projection is not None:
        fields |= {"projected": 1}
    if weights.kernel_norm is not None:
        real_gates, real_units = _ones(cut, size)
        fields |= {
            "norms": 1, "zx": aligned((N, gates), dtype), "real_gates": real_gates, "real_units": real_units,
            "kernel_norm": weights.kernel_norm.prepared("cpu.panels", pack.gate_panels),
            "recurrent_norm": weights.recurrent_norm.prepared("cpu.panels", pack.gate_panels),
            "cell_norm": weights.cell_norm.prepared("cpu.units", lambda rows: _units(rows, size)),
            "numbers_gates": np.array([1 / (COUNT * size.H), spec.norm_epsilon, 1], dtype),
            "numbers_units": np.array([1 / size.H, spec.norm_epsilon, 1], dtype),
        }  # fmt: skip
    return fields


def forward_fields(
    weights: LSTMWeights, size: Sizes, spec: LSTMSpec, asked: Asked, N: int, *, inputs: bool = False, recurrent: bool = False
) -> dict[str, Any]:
    """The fields of a job for steps forward: packed weights and cells."""
    shape, cut, how = size.shape, size.cut, traits(spec, asked)
    lanes, last = cell_lanes(cut, N > 1)
    out = how._replace(masked=False, zoneout_h="") if weights.projection is not None else how

    def product(gatewise: bool) -> Any:
        return gatewise_product_cell(shape, cut.v) if gatewise else product_cell(shape, cut.C)

    fields = {
        "W": weights.kernel.prepared("cpu.panels", pack.gate_panels),
        "U": weights.recurrent_kernel.prepared("cpu.panels", pack.gate_panels),
        "bias": pack.gate_bias(weights.bias, cut, shape.dtype),
        "x_product": product(inputs),
        "h_product": product(recurrent),
        "gate_cell": gate_cell(how, shape.dtype, *lanes, tape=asked.training),
        "last_gate_cell": gate_cell(how, shape.dtype, *last, tape=asked.training),
        "output_cell": output_cell(out, shape.dtype, *lanes),
        "last_output_cell": output_cell(out, shape.dtype, *last),
    }
    if weights.projection is not None:
        blocks = columns(size.P, shape)
        fields |= {
            "R": weights.projection.prepared("cpu.blocks", pack.blocks), "R_full": blocks.full,
            "projection_product": product_cell(shape, blocks.C), "mean_h": int(how.zoneout_h == "rate"),
        }  # fmt: skip
    if recurrent:
        fields |= {"factored": 1, "zh": aligned((COUNT, N, size.outputs), shape.dtype)}
    return fields


class Tape(NamedTuple):
    """What the backward pass needs."""

    x: Array  #: (T, N, D), or with factors (4, T, N, D)
    h: Array  #: (T+1, N, outputs or more)
    c: Array  #: (T+1, N, units or more)
    m: Array | None  #: (T, N, units or more), the output before its projection
    gates: Array  #: panels of (T * N, 4 V); becomes dz
    norms: tuple[Array, ...]  #: n(x W) and n(h U) as gates, which become gradients, n(c), and the rows' 1 / deviations
    mask: Array | None
    kept: tuple[Array | None, Array | None]
    noise: LSTMNoise
    weights: LSTMWeights
    spec: LSTMSpec
    asked: Asked


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
    """CPU twin: shards of the batch go through one loop; each of its products is by cells called by address."""
    spec, noise, size = settled_spec(spec), noise or NO_NOISE, sizes(weights)
    (T, N, D), dtype, shape, cut = x.shape, x.dtype, size.shape, size.cut
    asked = _asked(weights, noise, masked=mask is not None, training=training)
    valid = None if mask is None else np.ascontiguousarray(mask, np.bool_)
    if training:
        x = x.copy()
        if valid is not None:
            x[~valid] = 0  # else NaN in a step that is not taken came into dW
    xs = x if noise.inputs is None else x * noise.inputs[:, None]
    h = aligned((T + 1 if training or sequences else 2, N, stride(size.outputs, dtype)), dtype)
    c = aligned((T + 1 if training else 1, N, stride(size.units, dtype)), dtype)
    start(h, h0, size.outputs, size.P)
    start(c, c0, size.units, size.H)
    kept_h = None if noise.zoneout_h is None else padded_steps(noise.zoneout_h, size.outputs)
    kept_c = None if noise.zoneout_c is None else padded_steps(noise.zoneout_c, size.units)
    apart = panel_stride(T, N, shape, cut) if training else 0
    tape_size = apart * cut.full + T * N * COUNT * cut.v
    steps = T if training else 1
    fields = common(weights, size, spec, N) | forward_fields(
        weights, size, spec, asked, N, inputs=noise.inputs is not None, recurrent=noise.recurrent is not None
    )
    x_gates, x_steps, x_rows, _ = (0, *distances(xs)) if noise.inputs is None else distances(xs)
    fields |= {
        "x_steps": x_steps, "x_rows": x_rows, "x_gates": x_gates,
        "h": h, "h_rows": h.shape[2], "h_steps": len(h), "c": c, "c_rows": c.shape[2], "c_steps": len(c),
        "mask": valid, "masked": int(mask is not None), "apart": apart,
        "kept_h": kept_h, "kept_h_rows": 0 if kept_h is None else size.outputs,
        "kept_c": kept_c, "kept_c_rows": 0 if kept_c is None else size.units,
        "factors": None if noise.recurrent is None else padded_steps(noise.recurrent, size.outputs),
    }  # fmt: skip
    gates, m, norms = None, None, ()
    if training:
        fields |= {"tape": (gates := aligned((tape_size,), dtype))}
    if weights.projection is not None:
        m = aligned((steps, N, stride(size.units, dtype)), dtype)
        fields |= {"m": m, "m_rows": m.shape[2]}
    if weights.kernel_norm is not None:
        whole = tape_size if training else 0
        norms = tuple(aligned(s, dtype) for s in ((whole,), (whole,), (steps, N, size.units), (steps, N, 3)))
        fields |= dict(zip(("nx", "nh", "nc", "scales"), norms, strict=True))
    held: list[Any] = []
    loop, made = forward_loop(shape), job(held, **fields)
    parts = thread_pool.num_splits(T * N * (D + size.P) * cut.gates, N)
    run = caller(shape.dtype)
    places = loop.address, address(made), 0, 0, address(xs)
    run_eagerly([parallel_for(N, parts, lambda _, span: KernelCall(run, *places, 0, T, *span))])
    tape = None
    if training:
        tape = Tape(xs, h, c, m, gates, norms, valid, (kept_h, kept_c), noise, weights, spec, asked)
    y = h[1:, :, : size.P] if sequences else None
    return LSTMOutput(y, h[T % len(h), :, : size.P], c[T % len(c), :, : size.H], tape)


def stream_part(
    weights: LSTMWeights, spec: LSTMSpec, N: int, x_rows: int, held: list[Any], x_steps: int = 0, ring: int = 2
) -> tuple[int, int, Array, Array]:
    """An LSTM as a part of a stream, or of a program whose steps are ``x_steps`` apart; rows of inputs are ``x_rows`` apart.

    Answers the addresses of its loop and of its job, and its states: a ``ring`` h (ring, N, ...), and c (N, ...).
    """
    spec, size = settled_spec(spec), sizes(weights)
    shape, dtype = size.shape, size.shape.dtype
    h, c = aligned((ring, N, stride(size.outputs, dtype)), dtype), aligned((N, stride(size.units, dtype)), dtype)
    h[...], c[...] = 0, 0
    fields = common(weights, size, spec, N)
    fields |= forward_fields(weights, size, spec, _asked(weights, NO_NOISE, masked=False, training=False), N)
    fields |= {"x_steps": x_steps, "x_rows": x_rows, "h": h, "h_rows": h.shape[2], "h_steps": ring}
    fields |= {"c": c, "c_rows": c.shape[1], "c_steps": 1}
    if weights.projection is not None:
        fields |= {"m": aligned((N, stride(size.units, dtype)), dtype), "m_rows": stride(size.units, dtype)}
    if weights.kernel_norm is not None:
        fields |= {"nc": aligned((N, size.units), dtype)}
    loop, made = forward_loop(shape), job(held, **fields)
    held += [loop, made]
    return loop.address, address(made), h, c
