"""How a product of a tile becomes an intrinsic: of rows, for every height of a tile, of a single row, or of its blocks."""

# Intrinsics take (typing context, types...) and answer (signature, code generator): Numba's convention.
from __future__ import annotations

from collections.abc import Callable, Iterator

from llvmlite import ir
from numba.core import types
from numba.extending import intrinsic

from ..simd.vector import Vector
from .microkernel import HEIGHT, INDEX, Own, Tile


def cases(builder: ir.IRBuilder, n, most: int) -> Iterator[int]:
    """A switch over n: yields 1 .. most with the builder in that case, whose code then goes on behind the switch."""
    after = builder.append_basic_block("done")
    switch = builder.switch(n, after)
    for case in range(1, most + 1):
        block = builder.append_basic_block(f"case{case}")
        switch.add_case(INDEX(case), block)
        builder.position_at_end(block)
        yield case
        builder.branch(after)
    builder.position_at_end(after)


def members(context, builder, ty, packed) -> list:
    """The members of a tuple as LLVM values: pointers, and integers (literal or not) as 64-bit indices."""
    members = [builder.extract_value(packed, k) for k in range(len(ty))]
    return [
        context.cast(builder, member, t, types.intp) if isinstance(t, types.Integer) else member
        for t, member in zip(ty, members, strict=True)
    ]


def _vector(arguments, V) -> Vector:
    """The vector type of the pointers among ``arguments``."""
    return Vector(next(t.dtype for t in arguments if isinstance(t, types.CPointer)), V.literal_value)


def _heights(emit: Callable[..., None], n, C: tuple[int, int], B: int, vector: Vector, arguments):
    """The code of a product of n rows, see :func:`product_of_rows`."""

    def codegen(context, builder, sig, args):
        values = members(context, builder, arguments, args[-1])
        if C[0]:
            for R in cases(builder, context.cast(builder, args[0], n, types.intp), HEIGHT):
                emit(Tile(builder, vector, R, C[R > 3], B), *values)
        return context.get_dummy_value()

    return codegen


def product_of_rows(emit: Callable[..., None]):
    """An intrinsic ``product(n, low, high, B, V, arguments)`` that emits ``emit(tile, *arguments)`` for every height n.

    The shape is literal: C vectors for tiles of up to 3 rows (``low``) and of more (``high``), B vectors a block, V lanes.
    ``arguments`` is a tuple of pointers and integers. C of 0 emits nothing.
    """

    @intrinsic(prefer_literal=True)
    def product(typingctx, n, low, high, B, V, arguments):
        C = (low.literal_value, high.literal_value)
        return types.void(n, low, high, B, V, arguments), _heights(
            emit, n, C, B.literal_value, _vector(arguments, V), arguments
        )

    return product


def product_of_gates(emit: Callable[..., None]):
    """The same where each gate has its own factors, see :class:`Own`: two literals more, and ``apart`` the first argument."""

    @intrinsic(prefer_literal=True)
    def product(typingctx, n, low, high, B, V, gates, side, arguments):
        C = (low.literal_value, high.literal_value)

        def emit_own(tile, apart, *others):
            emit(tile, *others, own=Own(gates.literal_value, side.literal_value, apart))

        return types.void(n, low, high, B, V, gates, side, arguments), _heights(
            emit_own, n, C, B.literal_value, _vector(arguments, V), arguments
        )

    return product


def product_of_row(emit: Callable[..., None]):
    """The same for a single row: an intrinsic ``product(C, B, V, arguments)``."""

    @intrinsic(prefer_literal=True)
    def product(typingctx, C, B, V, arguments):
        vector = _vector(arguments, V)

        def codegen(context, builder, sig, args):
            emit(Tile(builder, vector, 1, C.literal_value, B.literal_value), *members(context, builder, arguments, args[-1]))
            return context.get_dummy_value()

        return types.void(C, B, V, arguments), codegen

    return product


def product_of_blocks(emit: Callable[..., None]):
    """The same for n blocks of a single row, 1 to ``most`` (a literal): an intrinsic ``product(n, most, B, V, arguments)``."""

    @intrinsic(prefer_literal=True)
    def product(typingctx, n, most, B, V, arguments):
        vector = _vector(arguments, V)

        def codegen(context, builder, sig, args):
            values = members(context, builder, arguments, args[-1])
            for blocks in cases(builder, context.cast(builder, args[0], n, types.intp), most.literal_value):
                emit(Tile(builder, vector, 1, blocks * B.literal_value, B.literal_value), *values)
            return context.get_dummy_value()

        return types.void(n, most, B, V, arguments), codegen

    return product
