"""The backward time loop of the LSTM: the recurrence of the gradients of h and c, serial over steps, one shard per call.

At each step the pointwise kernels turn gates into dz_t, then ``dh = dz_t U^T``. The product iterates over chunks of panels of
dz, which stay in the L2 cache while all blocks of U use them; over gates, if each has dropout factors of its own. Where all of
dz is one chunk, every second step may iterate over the blocks in reverse. Where rows are few, the threads of a team may split
panels and blocks as in the forward loop; they meet at two barriers a step.

:mod:`.phases.backward` has the phases of a step.
"""

from __future__ import annotations

from functools import cache
from typing import Any

from ....gates import COUNT
from ..compiler.jit import kernel
from ..gemm.layout import NUMBA, VectorGeometry
from ..gemm.operands import Matrix
from ..runtime.atomics import barrier
from ..runtime.memory import LINE
from ..simd.vector import data, offset
from .forward_loop import SERPENTINE
from .phases.arrays import Groups, Panels, Steps, lines_of, steps_of
from .phases.backward import (
    Blocks,
    Gradients,
    Kernels,
    PointwiseArrays,
    Product,
    Units,
    block_of_rows,
    bundle_of_row,
    chunk_of,
    copy_elements,
    pointwise,
    products_per_gate,
)


@cache
def backward_loop(
    geometry: VectorGeometry, C: int, C_units: int, remainder: int, per_gate: bool = False, exceeds_l2: bool = False
) -> Any:
    """Return the kernel of the backward recurrence for t = T-1 .. 0 of rows r0 .. r1.

    C is the number of vectors of the tail's block of gates, C_units that of the last block of U's transpose, which
    ``remainder`` columns may follow. ``per_gate`` and ``exceeds_l2`` are as in the forward loop, but a single tile may prefetch
    nothing.
    """
    V, B, v, row_unroll = geometry.V, geometry.B, C * geometry.V // COUNT, 8 // geometry.B
    line_elements, serpentine = 8 * LINE // NUMBA[geometry.dtype].bitwidth, SERPENTINE
    prefetch_tiles = (2 if serpentine else 1) if exceeds_l2 else None
    rows_per_vector = V // v if C > 0 else 1

    def lstm_backward_loop(
        dy,  # (T, N, padded) of any strides, or empty: the gradient of the outputs
        U,  # (H, 4H), transposed in blocks of columns
        c,  # (T + 1, N, c_rows): c before and after each step
        dh,  # (N, columns): the gradient of the last h, which becomes that of the first
        dc,  # (N, c_rows): the same for c
        carry,  # (N, c_rows) of zeros, or empty: the dh of masked rows and of elements that zoneout keeps
        gates,  # the tape, in panels; becomes dz
        peephole,  # (3 H), packed in panels; empty: no peephole
        peephole_grads,  # (3 H N), in the same panels: the gradient of each row, a sum over time
        scalars,  # the numbers that pointwise kernels read
        mask,  # (T, N), or empty: rows of False keep their states
        zoneout_h, zoneout_c,  # (T, N, padded), or empty: elements of True keep their states
        dropout_factors,  # (4, N, columns): the factors of each gate; empty unless per_gate
        private_copy,  # dh and dc of rows r0 .. r1 during the loop, near which no other thread writes; empty: they stay
        barrier_counter,  # one word, shared by a team
        output_kernel, gate_kernel, last_output_kernel, last_gate_kernel,  # addresses, of full panels and of the tail
        H, full, lanes,  # units, full panels, and lanes of the panel that is not whole
        blocks, chunk,  # full blocks of columns of dh, and panels of a chunk
        panel_stride,  # elements between panels of the tape
        T, r0, r1,  # steps, and rows r0 .. r1
        group_rows,  # each group of rows has its T steps one after another on the tape
        member, team_size,  # this thread of a team that splits panels and blocks, and its size; 0 and 1: no team
    ):  # fmt: skip
        N, c_row, row, rows = c.shape[1], c.shape[2], dh.shape[1], r1 - r0
        groups, units = Groups(N, T, group_rows, r1), Units(H, full, H // V, H % V, lanes)
        arrays = PointwiseArrays(
            Steps(data(c), N * c_row, c_row), Panels(data(gates), panel_stride, 1), lines_of(peephole, 0, 3),
            lines_of(peephole_grads, 3, 3), data(scalars), lines_of(mask, 1, 0),
            lines_of(zoneout_h, zoneout_h.shape[2], 1), lines_of(zoneout_c, zoneout_c.shape[2], 1),
        )  # fmt: skip
        dh_, dc_, dh_home, dc_home = data(dh), data(dc), offset(data(dh), r0 * row), offset(data(dc), r0 * c_row)
        dh_copy, dc_copy = data(private_copy), offset(data(private_copy), len(private_copy) - rows * c_row)
        if len(private_copy) > 0:
            copy_elements(dh_home, dh_copy, rows * row)
            copy_elements(dc_home, dc_copy, rows * c_row)
            dh_, dc_ = offset(dh_copy, -r0 * row), offset(dc_copy, -r0 * c_row)
        gradients = Gradients(
            Matrix(dh_, 0, row), Matrix(dc_, 0, c_row), lines_of(carry, c_row, 1), steps_of(dy), 1 if len(dy) > 0 else 0
        )
        # rows of which one call of a pointwise kernel processes all panels: if rows are few, or if a team splits the panels
        across = rows if rows < full or team_size > 1 else 0
        calls = (across if across > 0 else full) + (1 if C > 0 and member == team_size - 1 else 0)
        first, last = full * member // team_size, full * (member + 1) // team_size
        in_vectors = blocks + (1 if C_units > 0 else 0)
        all_ = in_vectors + (1 if remainder > 0 else 0)
        q0, q1 = all_ * member // team_size, all_ * (member + 1) // team_size
        product = Product(arrays.tape, data(U), gradients.dh, units, groups, Blocks(q0, q1, blocks, in_vectors))
        num_chunks = (units.whole + (1 if units.rest > 0 else 0) + chunk - 1) // chunk
        bundles = (min(q1, blocks) - q0 + row_unroll - 1) // row_unroll if rows == 1 else 0
        unbundled = max(q0, blocks) if rows == 1 else q0
        group_begins = r0 // group_rows * group_rows
        first_rows = min(N, group_begins + group_rows) - group_begins
        for s in range(T):
            t, reverse = T - 1 - s, s % 2 == 1 and num_chunks == 1 and (serpentine or rows == 1)
            # dz_t, of all panels of a row or of all rows of a panel
            for k in range(calls):
                p = first if k < across else k if across == 0 else full
                lane = V if p < full or k < across else v
                kernels = Kernels(output_kernel, gate_kernel) if lane == V else Kernels(last_output_kernel, last_gate_kernel)
                r, begins = r0 + (k if k < across else 0), group_begins
                while r < r1:
                    while begins + group_rows <= r:
                        begins += group_rows
                    counts = last - first, V, rows_per_vector
                    r = pointwise(kernels, t, r, p, lane, k < across, groups, begins, gradients, arrays, counts)
            if team_size > 1:
                barrier(data(barrier_counter), team_size, 2 * s + 1)
            # dh_{t-1} = dz_t U^T
            if per_gate:
                for q in range(q0, q1):
                    products_per_gate(product, t, q, r0, data(dropout_factors), (V, B, C_units))
            else:
                for index in range(num_chunks):  # always in this order, which is the order of the sums
                    part = chunk_of(index, num_chunks, chunk, units)
                    for k in range(bundles):  # a single row computes several blocks in one product
                        q = q0 + (bundles - 1 - k if reverse else k) * row_unroll
                        m = group_begins * (T - 1) + r0 + t * first_rows
                        bundle_of_row(product, part, q, m, r0, (V, B, row_unroll))
                    for k in range(q1 - unbundled):
                        q, sizes = q1 - 1 - k if reverse else unbundled + k, (V, B, v, C_units, remainder)
                        block_of_rows(product, part, t, q, r0, group_begins, sizes, line_elements, prefetch_tiles)
            if team_size > 1:
                barrier(data(barrier_counter), team_size, 2 * s + 2)
        if len(private_copy) > 0:
            copy_elements(dh_copy, dh_home, rows * row)
            copy_elements(dc_copy, dc_home, rows * c_row)

    traits = f"{C}_{C_units}_{remainder}_{int(per_gate)}{int(exceeds_l2)}"
    return kernel(
        lstm_backward_loop, f"lstm_backward_loop_{geometry.dtype}x{V}_{traits}", NUMBA[geometry.dtype],
        "x3 f1 f3 f2 f2 f2 f1 f1 f1 f1 b2 b3 b3 f3 f1 n1" + 16 * " i",
    )  # fmt: skip
