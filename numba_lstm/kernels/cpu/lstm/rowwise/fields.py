"""Kernel arguments of rowwise calls, as fields of the record of :mod:`.kernel_args`, in groups by what needs them."""

from __future__ import annotations

from functools import cache
from typing import Any, NamedTuple

import numpy as np
import numpy.typing as npt

from .....gates import COUNT
from ....contract import LSTMNoise, LSTMWeights
from ....specs import LSTMSpec
from ...gemm import pack
from ...gemm.layout import PanelLayout, VectorGeometry, column_layout, panel_layout, pointwise_lanes, vector_geometry
from ...runtime import recording
from ...runtime.memory import aligned
from ..buffers import padded_steps
from ..pointwise import CallOptions, gate_kernel, output_kernel, scalar_parameters, traits
from .row_products import gatewise_product_kernel, product_kernel

Array = npt.NDArray[Any]
Fields = dict[str, Any]


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


def common_fields(weights: LSTMWeights, size: Sizes, spec: LSTMSpec, N: int) -> Fields:
    """Return the kernel arguments of streams, forward and backward calls."""
    geometry, layout, dtype = size.geometry, size.layout, size.geometry.dtype
    gates, units = layout.gates, size.units
    fields: Fields = {
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


def mask_fields(valid: Array | None, zoneout_h: Array | None, zoneout_c: Array | None, size: Sizes) -> Fields:
    """Return the kernel arguments of the masks of steps: booleans of rows, and of elements that zoneout keeps."""
    return {
        "mask": valid, "masked": int(valid is not None),
        "zoneout_h": zoneout_h, "zoneout_h_rows": 0 if zoneout_h is None else size.outputs,
        "zoneout_c": zoneout_c, "zoneout_c_rows": 0 if zoneout_c is None else size.units,
    }  # fmt: skip


def forward_fields(
    weights: LSTMWeights,
    size: Sizes,
    spec: LSTMSpec,
    options: CallOptions,
    N: int,
    *,
    inputs: bool = False,
    recurrent: bool = False,
) -> Fields:
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
