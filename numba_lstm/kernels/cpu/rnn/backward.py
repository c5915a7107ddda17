"""The backward op of the GRU and of the simple RNN: the recurrence, then the products over all steps."""

from __future__ import annotations

from typing import Any

import numpy as np
import numpy.typing as npt

from ...contract import RNNGradients, RNNWeights
from ..arrays.copy_tasks import as_rows, copied
from ..gemm import pack
from ..lstm.buffers import padded_steps, state
from ..lstm.tasks import split_rows
from ..runtime import thread_pool
from ..runtime.graph import run_eagerly
from ..runtime.memory import aligned
from ..runtime.task import HostCall, KernelCall, Task, partition
from .forward import Tape
from .layout import Q, columns, transposed_gates
from .products import product_kernel
from .selection import backward_kernels, gradient_team_size, no_array
from .weight_grad import OuterProduct, outer_products, rows_product

Array = npt.NDArray[Any]


def rnn_backward(tape: Tape, dy: Array | None, dh: Array | None, *, need_dx: bool) -> RNNGradients:
    """CPU: the recurrence turns the tape into gradients of the gates in place; then products give those of the weights."""
    layout, dtype = tape.layout, tape.h.dtype
    dh_total = state(dh, tape.h.shape[1], layout.H, layout.padded, dtype)
    run_eagerly([_recurrence(tape, dy, dh_total)])
    dx = _input_gradient(tape) if need_dx else None
    return RNNGradients(dx, dh_total[:, : layout.H], _weight_gradients(tape))


def _recurrence(tape: Tape, dy: Array | None, dh: Array) -> Task:
    """Return the task of the time loop."""
    layout, (T, N, _), dtype = tape.layout, tape.z.shape, dh.dtype
    loop, *functions = backward_kernels(tape.spec, layout)[:4]
    per_gate = len(tape.factors) > 0
    has_products = per_gate or (tape.spec.gated and not tape.spec.reset_after)
    arrays = (
        no_array(3, dtype) if dy is None else as_rows(dy) if layout.padded == layout.H else padded_steps(dy, layout.padded),
        transposed_gates(tape.weights.recurrent_kernel, layout.gates).reshape(-1),
        *(tape.h, tape.z, dh, tape.factors),
        aligned((N, layout.padded), dtype) if has_products else no_array(2, dtype),
        pack.zero_bias(layout.padded, dtype),
        tape.mask,
    )
    splits = thread_pool.num_splits(T * N * layout.H * layout.gates * layout.padded, N)
    ranges = [partition(N, index, splits) for index in range(splits)]
    sizes = layout.H, layout.padded, layout.units.full, layout.units.blocks, T

    def call(_: int, r0: int, r1: int, counter: Array, member: int, team_size: int) -> KernelCall:
        return KernelCall(loop, *arrays, counter, *functions, *sizes, r0, r1, member, team_size)

    return split_rows(N, ranges, gradient_team_size(T, N, layout, per_gate=per_gate), call)


def _weight_gradients(tape: Tape) -> RNNWeights:
    """Return the gradients of W, U and b from those of the gates."""
    layout, (T, N, row), spec = tape.layout, tape.z.shape, tape.spec
    M, G, H, padded, dtype = T * N, layout.gates, layout.H, layout.padded, tape.z.dtype
    dz, D = tape.z.reshape(M, row), tape.x.shape[-1]
    after = spec.gated and spec.reset_after
    xs, h = tape.x.reshape(-1, M, D), tape.h[:T].reshape(M, -1)[:, :H]
    of_x = [(xs[0], (0, G))] if len(xs) == 1 else [(xs[gate], (gate, gate + 1)) for gate in range(G)]
    of_h = [(h, (0, G))]
    if len(tape.factors):
        masked = tape.masked_h.reshape(G, M, padded)[..., :H]
        of_h = [(masked[gate], (gate, gate + 1)) for gate in range(G)]
    if spec.gated and not spec.reset_after:
        of_h = [pair for pair in of_h if pair[1] in ((0, 1), (1, 2))] or [(h, (0, 2))]
        of_h.append((dz[:, Q * padded : Q * padded + H], (2, 3)))
    dW, dU = aligned((D, G * H), dtype), aligned((H, G * H), dtype)
    db = aligned((2 if after else 1, G * H), dtype) if tape.weights.bias is not None else None
    none = no_array(2, dtype)
    products, copies = [], []
    for pairs, into, bias in (
        (of_x, dW, none if db is None else db[:1]),
        (of_h, dU, db[1:] if db is not None and after else none),
    ):
        for a, (first, end) in pairs:
            targets = [array[:, first * H : end * H] for array in (into, bias)]
            if padded != H:
                wide = [aligned((len(array), (end - first) * padded), dtype) for array in (into, bias)]
                for source, target in zip(wide, targets, strict=True):
                    if not len(target):
                        continue
                    blocks = source.reshape(-1, end - first, padded)[..., :H]
                    copies.append(copied(blocks, target.reshape(len(target), end - first, H)))
                targets = wide
            last = Q if into is dU and after and end == G else end - 1
            products.append(OuterProduct(a, end - first, last, *targets))
    run_eagerly([outer_products(dz, products, layout), *copies])
    return RNNWeights(dW, dU, db if db is None or after else db[0])


def _input_gradient(tape: Tape) -> Array:
    """Return ``dx = dz W^T`` for all steps, (T, N, D)."""
    layout, (T, N, row), dtype, G = tape.layout, tape.z.shape, tape.z.dtype, tape.layout.gates
    D, M = tape.x.shape[-1], T * N
    inputs = columns(D, layout.geometry)
    padded = inputs.block_columns(layout.geometry)
    W = transposed_gates(tape.weights.kernel, G).reshape(-1)
    zeros, run = pack.zero_bias(padded, dtype), product_kernel(layout.geometry, inputs.C)
    sizes = layout.H, layout.padded, inputs.full, inputs.blocks, G
    masks = tape.noise.inputs
    out = aligned((1 if masks is None else G, M, padded), dtype)
    ranges = [(0, G)] if masks is None else [(gate, gate + 1) for gate in range(G)]
    dz = tape.z.reshape(M, row)
    run_eagerly([rows_product(dz, W, zeros, to, run, (*sizes, *gates)) for to, gates in zip(out, ranges, strict=True)])
    by_gate = out.reshape(-1, T, N, padded)[..., :D]
    if masks is None:
        return by_gate[0]
    dx = aligned((T, N, D), dtype)
    run_eagerly([HostCall(_masked_sum, by_gate, masks, dx)])
    return dx


def _masked_sum(by_gate: Array, masks: Array, out: Array) -> None:
    """Write the sum over the gates of their shares times their dropout masks."""
    np.multiply(by_gate[0], masks[0], out=out)
    for share, mask in zip(by_gate[1:], masks[1:], strict=True):
        out += share * mask
