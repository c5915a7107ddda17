"""The forward pass of LSTMs by rows, those with layer norms or a projection: batches and streams."""

from __future__ import annotations

from functools import cache
from typing import Any, NamedTuple

import numpy as np
import numpy.typing as npt

from .....gates import COUNT
from ....contract import LSTMNoise, LSTMOutput, LSTMWeights
from ....specs import LSTMSpec
from ...arrays.copy_tasks import contiguous, copy, masked_steps_zeroed
from ...gemm import pack
from ...gemm.layout import PanelLayout, VectorGeometry, column_layout, panel_layout, pointwise_lanes, vector_geometry
from ...runtime import recording, thread_pool
from ...runtime.graph import run_eagerly
from ...runtime.memory import address, aligned, empty, stride
from ...runtime.strides import element_strides
from ...runtime.task import HostCall, KernelCall, parallel_for
from ...simd.custom_activation import canonical_spec
from ..buffers import StateSize, begin, mask_at, output, padded_steps, tape_panel_stride
from ..pointwise import CallOptions, gate_kernel, output_kernel, scalar_parameters, traits
from .forward_loop import forward_loop
from .kernel_args import loop_caller, make_kernel_args
from .row_products import gatewise_product_kernel, product_kernel

Array = npt.NDArray[Any]

NO_NOISE = LSTMNoise()


def needs_rowwise(weights: LSTMWeights) -> bool:
    """Whether the steps of an LSTM need whole rows."""
    return weights.projection is not None or weights.kernel_norm is not None


class Sizes(NamedTuple):
    """The sizes of an LSTM, and the layout of its rows."""

    geometry: VectorGeometry
    layout: PanelLayout
    D: int
    H: int
    P: int

    @property
    def units(self) -> int:
        """Elements of a row of c, in whole vectors."""
        return -(-self.H // self.geometry.V) * self.geometry.V

    @property
    def outputs(self) -> int:
        """Elements of a row of h, in whole blocks."""
        return column_layout(self.P, self.geometry).padded(self.geometry)


def sizes(weights: LSTMWeights) -> Sizes:
    """Return the sizes of these weights."""
    D, (P, width) = weights.kernel.value.shape[0], weights.recurrent_kernel.value.shape
    geometry = vector_geometry(weights.kernel.value.dtype)
    return Sizes(geometry, panel_layout(width // COUNT, geometry.V), D, width // COUNT, P)


@cache
def _ones(layout: PanelLayout, size: Sizes) -> tuple[Array, Array]:
    """Return rows of z and of c with 1 in each real element and 0 in padding."""
    dtype = size.geometry.dtype
    with recording.pause():
        return pack.gate_panels(np.ones(COUNT * layout.H, dtype)), _units(np.ones((1, layout.H), dtype), size)


def _units(rows: Array, size: Sizes) -> Array:
    """Return rows (k, H) padded to whole vectors, flat."""
    return padded_steps(rows, size.units).reshape(-1)


def call_options(weights: LSTMWeights, noise: LSTMNoise, *, masked: bool, training: bool) -> CallOptions:
    """Return what a call brings along, for the traits of its kernels."""
    zoneout_h, zoneout_c = noise.zoneout_h is not None, noise.zoneout_c is not None
    return CallOptions(
        masked=masked, peephole=weights.peephole is not None, zoneout_h=zoneout_h, zoneout_c=zoneout_c, training=training
    )


def common_fields(weights: LSTMWeights, size: Sizes, spec: LSTMSpec, N: int) -> dict[str, Any]:
    """Return the kernel arguments of streams, forward and backward calls."""
    geometry, layout, dtype = size.geometry, size.layout, size.geometry.dtype
    gates, units = layout.gates, size.units
    fields: dict[str, Any] = {
        "N": N, "D": size.D, "H": size.H, "P": size.P, "full": layout.full, "tail": layout.v, "lanes": layout.lanes,
        "gates": gates, "units": units,
        "zero": pack.zero_bias(max(gates, size.outputs, column_layout(size.H, geometry).padded(geometry)), dtype),
        "scalars": scalar_parameters(spec, np.dtype(dtype)),
        "factor_rows": size.outputs,
        "z": aligned((N, gates), dtype),
        "lanes_scratch": aligned((N, geometry.V), dtype),
    }  # fmt: skip
    if weights.peephole is not None:
        fields |= {"peephole": pack.packed(weights.peephole, "cpu.panels", pack.peephole_panels), "peepholes": 1}
    if weights.projection is not None:
        fields |= {"projected": 1}
    if weights.kernel_norm is not None:
        real_gates, real_units = _ones(layout, size)
        fields |= {
            "norms": 1, "zx": aligned((N, gates), dtype), "real_gates": real_gates, "real_units": real_units,
            "kernel_norm": pack.packed(weights.kernel_norm, "cpu.panels", pack.gate_panels),
            "recurrent_norm": pack.packed(weights.recurrent_norm, "cpu.panels", pack.gate_panels),
            "cell_norm": pack.packed(weights.cell_norm, "cpu.units", lambda rows: _units(rows, size)),
            "norm_constants_gates": np.array([1 / (COUNT * size.H), spec.norm_epsilon, 1], dtype),
            "norm_constants_units": np.array([1 / size.H, spec.norm_epsilon, 1], dtype),
        }  # fmt: skip
    return fields


def forward_fields(
    weights: LSTMWeights,
    size: Sizes,
    spec: LSTMSpec,
    options: CallOptions,
    N: int,
    *,
    inputs: bool = False,
    recurrent: bool = False,
) -> dict[str, Any]:
    """Return the kernel arguments of forward steps: packed weights and kernels."""
    geometry, layout, kernel_traits = size.geometry, size.layout, traits(spec, options)
    lanes, last = pointwise_lanes(layout, N > 1)
    out = kernel_traits._replace(masked=False, zoneout_h="") if weights.projection is not None else kernel_traits

    def product(gatewise: bool) -> Any:
        return gatewise_product_kernel(geometry, layout.v) if gatewise else product_kernel(geometry, layout.C)

    fields = {
        "W": pack.packed(weights.kernel, "cpu.panels", pack.gate_panels),
        "U": pack.packed(weights.recurrent_kernel, "cpu.panels", pack.gate_panels),
        "bias": pack.gate_bias(weights.bias, layout, geometry.dtype),
        "x_product": product(inputs),
        "h_product": product(recurrent),
        "gate_kernel": gate_kernel(kernel_traits, geometry.dtype, *lanes, tape=options.training),
        "last_gate_kernel": gate_kernel(kernel_traits, geometry.dtype, *last, tape=options.training),
        "output_kernel": output_kernel(out, geometry.dtype, *lanes),
        "last_output_kernel": output_kernel(out, geometry.dtype, *last),
    }
    if weights.projection is not None:
        blocks = column_layout(size.P, geometry)
        fields |= {
            "R": pack.packed(weights.projection, "cpu.blocks", pack.blocks), "R_full": blocks.full,
            "projection_product": product_kernel(geometry, blocks.C), "mean_h": int(kernel_traits.zoneout_h == "rate"),
        }  # fmt: skip
    if recurrent:
        fields |= {"per_gate": 1, "zh": aligned((COUNT, N, size.outputs), geometry.dtype)}
    return fields


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
    if training:
        x = copy(x)
        if valid is not None:
            run_eagerly([masked_steps_zeroed(x, valid)])  # else NaN in a masked step would reach dW
    xs = x
    if noise.inputs is not None:
        xs = empty((COUNT, *x.shape), dtype)
        run_eagerly([HostCall(np.multiply, x, noise.inputs[:, None], out=xs)])
    state_sizes = StateSize(h0, size.P, size.outputs), StateSize(c0, size.H, size.units)
    h, c, first, stream = begin(state_sizes, (T + 1 if training or sequences else 2, T + 1 if training else 1), N, dtype)
    zoneout_h = None if noise.zoneout_h is None else padded_steps(noise.zoneout_h, size.outputs)
    zoneout_c = None if noise.zoneout_c is None else padded_steps(noise.zoneout_c, size.units)
    panel_stride = tape_panel_stride(T, N, geometry, layout) if training else 0
    tape_size = panel_stride * layout.full + T * N * COUNT * layout.v
    steps = T if training else 1
    fields = common_fields(weights, size, spec, N) | forward_fields(
        weights, size, spec, options, N, inputs=noise.inputs is not None, recurrent=noise.recurrent is not None
    )
    x_gates, x_steps, x_rows, _ = (0, *element_strides(xs)) if noise.inputs is None else element_strides(xs)
    fields |= {
        "x_steps": x_steps, "x_rows": x_rows, "x_gates": x_gates,
        "h": h, "h_rows": h.shape[2], "h_steps": len(h), "c": c, "c_rows": c.shape[2], "c_steps": len(c),
        "mask": None if valid is None else mask_at(valid, first), "masked": int(mask is not None), "panel_stride": panel_stride,
        "zoneout_h": zoneout_h, "zoneout_h_rows": 0 if zoneout_h is None else size.outputs,
        "zoneout_c": zoneout_c, "zoneout_c_rows": 0 if zoneout_c is None else size.units,
        "dropout_factors": None if noise.recurrent is None else padded_steps(noise.recurrent, size.outputs),
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
    loop, kernel_args = forward_loop(geometry), make_kernel_args(held, **fields)
    splits = thread_pool.num_splits(T * N * (D + size.P) * layout.gates, N)
    run = loop_caller(geometry.dtype)
    addresses = loop, address(kernel_args), 0, 0, address(xs)
    held += [kernel_args, xs]

    def call(_: int, rows: tuple[int, int]) -> KernelCall:
        return KernelCall(run, *addresses, first, first + T, *rows, references=held)

    run_eagerly([parallel_for(N, splits, call)])
    tape = None
    if training:
        tape = Tape(xs, h, c, m, gates, norms, valid, (zoneout_h, zoneout_c), noise, weights, spec, options)
    return output((h, size.P), (c, size.H), first + T, tape, sequences=sequences, stream=stream)
