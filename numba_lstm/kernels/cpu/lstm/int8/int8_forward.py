"""LSTMs with int8 weights: forward, in batches and in streams."""

from __future__ import annotations

from typing import Any

import numpy as np
import numpy.typing as npt

from .....gates import COUNT
from ....contract import LSTMOutput, LSTMWeights
from ....int8 import LARGEST, split
from ....specs import LSTMSpec
from ...gemm import pack
from ...gemm.layout import Panels, Shape, cell_lanes, geometry, panels
from ...runtime import thread_pool
from ...runtime.graph import run_eagerly
from ...runtime.memory import address, aligned, stride
from ...runtime.strides import distances
from ...runtime.task import KernelCall, parallel_for
from ..buffers import start
from ..pointwise import Asked, gate_cell, output_cell, settings, traits
from ..rowwise.kernel_args import caller, job
from .forward_loop import forward_loop
from .products import SHORT

Array = npt.NDArray[Any]


def whole_panels(W: Array) -> tuple[Array, Array]:
    """W (K, 4H) as whole numbers and their scales, in panels: for a pair of rows the columns, the pair's two side by side."""
    whole, scales = split(W)
    K, cut = len(W), panels(W.shape[1] // COUNT, geometry(W.dtype).V)
    pairs, inside = -(-K // 2), cut.full * cut.V
    padded = np.zeros((2 * pairs, COUNT, cut.padded), np.int8)
    padded[:K, :, : cut.H] = whole.reshape(K, COUNT, cut.H)
    packed = aligned((padded.size,), np.int8)
    full = padded[:, :, :inside].reshape(pairs, 2, COUNT, cut.full, cut.V).transpose(3, 0, 2, 4, 1)
    packed[: full.size] = full.reshape(-1)
    packed[full.size :] = padded[:, :, inside:].reshape(pairs, 2, COUNT, cut.v).transpose(0, 2, 3, 1).reshape(-1)
    return packed, pack.gate_panels(scales)


def levels(K: int) -> int:
    """The largest whole number that an element of a row of K becomes: a sum of K products then has 32 bits."""
    return min(2**15 - 1, (2**31 - 1) // (LARGEST * K))


def _fields(weights: LSTMWeights, spec: LSTMSpec, N: int, *, masked: bool) -> tuple[Shape, Panels, dict[str, Any]]:
    """The fields of a job that a batch and a stream share, but the scratch."""
    D, H = weights.kernel.value.shape[0], weights.recurrent_kernel.value.shape[0]
    dtype = weights.kernel.value.dtype
    shape = geometry(dtype)
    cut = panels(H, shape.V)
    how = traits(spec, Asked(masked, weights.peephole is not None, False, False, False))
    fields: dict[str, Any] = {
        "N": N, "D": D, "H": H, "full": cut.full, "bias": pack.gate_bias(weights.bias, cut, dtype),
        "settings": settings(spec, dtype), "levels": np.array([levels(D), levels(H)], dtype),
        "row_scales": aligned((N, 2), dtype), "masked": int(masked),
    }  # fmt: skip
    for side, K, weight in (("x", D, weights.kernel), ("h", H, weights.recurrent_kernel)):
        bytes_ = -(-K // shape.V) * shape.V * SHORT
        fields |= {f"whole_{side}": aligned((N, bytes_), np.int8), f"whole_{side}_rows": bytes_}
        name = {"x": "W", "h": "U"}[side]
        fields[name], fields[f"{name}_scales"] = weight.prepared("cpu.int8", whole_panels)
    for last, lanes in zip(("", "last_"), cell_lanes(cut, N > 1), strict=True):
        fields[f"{last}gate_cell"] = gate_cell(how, shape.dtype, *lanes, tape=False)
        fields[f"{last}output_cell"] = output_cell(how, shape.dtype, *lanes)
    if weights.peephole is not None:
        fields |= {"peephole": weights.peephole.prepared("cpu.panels", pack.peephole_panels), "peepholes": 1}
    return shape, cut, fields


def _scratch(shape: Shape) -> dict[str, Array]:
    """The fields that each thread has for itself."""
    return {"z": aligned((shape.scratch,), shape.dtype), "lanes_scratch": aligned((shape.V,), shape.dtype)}


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
    """CPU twin: shards of the batch go through one loop."""
    (T, N, D), dtype = x.shape, x.dtype
    valid = None if mask is None else np.ascontiguousarray(mask, np.bool_)
    shape, cut, fields = _fields(weights, spec, N, masked=mask is not None)
    h = aligned((T + 1 if sequences else 2, N, stride(cut.padded, dtype)), dtype)
    c = aligned((N, stride(cut.padded, dtype)), dtype)
    start(h, h0, cut.padded, cut.H)
    start(c[None], c0, cut.padded, cut.H)
    x_steps, x_rows, _ = distances(x)
    fields |= {
        "x_steps": x_steps, "x_rows": x_rows,
        "h": h, "h_rows": h.shape[2], "h_steps": len(h), "c": c, "c_rows": c.shape[1], "mask": valid,
    }  # fmt: skip
    held: list[Any] = []
    parts = thread_pool.num_splits(T * N * (D + cut.H) * cut.gates, N)
    loop, run = forward_loop(shape, cut.C), caller(shape.dtype)
    jobs = [job(held, **fields, **_scratch(shape)) for _ in range(parts)]
    places = 0, 0, address(x), 0, T
    run_eagerly([parallel_for(N, parts, lambda part, span: KernelCall(run, loop.address, address(jobs[part]), *places, *span))])
    return LSTMOutput(h[1:, :, : cut.H] if sequences else None, h[T % len(h), :, : cut.H], c[:, : cut.H], None)


def stream_part(
    weights: LSTMWeights, spec: LSTMSpec, N: int, x_rows: int, held: list[Any], x_steps: int = 0, ring: int = 2
) -> tuple[int, int, Array, Array]:
    """An LSTM as a part of a stream, or of a program whose steps are ``x_steps`` apart; rows of inputs are ``x_rows`` apart.

    Answers the addresses of its loop and of its job, and its states: a ``ring`` h (ring, N, ...), and c (N, ...).
    """
    shape, cut, fields = _fields(weights, spec, N, masked=False)
    rows = stride(cut.padded, shape.dtype)
    h, c = aligned((ring, N, rows), shape.dtype), aligned((N, rows), shape.dtype)
    h[...], c[...] = 0, 0
    fields |= {"x_steps": x_steps, "x_rows": x_rows, "h": h, "h_rows": rows, "h_steps": ring, "c": c, "c_rows": rows}
    loop, made = forward_loop(shape, cut.C), job(held, **fields, **_scratch(shape))
    held += [loop, made]
    return loop.address, address(made), h, c
