"""Named tuples that the time loops of the GRU and of the simple RNN build, and the phases of their steps."""

from __future__ import annotations

from typing import Any, NamedTuple

from ..compiler.jit import inlined
from ..runtime.indirect_call import call
from ..simd.vector import data, load, offset, store
from .layout import Q


class Rows(NamedTuple):
    """Rows that are ``row`` elements apart, from p on; with factors for each gate those of a gate are ``gate`` further."""

    p: Any
    row: Any
    gate: Any


class Factor(NamedTuple):
    """Rows of K elements and their packed weights; those of a gate are ``gate`` elements after those of the gate before."""

    rows: Rows
    W: Any
    gate: Any
    K: Any


class Share(NamedTuple):
    """What a call computes of each gate: ``n`` rows of blocks q0 .. q1, of which ``full`` are full."""

    full: Any
    q0: Any
    q1: Any
    n: Any


@inlined
def row_of_gate(rows, gate):
    """Return a pointer to the first row of a gate."""
    return offset(rows.p, gate * rows.gate)


@inlined
def product(address, start, x, x_terms, h, h_terms, gate, out, share):
    """Compute ``out = start + x W + h U`` of one gate; a product of 0 terms is left out."""
    call(
        address,
        (row_of_gate(start, gate), row_of_gate(x.rows, gate), offset(x.W, gate * x.gate),
         row_of_gate(h.rows, gate), offset(h.W, gate * h.gate), row_of_gate(out, gate),
         start.row, x.rows.row, h.rows.row, out.row, x_terms, h_terms, share.full, share.q0, share.q1, share.n),
    )  # fmt: skip


@inlined
def moved(rows, n):
    """Return rows that begin n elements further."""
    return Rows(offset(rows.p, n), rows.row, rows.gate)


@inlined
def multiply_rows(a, a_rows, b, b_rows, out, out_rows, n, units, V):
    """Multiply n rows of ``units`` elements element by element."""
    for r in range(n):
        for u in range(0, units, V):
            store(out, r * out_rows + u, load(a, r * a_rows + u, V) * load(b, r * b_rows + u, V))


@inlined
def add_products(a, a_rows, b, b_rows, out, out_rows, n, units, V):
    """Add the products of the elements of two rows to n rows of ``units`` elements."""
    for r in range(n):
        for u in range(0, units, V):
            y = load(out, r * out_rows + u, V) + load(a, r * a_rows + u, V) * load(b, r * b_rows + u, V)
            store(out, r * out_rows + u, y)


@inlined
def masked_factor(h, factors, masked_h, t, r0, n, gates, V):
    """Return the products of n rows of h_{t-1}, from row r0 of the batch on, with the factors of each gate."""
    _, N, padded = factors.shape
    rows = Rows(offset(data(masked_h), (t * N + r0) * padded), padded, len(masked_h) // gates * N * padded)
    for gate in range(gates):
        of_rows = offset(data(factors), (gate * N + r0) * padded)
        multiply_rows(h.rows.p, h.rows.row, of_rows, padded, row_of_gate(rows, gate), padded, n, padded, V)
    return Factor(rows, h.W, h.gate, h.K)


@inlined
def sums_of_steps(product_kernel, bias, x, x_rows, h, out, share, n, gates):
    """Compute ``b + x W`` of the n rows of several steps, ``x_rows`` elements apart, for all gates."""
    of_steps = Factor(Rows(x.rows.p, x_rows, x.rows.gate), x.W, x.gate, x.K)
    for gate in range(gates):
        product(product_kernel, bias, of_steps, x.K, h, 0, gate, out, Share(share.full, share.q0, share.q1, n))


@inlined
def sums_of_rows(product_kernel, first, bias, x, x_terms, h, out, share, gates, reset_after):
    """Compute the sums of a step; of a GRU whose reset gate is before the product, without the candidate's.

    The sums begin with ``first``, and that of q with ``bias``.
    """
    for gate in range(max(1, gates - 1)):
        product(product_kernel, first, x, x_terms, h, h.K, gate, out, share)
    if gates > 1 and reset_after:
        if x_terms > 0:
            product(product_kernel, first, x, x_terms, h, 0, 2, out, share)
        q = (Q - 2) * out.gate
        product(product_kernel, moved(bias, q), x, 0, h, h.K, 2, moved(out, q), share)


@inlined
def sums_of_row(row_kernel, bias, x, x_terms, h, out, share, reset_after):
    """Compute the same sums of a GRU for a single row: those of all gates together hide the latency of each."""
    g, r, q = 2 * out.gate, out.gate, Q * out.gate
    if x_terms > 0:
        call(
            row_kernel,
            (bias.p, offset(bias.p, g), x.rows.p, x.W, out.p, offset(out.p, g), out.gate, x_terms, 3,
             share.full, share.q0, share.q1),
        )  # fmt: skip
    first_of_last, last = (offset(bias.p, q), offset(out.p, q)) if reset_after else (offset(out.p, r), offset(out.p, r))
    call(
        row_kernel,
        (out.p, first_of_last, h.rows.p, h.W, out.p, last, out.gate, h.K, 3 if reset_after else 2,
         share.full, share.q0, share.q1),
    )  # fmt: skip


@inlined
def reset_rows(reset_kernel, out, h, u0, n, units):
    """Compute ``q = r * h`` of units u0 .. of n rows, and return q as a factor of U."""
    q, of_h = row_of_gate(out, Q), row_of_gate(h.rows, 2)
    call(reset_kernel, (offset(out.p, u0), offset(of_h, u0), out.row, h.rows.row, out.gate, n, units))
    return Factor(Rows(q, out.row, 0), h.W, h.gate, h.K)


@inlined
def gradient_of_q(product_kernel, zero, dz, factors, r0, out, share, V):
    """Compute the gradient of q, ``dg U_g^T``, times the factors of the candidate."""
    _, N, padded = factors.shape
    product(product_kernel, zero, dz, dz.K, dz, 0, 2, out, share)
    if len(factors) > 0:
        of_rows = offset(data(factors), (2 * N + r0) * padded)
        multiply_rows(out.p, out.row, of_rows, padded, out.p, out.row, share.n, padded, V)


@inlined
def add_gradients(product_kernel, zero, dz, of_q, scratch, factors, r0, dh, share, gates, V):
    """Add the products of the first ``gates`` gradients with the transpose of U to dh, times the factors of each gate.

    The last of three gates is ``of_q``.
    """
    _, N, padded = factors.shape
    for gate in range(gates):
        of_gate = of_q if gate == 2 else dz
        if len(factors) > 0:
            product(product_kernel, zero, of_gate, of_gate.K, of_gate, 0, gate, scratch, share)
            of_rows = offset(data(factors), (gate * N + r0) * padded)
            add_products(scratch.p, scratch.row, of_rows, padded, dh.p, dh.row, share.n, padded, V)
        else:
            product(product_kernel, dh, of_gate, of_gate.K, of_gate, 0, gate, dh, share)
