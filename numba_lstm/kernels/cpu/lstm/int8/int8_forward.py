"""The forward pass of LSTMs with int8 weights: batches and streams."""

from __future__ import annotations

from typing import Any

import numpy as np
import numpy.typing as npt

from .....gates import COUNT
from ....contract import LSTMOutput, LSTMWeights
from ....int8 import LARGEST, quantize
from ....specs import LSTMSpec
from ...arrays.copy_tasks import copied
from ...gemm import pack
from ...gemm.layout import PanelLayout, VectorGeometry, panel_layout, pointwise_lanes, vector_geometry
from ...runtime import thread_pool
from ...runtime.graph import run_eagerly
from ...runtime.memory import aligned
from ...runtime.strides import element_strides
from ..buffers import StateSize, begin, mask_at, output
from ..pointwise import CallOptions, gate_kernel, output_kernel, scalar_parameters, traits
from ..rowwise.kernel_args import loop_task, make_kernel_args
from .forward_loop import forward_loop
from .products import SHORT

Array = npt.NDArray[Any]


def int_panels(W: Array) -> tuple[Array, Array]:
    """Return W (K, 4H) as int8 and its scales, in panels: for each pair of rows the columns, the two elements adjacent."""
    quantized, scales = quantize(W)
    K, layout = len(W), panel_layout(W.shape[1] // COUNT, vector_geometry(W.dtype).V)
    pairs, inside = -(-K // 2), layout.full * layout.V
    padded = np.zeros((2 * pairs, COUNT, layout.padded), np.int8)
    padded[:K, :, : layout.H] = quantized.reshape(K, COUNT, layout.H)
    packed = aligned((padded.size,), np.int8)
    full = padded[:, :, :inside].reshape(pairs, 2, COUNT, layout.full, layout.V).transpose(3, 0, 2, 4, 1)
    packed[: full.size] = full.reshape(-1)
    packed[full.size :] = padded[:, :, inside:].reshape(pairs, 2, COUNT, layout.v).transpose(0, 2, 3, 1).reshape(-1)
    return packed, pack.gate_panels(scales)


def levels(K: int) -> int:
    """Return the largest integer for an element of a row of K, so that a sum of K products has 32 bits."""
    return min(2**15 - 1, (2**31 - 1) // (LARGEST * K))


def _fields(
    weights: LSTMWeights, spec: LSTMSpec, N: int, *, masked: bool
) -> tuple[VectorGeometry, PanelLayout, dict[str, Any]]:
    """Return the kernel arguments that batches and streams share, without the scratch."""
    D, H = weights.kernel.value.shape[0], weights.recurrent_kernel.value.shape[0]
    dtype = weights.kernel.value.dtype
    geometry = vector_geometry(dtype)
    layout = panel_layout(H, geometry.V)
    kernel_traits = traits(spec, CallOptions(masked, weights.peephole is not None, False, False, False))
    fields: dict[str, Any] = {
        "N": N, "D": D, "H": H, "full": layout.full, "bias": pack.gate_bias(weights.bias, layout, dtype),
        "scalars": scalar_parameters(spec, dtype), "levels": np.array([levels(D), levels(H)], dtype),
        "row_scales": aligned((N, 2), dtype), "masked": int(masked),
    }  # fmt: skip
    for side, K, weight in (("x", D, weights.kernel), ("h", H, weights.recurrent_kernel)):
        bytes_ = -(-K // geometry.V) * geometry.V * SHORT
        fields |= {f"int_{side}": aligned((N, bytes_), np.int8), f"int_{side}_rows": bytes_}
        name = {"x": "W", "h": "U"}[side]
        fields[name], fields[f"{name}_scales"] = pack.packed(weight, "cpu.int8", int_panels)
    for last, lanes in zip(("", "last_"), pointwise_lanes(layout, N > 1), strict=True):
        fields[f"{last}gate_kernel"] = gate_kernel(kernel_traits, geometry.dtype, *lanes, tape=False)
        fields[f"{last}output_kernel"] = output_kernel(kernel_traits, geometry.dtype, *lanes)
    if weights.peephole is not None:
        fields |= {"peephole": pack.packed(weights.peephole, "cpu.panels", pack.peephole_panels), "peepholes": 1}
    return geometry, layout, fields


def _scratch(geometry: VectorGeometry) -> dict[str, Array]:
    """Return the kernel arguments that each thread has a copy of."""
    return {"z": aligned((geometry.scratch,), geometry.dtype), "lanes_scratch": aligned((geometry.V,), geometry.dtype)}


def lstm_forward(
    x: Array,
    weights: LSTMWeights,
    h0: Array | None,
    c0: Array | None,
    spec: LSTMSpec,
    *,
    mask: Array | None = None,
    sequences: bool = False,
) -> LSTMOutput:
    """CPU: one time loop for shards of the batch."""
    (T, N, D), dtype = x.shape, x.dtype
    geometry, layout, fields = _fields(weights, spec, N, masked=mask is not None)
    state_sizes = StateSize(h0, layout.H, layout.padded), StateSize(c0, layout.H, layout.padded)
    h, cs, first, stream = begin(state_sizes, (T + 1 if sequences else 2, 1), N, dtype)
    c = cs[1 - first] if stream else cs[0]  # the loop updates it in place
    if stream:
        run_eagerly([copied(cs[first], c)])
    x_steps, x_rows, _ = element_strides(x)
    fields |= {
        "x_steps": x_steps, "x_rows": x_rows,
        "h": h, "h_rows": h.shape[2], "h_steps": len(h), "c": c, "c_rows": c.shape[1],
        "mask": None if mask is None else mask_at(mask, first),
    }  # fmt: skip
    held: list[Any] = []
    splits, loop = thread_pool.num_splits(T * N * (D + layout.H) * layout.gates, N), forward_loop(geometry, layout.C)
    records = [make_kernel_args(held, **fields, **_scratch(geometry)) for _ in range(splits)]
    run_eagerly([loop_task(loop, geometry.dtype, records, held, x, (first, first + T), N)])
    return output((h, layout.H), (c[None], layout.H), first + T, None, sequences=sequences, stream=stream)
