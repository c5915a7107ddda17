"""The products of rows with weights that are the inner loops of everything forward, each an intrinsic of a tile."""

from __future__ import annotations

from functools import partial

from .intrinsics import product_of_gates, product_of_row, product_of_rows
from .microkernel import INDEX, Request, share

#: Bytes of a block before a weight from afar is needed at which it is asked for.
AHEAD = 4 * 1024


def _affine(tile, start, at, start_rows, x, ix, x_rows, D, W, iw, W_block, z, iz, z_rows, ask=None):
    """``z = start + x W``. Blocks of z and start lie side by side, W's ``W_block`` apart."""
    w, one = INDEX(tile.B * tile.vector.n), INDEX(1)
    tile.load(start, at, start_rows, w)
    tile.multiply(x, ix, x_rows, one, W, iw, W_block, w, D, ask=ask)
    tile.store(z, iz, z_rows, w)


affine_rows = product_of_rows(_affine)


@product_of_rows
def affine_rows_that_ask(tile, beyond, number, all_tiles, *arguments):
    """:func:`affine_rows` that meanwhile ask for their share of the weights ``beyond`` elements on; see :func:`share`."""
    terms, iw = arguments[6], arguments[8]
    _affine(tile, *arguments, ask=share(tile, tile.builder.add(iw, beyond), terms, number, all_tiles))


affine_row = product_of_row(_affine)


def _recurrent(
    tile, start, at, start_rows, x, ix, x_rows, D, W, iw, W_block, h, ih, h_rows, H, U, iu, U_block, z, iz, z_rows,
    own=None, asks=None,
):  # fmt: skip
    """``z = start + x W + h U``: two products in one chain. Blocks of z and start lie side by side, W's ``W_block`` apart.

    ``asks(tile, j, apart, terms)`` is the request that goes with that many terms of weights from element j on, whose blocks are
    ``apart``. Both products are one loop's two turns: half of the code to compile.
    """
    b = tile.builder
    w, step = INDEX(tile.B * tile.vector.n), INDEX(own.side if own else 1)

    def turn(k) -> None:
        first = b.icmp_signed("==", k, INDEX(0))
        pairs = zip((x, ix, x_rows, W, iw, W_block, D), (h, ih, h_rows, U, iu, U_block, H), strict=True)
        a, i, rows, weights, j, apart, terms = (b.select(first, of_x, of_h) for of_x, of_h in pairs)
        request = asks(tile, j, apart, terms) if asks else None
        tile.multiply(a, i, rows, step, weights, j, apart, w, terms, own, request)

    tile.load(start, at, start_rows, w)
    tile.repeat(INDEX(2), turn)
    tile.store(z, iz, z_rows, w)


def _soon(tile, j, apart, terms) -> Request:
    """What the tile itself will need ``AHEAD`` bytes on."""
    b = tile.builder
    return Request(b.add(j, INDEX(AHEAD * 8 // tile.vector.dtype.bitwidth)), INDEX(tile.B * tile.vector.n))


recurrent_rows = product_of_rows(_recurrent)
recurrent_rows_from_afar = product_of_rows(partial(_recurrent, asks=_soon))


@product_of_rows
def recurrent_rows_that_ask(tile, beyond, number, all_tiles, *arguments):
    """:func:`recurrent_rows` that meanwhile ask for their share of the weights ``beyond`` blocks on; see :func:`share`."""
    b = tile.builder

    def asks(tile, j, apart, terms) -> Request:
        return share(tile, b.add(j, b.mul(beyond, apart)), terms, number, all_tiles)

    _recurrent(tile, *arguments, asks=asks)


recurrent_rows_of_gates = product_of_gates(_recurrent)
recurrent_row = product_of_row(_recurrent)
