"""The forward op of the GRU and of the simple RNN with int8 weights: batches and streams."""

from __future__ import annotations

from functools import partial
from typing import Any

import numpy as np
import numpy.typing as npt

from ....contract import RNNOutput, RNNWeights
from ....int8 import quantize
from ....specs import RNNSpec
from ...arrays.copy_tasks import contiguous
from ...gemm import pack
from ...lstm.buffers import start
from ...lstm.int8.int8_forward import levels
from ...lstm.int8.products import SHORT
from ...lstm.tasks import NO_MASK
from ...runtime import thread_pool
from ...runtime.graph import run_eagerly
from ...runtime.memory import aligned, stride
from ...runtime.task import KernelCall, parallel_for
from ..layout import CellLayout, cell_layout, packed_bias
from ..selection import forward_kernels
from .forward_loop import PANEL, forward_loop

Array = npt.NDArray[Any]


def int_gates(W: Array, layout: CellLayout) -> tuple[Array, Array]:
    """Return W (K, GH) as whole numbers and the scales of their columns.

    A gate has its columns in panels: for each pair of rows the columns, the two elements adjacent.
    """
    whole, scales = quantize(W)
    K, G, V = len(W), layout.gates, layout.geometry.V
    pairs, inside = -(-K // 2), layout.padded // (PANEL * V) * PANEL * V
    rows = np.zeros((2 * pairs, G, layout.padded), np.int8)
    rows[:K, :, : layout.H] = whole.reshape(K, G, layout.H)
    packed = aligned((G, 2 * pairs * layout.padded), np.int8)
    full = rows[:, :, :inside].reshape(pairs, 2, G, -1, PANEL * V).transpose(2, 3, 0, 4, 1)
    packed[:, : 2 * pairs * inside] = full.reshape(G, -1)
    packed[:, 2 * pairs * inside :] = rows[:, :, inside:].reshape(pairs, 2, G, -1).transpose(2, 0, 3, 1).reshape(G, -1)
    by_gate = aligned((G, layout.padded), W.dtype)
    by_gate[...] = 0
    by_gate[:, : layout.H] = scales.reshape(G, layout.H)
    return packed.reshape(-1).view(np.bool_), by_gate.reshape(-1)


def rnn_forward(
    x: Array, weights: RNNWeights, h0: Array | None, spec: RNNSpec, *, mask: Array | None = None, sequences: bool = False
) -> RNNOutput:
    """CPU: one time loop for shards of the batch."""
    (T, N, D), dtype = x.shape, x.dtype
    layout = cell_layout(spec, len(weights.recurrent_kernel.value), dtype)
    V, H = layout.geometry.V, layout.H
    _, _, pointwise, reset, _ = forward_kernels(spec, layout)
    h = aligned((T + 1 if sequences else 2, N, stride(layout.padded, dtype)), dtype)
    packs = [
        pack.packed(weight, f"cpu.rnn_{layout.gates}.int8", partial(int_gates, layout=layout))
        for weight in (weights.kernel, weights.recurrent_kernel)
    ]
    (W, W_scales), (U, U_scales) = packs
    loop = forward_loop(layout.geometry, layout.gates, spec.reset_after, layout.padded // V % PANEL)
    ints = [aligned((N, -(-K // V) * V * SHORT), np.int8).view(np.bool_) for K in (D, H)]
    arrays = (
        *(x, W, U, W_scales, U_scales, packed_bias(weights.bias, layout, spec, dtype), np.array([levels(D), levels(H)], dtype)),
        *(h, aligned((1, N, stride(layout.row, dtype)), dtype), *ints, aligned((N, 2), dtype), aligned((N, V), dtype)),
        NO_MASK if mask is None else contiguous(mask),
    )

    def call(_: int, rows: tuple[int, int]) -> KernelCall:
        return KernelCall(loop, *arrays, pointwise, reset, D, H, layout.padded, 0, T, *rows)

    splits = thread_pool.num_splits(T * N * (D + H) * layout.gates * layout.padded, N)
    run_eagerly([*start(h, h0, layout.padded, H), parallel_for(N, splits, call)])
    return RNNOutput(h[1:, :, :H] if sequences else None, h[T % len(h), :, :H], None)
