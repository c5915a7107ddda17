"""The products of the forward pass, rows by packed weights, as intrinsics of a register tile."""

from __future__ import annotations

from functools import partial
from typing import Any

from ....gates import COUNT
from ..simd.vector import unaligned_load, unaligned_store
from .intrinsics import product_of_gates, product_of_panels, product_of_row, product_of_rows
from .microkernel import INDEX, PrefetchRequest, prefetch_share
from .operands import Gates, Matrix, RowProduct, Weights, takes

#: Distance in bytes at which a tile prefetches the weights of its own block.
PREFETCH_BYTES = 4 * 1024


@takes(Matrix, RowProduct, Matrix)
def _affine(tile, start: Matrix, x: RowProduct, z: Matrix, request=None):
    """Emit ``z = start + x W``. Blocks of z and start are adjacent."""
    w = INDEX(tile.B * tile.vector.n)
    tile.load(*start, w)
    tile.multiply(x, INDEX(1), w, request=request)
    tile.store(*z, w)


affine_rows = product_of_rows(_affine)


@product_of_rows
def affine_rows_prefetch_shared(tile, beyond, number, all_tiles, *arguments):
    """Emit :func:`affine_rows` that prefetch their share of the weights ``beyond`` elements ahead (:func:`prefetch_share`)."""
    terms, at = arguments[6], arguments[8]
    _affine(tile, *arguments, request=prefetch_share(tile, tile.builder.add(at, beyond), terms, number, all_tiles))


affine_row = product_of_row(_affine)


@product_of_panels
@takes(Gates, RowProduct, Gates)
def affine_gates(tile, start: Gates, x: RowProduct, z: Gates):
    """Emit ``z = start + x W`` for a block of each gate of a row. The weights of gates are ``blocks`` elements apart."""
    b, vector = tile.builder, tile.vector
    tile.values = [unaligned_load(b, vector, place, INDEX(0)) for place in _places_of_gates(tile, start)]
    tile.multiply(x, INDEX(1), INDEX(tile.B * vector.n))
    for place, value in zip(_places_of_gates(tile, z), tile.values, strict=True):
        unaligned_store(b, vector, place, INDEX(0), value)


def _places_of_gates(tile, gates: Gates) -> list:
    """Return the addresses of the vectors of the block of each gate."""
    last = tile.places(gates.last, INDEX(0), INDEX(0))[: tile.B]
    return [*tile.places(gates.p, INDEX(0), gates.gate)[: tile.C - tile.B], *last]


@takes(Matrix, RowProduct, RowProduct, Matrix)
def _recurrent(
    tile, start: Matrix, x: RowProduct, h: RowProduct, z: Matrix, per_gate=None, make_request=None, by_gate: bool = False
):
    """Emit ``z = start + x W + h U``, two products in one sum. Blocks of z and start are adjacent.

    ``make_request(tile, weights, terms)`` returns what to prefetch during ``terms`` terms of these weights. Both products are
    iterations of one loop, which halves the code to compile. It has two where h has terms, so that LLVM unrolls it only if it
    knows them. A tail is stored ``by_gate``, as the pointwise kernels load it, so that LLVM can hand over the registers.
    """
    b = tile.builder
    w, step = INDEX(tile.B * tile.vector.n), INDEX(per_gate.interleaved if per_gate else 1)

    def turn(k) -> None:
        product = _selected(b, b.icmp_signed("==", k, INDEX(0)), x, h)
        request = make_request(tile, product.weights, product.terms) if make_request else None
        tile.multiply(product, step, w, per_gate, request)

    tile.load(*start, w)
    tile.repeat(b.add(INDEX(1), b.zext(b.icmp_signed(">", h.terms, INDEX(0)), INDEX)), turn)
    tile.store(*z, w, lanes=tile.C * tile.vector.n // COUNT if by_gate else None)


def _selected(builder, first, a: Any, b: Any) -> Any:
    """Return operand a, or b unless ``first``."""
    if isinstance(a, tuple):
        return type(a)(*(_selected(builder, first, of_a, of_b) for of_a, of_b in zip(a, b, strict=True)))
    return builder.select(first, a, b)


def _next_weights(tile, weights: Weights, terms) -> PrefetchRequest:
    """Return the weights that the tile itself needs ``PREFETCH_BYTES`` ahead."""
    ahead = INDEX(PREFETCH_BYTES * 8 // tile.vector.dtype.bitwidth)
    return PrefetchRequest(tile.builder.add(weights.at, ahead), INDEX(tile.B * tile.vector.n))


recurrent_rows = product_of_rows(_recurrent)
recurrent_rows_prefetch = product_of_rows(partial(_recurrent, make_request=_next_weights))


@product_of_rows
def recurrent_rows_prefetch_shared(tile, beyond, number, all_tiles, *arguments):
    """Emit :func:`recurrent_rows` that prefetch their share of the weights ``beyond`` blocks ahead (:func:`prefetch_share`)."""
    b = tile.builder

    def make_request(tile, weights: Weights, terms) -> PrefetchRequest:
        return prefetch_share(tile, b.add(weights.at, b.mul(beyond, weights.blocks)), terms, number, all_tiles)

    _recurrent(tile, *arguments, make_request=make_request)


recurrent_rows_per_gate = product_of_gates(_recurrent)
recurrent_row = product_of_row(_recurrent)
recurrent_tail = product_of_row(partial(_recurrent, by_gate=True))
recurrent_panels = product_of_panels(_recurrent)
