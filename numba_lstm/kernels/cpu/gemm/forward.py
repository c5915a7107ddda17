"""The products of the forward pass, rows by packed weights, as intrinsics of a register tile."""

from __future__ import annotations

from functools import partial

from .intrinsics import product_of_gates, product_of_row, product_of_rows
from .microkernel import INDEX, PrefetchRequest, prefetch_share

#: Distance in bytes at which a tile prefetches the weights of its own block.
PREFETCH_BYTES = 4 * 1024


def _affine(tile, start, at, start_rows, x, ix, x_rows, D, W, iw, W_block, z, iz, z_rows, request=None):
    """Emit ``z = start + x W``. Blocks of z and start are adjacent, those of W are ``W_block`` apart."""
    w, one = INDEX(tile.B * tile.vector.n), INDEX(1)
    tile.load(start, at, start_rows, w)
    tile.multiply(x, ix, x_rows, one, W, iw, W_block, w, D, request=request)
    tile.store(z, iz, z_rows, w)


affine_rows = product_of_rows(_affine)


@product_of_rows
def affine_rows_prefetch_shared(tile, beyond, number, all_tiles, *arguments):
    """Emit :func:`affine_rows` that prefetch their share of the weights ``beyond`` elements ahead (:func:`prefetch_share`)."""
    terms, iw = arguments[6], arguments[8]
    _affine(tile, *arguments, request=prefetch_share(tile, tile.builder.add(iw, beyond), terms, number, all_tiles))


affine_row = product_of_row(_affine)


def _recurrent(
    tile, start, at, start_rows, x, ix, x_rows, D, W, iw, W_block, h, ih, h_rows, H, U, iu, U_block, z, iz, z_rows,
    per_gate=None, make_request=None,
):  # fmt: skip
    """Emit ``z = start + x W + h U``, two products in one sum. Blocks of z and start are adjacent, W's ``W_block`` apart.

    ``make_request(tile, j, block_stride, terms)`` returns what to prefetch during ``terms`` terms of weights from element j on,
    whose blocks are ``block_stride`` apart. Both products are two iterations of one loop, which halves the code to compile.
    """
    b = tile.builder
    w, step = INDEX(tile.B * tile.vector.n), INDEX(per_gate.interleaved if per_gate else 1)

    def turn(k) -> None:
        first = b.icmp_signed("==", k, INDEX(0))
        pairs = zip((x, ix, x_rows, W, iw, W_block, D), (h, ih, h_rows, U, iu, U_block, H), strict=True)
        a, i, rows, weights, j, block_stride, terms = (b.select(first, of_x, of_h) for of_x, of_h in pairs)
        request = make_request(tile, j, block_stride, terms) if make_request else None
        tile.multiply(a, i, rows, step, weights, j, block_stride, w, terms, per_gate, request)

    tile.load(start, at, start_rows, w)
    tile.repeat(INDEX(2), turn)
    tile.store(z, iz, z_rows, w)


def _next_weights(tile, j, block_stride, terms) -> PrefetchRequest:
    """Return the weights that the tile itself needs ``PREFETCH_BYTES`` ahead."""
    b = tile.builder
    return PrefetchRequest(b.add(j, INDEX(PREFETCH_BYTES * 8 // tile.vector.dtype.bitwidth)), INDEX(tile.B * tile.vector.n))


recurrent_rows = product_of_rows(_recurrent)
recurrent_rows_prefetch = product_of_rows(partial(_recurrent, make_request=_next_weights))


@product_of_rows
def recurrent_rows_prefetch_shared(tile, beyond, number, all_tiles, *arguments):
    """Emit :func:`recurrent_rows` that prefetch their share of the weights ``beyond`` blocks ahead (:func:`prefetch_share`)."""
    b = tile.builder

    def make_request(tile, j, block_stride, terms) -> PrefetchRequest:
        return prefetch_share(tile, b.add(j, b.mul(beyond, block_stride)), terms, number, all_tiles)

    _recurrent(tile, *arguments, make_request=make_request)


recurrent_rows_per_gate = product_of_gates(_recurrent)
recurrent_row = product_of_row(_recurrent)
