"""Named tuples that the time loops build and their phases read."""

from __future__ import annotations

from typing import Any, NamedTuple

from ..compiler.jit import inlined
from ..runtime.indirect_call import call
from ..simd.vector import load, offset, store


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
        (start.p, row_of_gate(x.rows, gate), offset(x.W, gate * x.gate), row_of_gate(h.rows, gate), offset(h.W, gate * h.gate),
         out.p, start.row, x.rows.row, h.rows.row, out.row, x_terms, h_terms, share.full, share.q0, share.q1, share.n),
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
