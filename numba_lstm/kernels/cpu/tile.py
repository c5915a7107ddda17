"""The register tile: R rows by C vectors of accumulators that live in registers for a whole product.

The three products below are the inner loops of everything. Each is one intrinsic that writes its loops for every tile height
itself: from Numba source the same machine code took five times as long to compile. In the assembly (AVX2, 6 rows by 2 vectors)
a step of K is 12 fma, 2 loads of weights and 6 broadcasts. However high the tile, an output is one chain of additions over K in
order, so the height never shows in the bits.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator

from llvmlite import ir
from numba.core import types
from numba.extending import intrinsic

from .jit import inlined
from .simd import Vector, broadcast, constant, fused, unaligned_load, unaligned_store

#: The highest tile. 6 rows by 2 (of 16 registers) or 4 vectors (of 32), the weights and a broadcast fill the registers.
HEIGHT = 6
INDEX = ir.IntType(64)


class Tile:
    """Emits the code of a tile: R rows, C vectors of V lanes; in memory, blocks of B vectors lie ``stride`` elements apart."""

    def __init__(self, builder: ir.IRBuilder, vector: Vector, R: int, C: int, B: int) -> None:
        self.builder, self.vector, self.R, self.C, self.B = builder, vector, R, C, B
        self.values = [constant(vector.llvm, 0.0)] * (R * C)

    def places(self, p, i, stride) -> list:
        """The addresses of the C vectors of the row that begins at ``p[i]``."""
        b = self.builder
        found = []
        for c in range(self.C):
            block, lane = divmod(c, self.B)
            at = b.add(i, b.mul(stride, INDEX(block))) if block else i
            found.append(b.gep(p, [b.add(at, INDEX(lane * self.vector.n))]))
        return found

    def rows(self, p, i, rows) -> list:
        """The addresses of ``p[i + r * rows]``."""
        b = self.builder
        return [b.gep(p, [b.add(i, b.mul(rows, INDEX(r)))]) for r in range(self.R)]

    def load(self, p, i, rows, stride) -> None:
        """Start from memory: row r from ``p[i + r * rows]`` on."""
        self.values = [
            unaligned_load(self.builder, self.vector, place, INDEX(0))
            for row in self.rows(p, i, rows)
            for place in self.places(row, INDEX(0), stride)
        ]

    def store(self, p, i, rows, stride) -> None:
        """Write to memory: row r to ``p[i + r * rows]`` on."""
        values = iter(self.values)
        for row in self.rows(p, i, rows):
            for place in self.places(row, INDEX(0), stride):
                unaligned_store(self.builder, self.vector, place, INDEX(0), next(values))

    def repeat(self, count, body: Callable[[ir.Value], None]) -> None:
        """``for k in range(count): body(k)``, the accumulators carried in registers."""
        b = self.builder
        before = b.block
        loop, after = b.append_basic_block("loop"), b.append_basic_block("after")
        b.cbranch(b.icmp_signed(">", count, INDEX(0)), loop, after)
        b.position_at_end(loop)
        k = b.phi(INDEX)
        phis = [b.phi(self.vector.llvm) for _ in self.values]
        started, self.values = self.values, list(phis)
        body(k)
        end, following = b.block, b.add(k, INDEX(1))
        b.cbranch(b.icmp_signed("<", following, count), loop, after)
        for phi, first, last in zip([k, *phis], [INDEX(0), *started], [following, *self.values], strict=True):
            phi.add_incoming(first, before)
            phi.add_incoming(last, end)
        b.position_at_end(after)
        done = [b.phi(self.vector.llvm) for _ in self.values]
        for phi, first, last in zip(done, started, self.values, strict=True):
            phi.add_incoming(first, before)
            phi.add_incoming(last, end)
        self.values = done

    def multiply(self, a, i, rows, a_step, w, j, stride, w_step, K) -> None:
        """``tile[r, c] += a[i + r * rows + k * a_step] * w[j + k * w_step + c]`` for k in range(K)."""
        b = self.builder
        scalars, weights = self.rows(a, i, rows), self.places(w, j, stride)

        def step(k) -> None:
            ka, kw = b.mul(k, a_step), b.mul(k, w_step)

            def scalar(r: int):
                return broadcast(b, b.load(b.gep(scalars[r], [ka])), self.vector.llvm)

            def weight(c: int):
                return unaligned_load(b, self.vector, weights[c], kw)

            # what there are fewer of stays in registers, the others pass by: 3 rows by 4 vectors ran at half speed else
            if self.C <= self.R:
                ys = [weight(c) for c in range(self.C)]
                pairs = ((r, c, x, ys[c]) for r in range(self.R) for x in [scalar(r)] for c in range(self.C))
            else:
                xs = [scalar(r) for r in range(self.R)]
                pairs = ((r, c, xs[r], y) for c in range(self.C) for y in [weight(c)] for r in range(self.R))
            for r, c, x, y in pairs:
                at = r * self.C + c
                self.values[at] = fused(b, self.vector, x, y, self.values[at])

        self.repeat(K, step)


@inlined
def height(left, tiles):
    """Rows of the next tile when ``left`` rows are to be cut into ``tiles`` of nearly equal heights."""
    return (left + tiles - 1) // tiles


def _by_height(builder: ir.IRBuilder, n) -> Iterator[int]:
    """A switch over n: yields R = 1 .. HEIGHT with the builder in that case, whose code then goes on behind the switch."""
    after = builder.append_basic_block("done")
    switch = builder.switch(n, after)
    for R in range(1, HEIGHT + 1):
        block = builder.append_basic_block(f"rows{R}")
        switch.add_case(INDEX(R), block)
        builder.position_at_end(block)
        yield R
        builder.branch(after)
    builder.position_at_end(after)


def _arguments(context, builder, ty, packed) -> list:
    """The members of a tuple as LLVM values: pointers, and integers (literal or not) as 64-bit indices."""
    members = [builder.extract_value(packed, k) for k in range(len(ty))]
    return [
        context.cast(builder, member, t, types.intp) if isinstance(t, types.Integer) else member
        for t, member in zip(ty, members, strict=True)
    ]


def _vector(arguments, V) -> Vector:
    """The vector type of the pointers among ``arguments``."""
    return Vector(next(t.dtype for t in arguments if isinstance(t, types.CPointer)), V.literal_value)


def _product(emit: Callable[..., None]):
    """An intrinsic ``product(n, low, high, B, V, arguments)`` that emits ``emit(tile, *arguments)`` for every height n.

    The shape is literal: C vectors for tiles of up to 3 rows (``low``) and of more (``high``), B vectors a block, V lanes.
    ``arguments`` is a tuple of pointers and integers. C of 0 emits nothing.
    """

    @intrinsic(prefer_literal=True)
    def product(typingctx, n, low, high, B, V, arguments):
        vector, C = _vector(arguments, V), (low.literal_value, high.literal_value)

        def codegen(context, builder, sig, args):
            values = _arguments(context, builder, arguments, args[5])
            if C[0]:
                for R in _by_height(builder, context.cast(builder, args[0], sig.args[0], types.intp)):
                    emit(Tile(builder, vector, R, C[R > 3], B.literal_value), *values)
            return context.get_dummy_value()

        return types.void(n, low, high, B, V, arguments), codegen

    return product


def _affine(tile, start, at, start_rows, x, ix, x_rows, D, W, iw, h, ih, h_rows, H, U, iu, z, iz, z_rows) -> None:
    """``z = start + x W + h U``: two products in one chain. Blocks of z and of start lie side by side."""
    b, w, one = tile.builder, INDEX(tile.B * tile.vector.n), INDEX(1)
    tile.load(start, at, start_rows, w)
    tile.multiply(x, ix, x_rows, one, W, iw, b.mul(D, w), w, D)
    tile.multiply(h, ih, h_rows, one, U, iu, b.mul(H, w), w, H)
    tile.store(z, iz, z_rows, w)


affine_rows = _product(_affine)


@intrinsic(prefer_literal=True)
def affine_row(typingctx, C, B, V, arguments):
    """:data:`affine_rows` for a single row and C vectors."""
    vector = _vector(arguments, V)

    def codegen(context, builder, sig, args):
        _affine(Tile(builder, vector, 1, C.literal_value, B.literal_value), *_arguments(context, builder, arguments, args[3]))
        return context.get_dummy_value()

    return types.void(C, B, V, arguments), codegen


@_product
def gate_rows(tile, dz, at, panels, whole, last_at, lanes, rest, W, iw, K, z, iz, z_rows, first):
    """``z = dz W`` (``first``), or added to z, dz as the tape holds it: whole panels, then the real units of the last one."""
    b = tile.builder
    w, panel, one = INDEX(tile.B * tile.vector.n), INDEX(4 * tile.vector.n), INDEX(1)
    stride = b.mul(K, w)

    def whole_panel(p) -> None:
        k = b.mul(p, panel)
        tile.multiply(dz, b.add(at, b.mul(p, panels)), panel, one, W, b.add(iw, b.mul(k, w)), stride, w, panel)

    def last_gate(gate) -> None:
        k = b.add(b.mul(whole, panel), b.mul(gate, rest))
        rows = b.mul(lanes, INDEX(4))
        tile.multiply(dz, b.add(last_at, b.mul(gate, lanes)), rows, one, W, b.add(iw, b.mul(k, w)), stride, w, rest)

    tile.load(z, iz, z_rows, w)
    tile.values = [b.select(b.icmp_signed("!=", first, INDEX(0)), constant(v.type, 0.0), v) for v in tile.values]
    tile.repeat(whole, whole_panel)
    tile.repeat(b.select(b.icmp_signed(">", rest, INDEX(0)), INDEX(4), INDEX(0)), last_gate)
    tile.store(z, iz, z_rows, w)


@_product
def outer_rows(tile, a, ia, a_rows, b, ib, b_rows, M, out, io, out_rows):
    """``out += a^T b`` for R columns of a and one block of columns of b: M rows of both go by."""
    zero = INDEX(0)
    tile.load(out, io, out_rows, zero)
    tile.multiply(a, ia, INDEX(1), a_rows, b, ib, zero, b_rows, M)
    tile.store(out, io, out_rows, zero)
