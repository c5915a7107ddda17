"""Phases of a step of the rowwise time loops, and the step that they compute."""

from __future__ import annotations

from typing import Any, NamedTuple

from .....gates import COUNT
from ...compiler.jit import inlined
from ...simd.vector import load, offset, pointer, store


class Step(NamedTuple):
    """Step t of ``n`` rows from row r0 of the batch on: their states before and after it, and their mask."""

    t: Any
    r0: Any
    n: Any
    row: Any  #: row of time, ``t * N + r0``
    h_old: Any
    h_new: Any
    c_old: Any
    c_new: Any
    valid: Any


@inlined
def step_at(j, f_, b_, t, r0, n):
    """Return step t, whose states are in rings of time."""
    h, c, row = pointer(j.h, f_), pointer(j.c, f_), t * j.N + r0
    return Step(
        t, r0, n, row,
        offset(h, (t % j.h_steps * j.N + r0) * j.h_rows), offset(h, ((t + 1) % j.h_steps * j.N + r0) * j.h_rows),
        offset(c, (t % j.c_steps * j.N + r0) * j.c_rows), offset(c, ((t + 1) % j.c_steps * j.N + r0) * j.c_rows),
        offset(pointer(j.mask, b_), row * j.masked),
    )  # fmt: skip


@inlined
def tape_step_at(j, f_, b_, t, r0, n):
    """Return step t of the backward pass, whose c are all on the tape; it has no h."""
    c, row = pointer(j.c, f_), t * j.N + r0
    return Step(
        t, r0, n, row, f_, f_, offset(c, row * j.c_rows), offset(c, (row + j.N) * j.c_rows),
        offset(pointer(j.mask, b_), row * j.masked),
    )  # fmt: skip


@inlined
def tape_place(i, row, full, panel_stride, tail, V):
    """Return the index on the tape of element i of a row of z."""
    panel = COUNT * V
    if i < full * panel:
        return i // panel * panel_stride + row * panel + i % panel
    return full * panel_stride + row * COUNT * tail + i - full * panel


@inlined
def num_panels(j):
    """Return the number of panels with the tail."""
    return j.full + (1 if j.tail > 0 else 0)


@inlined
def scaled(x, x_rows, dropout_factors, size, gates_apart, out, n, V):
    """Multiply rows x by the factors of each of the four gates, whose results are ``gates_apart`` apart."""
    for gate in range(COUNT):
        for r in range(n):
            at = gate * gates_apart + r * size
            for i in range(0, size, V):
                store(out, at + i, load(x, r * x_rows + i, V) * load(dropout_factors, at + i, V))
