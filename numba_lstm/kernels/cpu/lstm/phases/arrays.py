"""Arrays of a time loop as named tuples of a pointer and strides in elements, and groups of rows."""

from __future__ import annotations

from typing import Any, NamedTuple

from ...compiler.jit import inlined
from ...simd.vector import data, offset


class Steps(NamedTuple):
    """Steps of rows: element (t, r, u) is ``p[t * step + r * row + u]``."""

    p: Any
    step: Any
    row: Any


class Ring(NamedTuple):
    """A ring of time: step t is step ``t % length`` of the array, whose rows are ``row`` elements apart."""

    p: Any
    length: Any
    step: Any
    row: Any


class Lines(NamedTuple):
    """Rows of an array that may be absent: element u of row m is ``p[m * row + u * unit]``. Absent, both strides are 0."""

    p: Any
    row: Any
    unit: Any


class Panels(NamedTuple):
    """Panels of the tape: row m of panel p begins with element ``p * panel + m * width``. Absent, ``present`` is 0."""

    p: Any
    panel: Any
    present: Any


class Groups(NamedTuple):
    """Groups of ``rows`` of the N rows of a batch, whose T steps are contiguous on the tape; rows before ``end`` are read."""

    N: Any
    T: Any
    rows: Any
    end: Any


@inlined
def steps_of(a):
    """Return an array (T, N, n) of any strides as :class:`Steps`."""
    return Steps(data(a), a.strides[0] // a.itemsize, a.strides[1] // a.itemsize)


@inlined
def ring_of(a):
    """Return an array (length, N, n) as a :class:`Ring`."""
    return Ring(data(a), a.shape[0], a.shape[1] * a.shape[2], a.shape[2])


@inlined
def steps_around(ring, t):
    """Return pointers to steps t and t + 1 of a ring, by one division."""
    place = t % ring.length
    following = place + 1 if place + 1 < ring.length else 0
    return offset(ring.p, place * ring.step), offset(ring.p, following * ring.step)


@inlined
def lines_of(a, row, unit):
    """Return an array, or an empty one, as :class:`Lines` of these strides."""
    present = 1 if len(a) > 0 else 0
    return Lines(data(a), present * row, present * unit)


@inlined
def line(lines, m, u):
    """Return a pointer to element u of row m."""
    return offset(lines.p, m * lines.row + u * lines.unit)
