"""The register tile: R rows by C vectors of accumulators that stay in registers for a whole product.

The tile emits LLVM code itself: Numba took five times as long to compile the same machine code. In the assembly (AVX2, 6 rows
by 2 vectors) a step of K is 12 fma, 2 loads of weights and 6 broadcasts. An output is one sequence of additions over K in
order at every tile height, so that its bits do not depend on the height.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import NamedTuple

from llvmlite import ir

from ..compiler.jit import inlined
from ..simd.vector import Vector, broadcast, constant, fused, prefetch, unaligned_load, unaligned_store
from .operands import RowProduct

#: Maximum number of rows of a tile. 6 rows by 2 vectors (of 16 registers) or 4 (of 32), the weights and a broadcast fill the
#: registers.
TILE_ROWS = 6
INDEX = ir.IntType(64)

#: Terms of a sum in one iteration of a loop: their addresses share one calculation, which LLVM's unrolling repeats.
UNROLLED = 4


class PrefetchRequest(NamedTuple):
    """What a tile prefetches while it computes: weights, or rows of the other factor."""

    first: ir.Value  #: first element
    a_term: ir.Value  #: elements per term
    level: int = 1  #: level of the cache to prefetch to


class _NotUnrolled(ir.MDValue):
    """Metadata of a loop that LLVM unrolls ``ever`` only if it knows its length. Their first operand has to be themselves."""

    def __init__(self, module: ir.Module, ever: bool) -> None:
        name = module.add_metadata([f"llvm.loop.unroll.{'runtime.' if ever else ''}disable"])
        super().__init__(module, [name], str(len(module.metadata)))

    def descr(self, buf: list[str]) -> None:
        buf.append(f"distinct !{{ {self.get_reference()}, {self.operands[0].get_reference()} }}\n")


class PerGateFactors:
    """Left-hand factors per gate: ``interleaved`` gates alternate in memory, in planes that are ``plane_stride`` apart.

    A vector of the tile holds columns of ``gates`` gates, the same number of lanes for each.
    """

    def __init__(self, gates: int, interleaved: int, plane_stride) -> None:
        self.gates, self.interleaved, self.plane_stride = gates, interleaved, plane_stride

    def factor(self, builder, vector: Vector, p, c: int):
        """Return the factors of the tile's c-th vector; those of the first begin at ``p``."""
        first, n = c * self.gates, min(self.gates, self.interleaved)
        if self.gates == 1:
            return broadcast(builder, builder.load(self._gate(builder, p, first)), vector.llvm)
        loaded = [
            unaligned_load(builder, Vector(vector.dtype, n), self._gate(builder, p, gate), INDEX(0))
            for gate in range(first, first + self.gates, n)
        ]
        joined = loaded[0] if len(loaded) == 1 else _shuffled(builder, loaded, range(2 * n))
        return _shuffled(builder, [joined], [lane * self.gates // vector.n for lane in range(vector.n)])

    def _gate(self, builder, p, gate: int):
        plane, place = divmod(gate, self.interleaved)
        at = INDEX(place)
        return builder.gep(p, [builder.add(builder.mul(self.plane_stride, INDEX(plane)), at) if plane else at])


def _shuffled(builder, vectors: list, lanes: Iterable[int]):
    """Return a vector of these lanes of one or two vectors."""
    lanes = list(lanes)
    second = vectors[1] if len(vectors) > 1 else ir.Constant(vectors[0].type, ir.Undefined)
    mask = ir.Constant(ir.VectorType(ir.IntType(32), len(lanes)), lanes)
    return builder.shuffle_vector(vectors[0], second, mask)


def lane_sums(builder, vectors: list):
    """Return the sums over the lanes of each of the ``vectors``, a power of two of them, as the lanes of one vector.

    It is a tree of halves: two vectors become one, whose first lanes hold sums of the first vector's halves.
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
    """Emits the code of a tile of R rows by C vectors of V lanes. In memory, blocks of B vectors are ``stride`` apart."""

    def __init__(self, builder: ir.IRBuilder, vector: Vector, R: int, C: int, B: int) -> None:
        self.builder, self.vector, self.R, self.C, self.B = builder, vector, R, C, B
        self.values = [constant(vector.llvm, 0.0)] * (R * C)

    def places(self, p, i, stride, B: int | None = None) -> list:
        """Return the addresses of the C vectors of the row that begins at ``p[i]``, B vectors a block."""
        b = self.builder
        found = []
        for c in range(self.C):
            block, lane = divmod(c, B or self.B)
            at = b.add(i, b.mul(stride, INDEX(block))) if block else i
            found.append(b.gep(p, [b.add(at, INDEX(lane * self.vector.n))]))
        return found

    def rows(self, p, i, rows) -> list:
        """Return the addresses of ``p[i + r * rows]``."""
        b = self.builder
        return [b.gep(p, [b.add(i, b.mul(rows, INDEX(r)))]) for r in range(self.R)]

    def load(self, p, i, rows, stride, B: int | None = None) -> None:
        """Load the accumulators: row r from ``p[i + r * rows]`` on."""
        self.values = [
            unaligned_load(self.builder, self.vector, place, INDEX(0))
            for row in self.rows(p, i, rows)
            for place in self.places(row, INDEX(0), stride, B)
        ]

    def clear(self, where) -> None:
        """Set the accumulators to zero where the integer ``where`` is not 0."""
        b = self.builder
        self.values = [b.select(b.icmp_signed("!=", where, INDEX(0)), constant(v.type, 0.0), v) for v in self.values]

    def store(self, p, i, rows, stride, B: int | None = None, lanes: int | None = None) -> None:
        """Store the accumulators: row r to ``p[i + r * rows]`` on, in parts of ``lanes`` lanes (None: whole vectors)."""
        b, values, n = self.builder, iter(self.values), lanes or self.vector.n
        for row in self.rows(p, i, rows):
            for place in self.places(row, INDEX(0), stride, B):
                value = next(values)
                for k in range(0, self.vector.n, n):
                    part = value if n == self.vector.n else _shuffled(b, [value], range(k, k + n))
                    unaligned_store(b, Vector(self.vector.dtype, n), place, INDEX(k), part)

    def repeat(self, count, body: Callable[[ir.Value], None], ever: bool = True) -> None:
        """Emit ``for k in range(count): body(k)`` with the accumulators in registers.

        LLVM unrolls it (``ever``) only if it knows the length: where that pays, a body already has ``UNROLLED`` terms.
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
        branch.set_metadata("llvm.loop", _NotUnrolled(b.module, ever))
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
        self,
        product: RowProduct,
        a_step,
        w_step,
        per_gate: PerGateFactors | None = None,
        request: PrefetchRequest | None = None,
        short: bool = False,
    ) -> None:
        """Emit ``tile[r, c] += a[r, k * a_step] * w[k * w_step + c]`` for rows a, weights w and each k of a product's terms.

        ``per_gate`` replaces the factors a. A tile of more than 3 rows prefetches what ``request`` says. A ``short`` sum has
        one term an iteration.
        """
        b, (a, K, w) = self.builder, product
        scalars, weights = self.rows(*a), self.places(*w)

        def terms(k, count: int) -> None:
            xs, ys = ([b.gep(p, [b.mul(k, step)]) for p in ps] for ps, step in ((scalars, a_step), (weights, w_step)))
            for u in range(count):
                if request and self.R > 3:
                    prefetch(b, w.p, b.add(request.first, b.mul(request.a_term, b.add(k, INDEX(u)))), request.level)
                term([b.gep(x, [b.mul(a_step, INDEX(u))]) for x in xs], [b.gep(y, [b.mul(w_step, INDEX(u))]) for y in ys])

        def term(xs, ys) -> None:
            def factor(r: int, c: int):
                if per_gate:
                    return per_gate.factor(b, self.vector, xs[r], c)
                return broadcast(b, b.load(xs[r]), self.vector.llvm)

            def weight(c: int):
                return unaligned_load(b, self.vector, ys[c], INDEX(0))

            # the fewer operands stay in registers, the others are loaded one by one: else 3 rows by 4 vectors ran at half speed
            if per_gate:
                pairs = ((r, c, factor(r, c), y) for c in range(self.C) for y in [weight(c)] for r in range(self.R))
            elif self.C <= self.R:
                in_registers = [weight(c) for c in range(self.C)]
                pairs = ((r, c, x, in_registers[c]) for r in range(self.R) for x in [factor(r, 0)] for c in range(self.C))
            else:
                in_registers = [factor(r, 0) for r in range(self.R)]
                pairs = ((r, c, in_registers[r], y) for c in range(self.C) for y in [weight(c)] for r in range(self.R))
            for r, c, x, y in pairs:
                at = r * self.C + c
                self.values[at] = fused(b, self.vector, x, y, self.values[at])

        self.chain(K, terms, short)

    def chain(self, K, terms: Callable[[ir.Value, int], None], short: bool = False) -> None:
        """Emit a sum of K terms, ``UNROLLED`` (``short``: one) an iteration: ``terms(k, count)`` emits ``count`` from k on."""
        b = self.builder
        if short:
            self.repeat(K, lambda k: terms(k, 1))
            return
        whole = b.ashr(K, INDEX(UNROLLED.bit_length() - 1))
        done = b.shl(whole, INDEX(UNROLLED.bit_length() - 1))
        self.repeat(whole, lambda k: terms(b.mul(k, INDEX(UNROLLED)), UNROLLED))
        self.repeat(b.sub(K, done), lambda k: terms(b.add(k, done), 1), ever=False)  # of three at most


def prefetch_share(tile, j, terms, number, all_tiles) -> PrefetchRequest:
    """Return the share that tile ``number`` of ``all_tiles`` prefetches to L2 of ``terms`` terms from element j on.

    In L1 they would evict the tiles' operands. A tile prefetches once a term. Where few tiles share a block, the share of a
    term may be two lines, which the cache fetches as a pair.
    """
    b, w = tile.builder, INDEX(tile.B * tile.vector.n)
    first = b.add(j, b.sdiv(b.mul(b.mul(number, terms), w), all_tiles))
    return PrefetchRequest(first, b.sdiv(b.add(w, b.sub(all_tiles, INDEX(1))), all_tiles), level=2)


@inlined
def tile_height(left, tiles):
    """Return the rows of the next tile when ``left`` rows are to be split into ``tiles`` of nearly equal heights.

    A division takes as long as twenty multiplications of vectors, which a step of a single row would notice.
    """
    return left if tiles == 1 else (left + tiles - 1) // tiles
