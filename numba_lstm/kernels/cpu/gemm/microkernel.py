"""The register tile: R rows by C vectors of accumulators that live in registers for a whole product.

It emits its code itself: from Numba source the same machine code took five times as long to compile. In the assembly (AVX2, 6
rows by 2 vectors) a step of K is 12 fma, 2 loads of weights and 6 broadcasts. However high the tile, an output is one chain of
additions over K in order, so the height never shows in the bits.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import NamedTuple

from llvmlite import ir

from ..compiler.jit import inlined
from ..simd.vector import Vector, broadcast, constant, fused, prefetch, unaligned_load, unaligned_store

#: The highest tile. 6 rows by 2 (of 16 registers) or 4 vectors (of 32), the weights and a broadcast fill the registers.
HEIGHT = 6
INDEX = ir.IntType(64)

#: Terms of a chain in one step of a loop: their addresses share one calculation (LLVM's own unrolling made it for each).
UNROLLED = 4


class Request(NamedTuple):
    """What a tile asks for while it works: weights, or rows of the other factor, from afar."""

    first: ir.Value  #: the element to begin with
    a_term: ir.Value  #: elements a term
    level: int = 1  #: the cache that they shall come to


class _NotUnrolled(ir.MDValue):
    """A loop's mark that LLVM shall not unroll it. Such a mark names itself first; without that LLVM takes no notice of it."""

    def __init__(self, module: ir.Module) -> None:
        super().__init__(module, [module.add_metadata(["llvm.loop.unroll.disable"])], str(len(module.metadata)))

    def descr(self, buf: list[str]) -> None:
        buf.append(f"distinct !{{ {self.get_reference()}, {self.operands[0].get_reference()} }}\n")


class Own:
    """Factors of their own for each gate: ``side`` gates stand side by side, the next ones ``apart``.

    A vector of the tile holds columns of ``gates`` gates, an equal part of its lanes each.
    """

    def __init__(self, gates: int, side: int, apart) -> None:
        self.gates, self.side, self.apart = gates, side, apart

    def factor(self, builder, vector: Vector, p, c: int):
        """The factors of the tile's c-th vector, from ``p`` on for the first."""
        first, n = c * self.gates, min(self.gates, self.side)
        if self.gates == 1:
            return broadcast(builder, builder.load(self._gate(builder, p, first)), vector.llvm)
        parts = [
            unaligned_load(builder, Vector(vector.dtype, n), self._gate(builder, p, gate), INDEX(0))
            for gate in range(first, first + self.gates, n)
        ]
        both = parts[0] if len(parts) == 1 else _shuffled(builder, parts, range(2 * n))
        return _shuffled(builder, [both], [lane * self.gates // vector.n for lane in range(vector.n)])

    def _gate(self, builder, p, gate: int):
        plane, place = divmod(gate, self.side)
        at = INDEX(place)
        return builder.gep(p, [builder.add(builder.mul(self.apart, INDEX(plane)), at) if plane else at])


def _shuffled(builder, vectors: list, lanes: Iterable[int]):
    """A vector of those lanes of one vector or two."""
    lanes = list(lanes)
    second = vectors[1] if len(vectors) > 1 else ir.Constant(vectors[0].type, ir.Undefined)
    mask = ir.Constant(ir.VectorType(ir.IntType(32), len(lanes)), lanes)
    return builder.shuffle_vector(vectors[0], second, mask)


def added_up(builder, vectors: list):
    """The sums over the lanes of each of the ``vectors``, a power of two of them, as the lanes of one vector in their order.

    A tree of halves: two vectors become one, whose first lanes hold sums of the first vector's halves.
    """
    groups = 1  # vectors whose sums a vector holds, an equal part of its lanes each
    while len(vectors) > 1 or vectors[0].type.count > groups:
        lanes = vectors[0].type.count
        half = lanes // groups // 2
        pairs = list(zip(vectors[::2], vectors[1::2], strict=True)) if len(vectors) > 1 else [(vectors[0],)]
        firsts = [lane for lane in range(lanes * len(pairs[0])) if lane // half % 2 == 0]
        seconds = [lane + half for lane in firsts]
        vectors = [builder.fadd(_shuffled(builder, pair, firsts), _shuffled(builder, pair, seconds)) for pair in pairs]
        groups *= len(pairs[0])
    return vectors[0]


class Tile:
    """Emits the code of a tile: R rows, C vectors of V lanes; in memory, blocks of B vectors lie ``stride`` elements apart."""

    def __init__(self, builder: ir.IRBuilder, vector: Vector, R: int, C: int, B: int) -> None:
        self.builder, self.vector, self.R, self.C, self.B = builder, vector, R, C, B
        self.values = [constant(vector.llvm, 0.0)] * (R * C)

    def places(self, p, i, stride, B: int | None = None) -> list:
        """The addresses of the C vectors of the row that begins at ``p[i]``, B vectors a block."""
        b = self.builder
        found = []
        for c in range(self.C):
            block, lane = divmod(c, B or self.B)
            at = b.add(i, b.mul(stride, INDEX(block))) if block else i
            found.append(b.gep(p, [b.add(at, INDEX(lane * self.vector.n))]))
        return found

    def rows(self, p, i, rows) -> list:
        """The addresses of ``p[i + r * rows]``."""
        b = self.builder
        return [b.gep(p, [b.add(i, b.mul(rows, INDEX(r)))]) for r in range(self.R)]

    def load(self, p, i, rows, stride, B: int | None = None) -> None:
        """Start from memory: row r from ``p[i + r * rows]`` on."""
        self.values = [
            unaligned_load(self.builder, self.vector, place, INDEX(0))
            for row in self.rows(p, i, rows)
            for place in self.places(row, INDEX(0), stride, B)
        ]

    def clear(self, where) -> None:
        """Start from zero after all, where the integer ``where`` is not 0."""
        b = self.builder
        self.values = [b.select(b.icmp_signed("!=", where, INDEX(0)), constant(v.type, 0.0), v) for v in self.values]

    def store(self, p, i, rows, stride, B: int | None = None) -> None:
        """Write to memory: row r to ``p[i + r * rows]`` on."""
        values = iter(self.values)
        for row in self.rows(p, i, rows):
            for place in self.places(row, INDEX(0), stride, B):
                unaligned_store(self.builder, self.vector, place, INDEX(0), next(values))

    def repeat(self, count, body: Callable[[ir.Value], None]) -> None:
        """``for k in range(count): body(k)``, the accumulators carried in registers.

        LLVM shall not unroll it: where that pays, ``UNROLLED`` bodies make one step already.
        """
        b = self.builder
        before = b.block
        loop, after = b.append_basic_block("loop"), b.append_basic_block("after")
        b.cbranch(b.icmp_signed(">", count, INDEX(0)), loop, after)
        b.position_at_end(loop)
        k = b.phi(INDEX)
        phis = [b.phi(value.type) for value in self.values]
        started, self.values = self.values, list(phis)
        body(k)
        end, following = b.block, b.add(k, INDEX(1))
        branch = b.cbranch(b.icmp_signed("<", following, count), loop, after)
        branch.set_metadata("llvm.loop", _NotUnrolled(b.module))
        for phi, first, last in zip([k, *phis], [INDEX(0), *started], [following, *self.values], strict=True):
            phi.add_incoming(first, before)
            phi.add_incoming(last, end)
        b.position_at_end(after)
        done = [b.phi(value.type) for value in self.values]
        for phi, first, last in zip(done, started, self.values, strict=True):
            phi.add_incoming(first, before)
            phi.add_incoming(last, end)
        self.values = done

    def multiply(
        self, a, i, rows, a_step, w, j, stride, w_step, K,
        own: Own | None = None, ask: Request | None = None, short: bool = False,
    ) -> None:  # fmt: skip
        """``tile[r, c] += a[i + r * rows + k * a_step] * w[j + k * w_step + c]`` for k in range(K); see :class:`Own`.

        A high tile may ``ask`` for lines of w that it or other tiles will need. A ``short`` chain takes a term a step.
        """
        b = self.builder
        scalars, weights = self.rows(a, i, rows), self.places(w, j, stride)

        def terms(k, count: int) -> None:
            xs, ys = ([b.gep(p, [b.mul(k, step)]) for p in ps] for ps, step in ((scalars, a_step), (weights, w_step)))
            for u in range(count):
                if ask and self.R > 3:
                    prefetch(b, w, b.add(ask.first, b.mul(ask.a_term, b.add(k, INDEX(u)))), ask.level)
                term([b.gep(x, [b.mul(a_step, INDEX(u))]) for x in xs], [b.gep(y, [b.mul(w_step, INDEX(u))]) for y in ys])

        def term(xs, ys) -> None:
            def factor(r: int, c: int):
                if own:
                    return own.factor(b, self.vector, xs[r], c)
                return broadcast(b, b.load(xs[r]), self.vector.llvm)

            def weight(c: int):
                return unaligned_load(b, self.vector, ys[c], INDEX(0))

            # what there are fewer of stays in registers, the others pass by: 3 rows by 4 vectors ran at half speed else
            if own:
                pairs = ((r, c, factor(r, c), y) for c in range(self.C) for y in [weight(c)] for r in range(self.R))
            elif self.C <= self.R:
                kept = [weight(c) for c in range(self.C)]
                pairs = ((r, c, x, kept[c]) for r in range(self.R) for x in [factor(r, 0)] for c in range(self.C))
            else:
                kept = [factor(r, 0) for r in range(self.R)]
                pairs = ((r, c, kept[r], y) for c in range(self.C) for y in [weight(c)] for r in range(self.R))
            for r, c, x, y in pairs:
                at = r * self.C + c
                self.values[at] = fused(b, self.vector, x, y, self.values[at])

        self.chain(K, terms, short)

    def chain(self, K, terms: Callable[[ir.Value, int], None], short: bool = False) -> None:
        """A chain of K terms, ``UNROLLED`` of them in a step (``short``: one): ``terms(k, count)`` emits those from k on."""
        b = self.builder
        if short:
            self.repeat(K, lambda k: terms(k, 1))
            return
        whole = b.ashr(K, INDEX(UNROLLED.bit_length() - 1))
        done = b.shl(whole, INDEX(UNROLLED.bit_length() - 1))
        self.repeat(whole, lambda k: terms(b.mul(k, INDEX(UNROLLED)), UNROLLED))
        self.repeat(b.sub(K, done), lambda k: terms(b.add(k, done), 1))


def share(tile, j, terms, number, all_tiles) -> Request:
    """What tile ``number`` of ``all_tiles`` asks for of as many terms from element j on, for the second-level cache.

    In the first it would take the place of what the tiles work with. It is one request a term: where few tiles share a block,
    a term's share may be two lines, which the cache brings as a pair.
    """
    b, w = tile.builder, INDEX(tile.B * tile.vector.n)
    first = b.add(j, b.sdiv(b.mul(b.mul(number, terms), w), all_tiles))
    return Request(first, b.sdiv(b.add(w, b.sub(all_tiles, INDEX(1))), all_tiles), level=2)


@inlined
def height(left, tiles):
    """Rows of the next tile when ``left`` rows are to be cut into ``tiles`` of nearly equal heights."""
    return (left + tiles - 1) // tiles
