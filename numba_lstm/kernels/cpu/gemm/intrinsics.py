"""Turns the product of a tile into an intrinsic: of rows, for every tile height, of a single row, or of panels of a row."""

# Intrinsics take (typing context, types...) and return (signature, code generator): Numba's convention.
from __future__ import annotations

from collections.abc import Callable, Iterator

from llvmlite import ir
from numba.core import types
from numba.extending import intrinsic

from ..simd.vector import Vector
from .microkernel import INDEX, TILE_ROWS, PerGateFactors, Tile


def cases(builder: ir.IRBuilder, n, limit: int) -> Iterator[int]:
    """Emit a switch over n: yield 1 .. ``limit`` with the builder in that case, then continue after the switch."""
    after = builder.append_basic_block("done")
    switch = builder.switch(n, after)
    for case in range(1, limit + 1):
        block = builder.append_basic_block(f"case{case}")
        switch.add_case(INDEX(case), block)
        builder.position_at_end(block)
        yield case
        builder.branch(after)
    builder.position_at_end(after)


def tuple_members(context, builder, ty, packed) -> Iterator:
    """Yield the members of a tuple and of the tuples in it: pointers, and integers (literal or not) as 64-bit indices."""
    for k, member in enumerate(ty):
        value = builder.extract_value(packed, k)
        if isinstance(member, types.BaseTuple):
            yield from tuple_members(context, builder, member, value)
        else:
            yield context.cast(builder, value, member, types.intp) if isinstance(member, types.Integer) else value


def _pointers(arguments) -> Iterator:
    """Yield the types of the pointers in a tuple and in the tuples in it."""
    for ty in arguments:
        if isinstance(ty, types.BaseTuple):
            yield from _pointers(ty)
        elif isinstance(ty, types.CPointer):
            yield ty


def _vector(arguments, V) -> Vector:
    """Return the vector type of the pointers among ``arguments``."""
    return Vector(next(_pointers(arguments)).dtype, V.literal_value)


def _heights(emit: Callable[..., None], n, C: tuple[int, int], B: int, vector: Vector, arguments):
    """Return the code generator of a product of n rows, see :func:`product_of_rows`."""

    def codegen(context, builder, sig, args):
        values = list(tuple_members(context, builder, arguments, args[-1]))
        if C[0]:
            for R in cases(builder, context.cast(builder, args[0], n, types.intp), TILE_ROWS):
                emit(Tile(builder, vector, R, C[R > 3], B), *values)
        return context.get_dummy_value()

    return codegen


def product_of_rows(emit: Callable[..., None]):
    """Return an intrinsic ``product(n, low, high, B, V, arguments)`` that emits ``emit(tile, *arguments)`` for every height n.

    The sizes are literals: C vectors for tiles of up to 3 rows (``low``) and of more (``high``), B vectors a block, V lanes.
    ``arguments`` is a tuple of pointers and integers, or of operands (:mod:`.operands`). C of 0 emits nothing.
    """

    @intrinsic(prefer_literal=True)
    def product(typingctx, n, low, high, B, V, arguments):
        C = (low.literal_value, high.literal_value)
        return types.void(n, low, high, B, V, arguments), _heights(
            emit, n, C, B.literal_value, _vector(arguments, V), arguments
        )

    return product


def product_of_gates(emit: Callable[..., None]):
    """Return the same with factors per gate (:class:`PerGateFactors`): two more literals, and ``plane_stride`` comes first."""

    @intrinsic(prefer_literal=True)
    def product(typingctx, n, low, high, B, V, gates, interleaved, arguments):
        C = (low.literal_value, high.literal_value)

        def emit_per_gate(tile, plane_stride, *others):
            emit(tile, *others, per_gate=PerGateFactors(gates.literal_value, interleaved.literal_value, plane_stride))

        return types.void(n, low, high, B, V, gates, interleaved, arguments), _heights(
            emit_per_gate, n, C, B.literal_value, _vector(arguments, V), arguments
        )

    return product


def product_of_row(emit: Callable[..., None]):
    """Return the same for a single row: an intrinsic ``product(C, B, V, arguments)``."""

    @intrinsic(prefer_literal=True)
    def product(typingctx, C, B, V, arguments):
        vector = _vector(arguments, V)

        def codegen(context, builder, sig, args):
            values = tuple_members(context, builder, arguments, args[-1])
            emit(Tile(builder, vector, 1, C.literal_value, B.literal_value), *values)
            return context.get_dummy_value()

        return types.void(C, B, V, arguments), codegen

    return product


def product_of_panels(emit: Callable[..., None]):
    """Return the same for 1 to ``limit`` panels of a row: an intrinsic ``product(n, limit, G, B, V, arguments)``.

    The ``limit`` is a literal, too. A panel has G blocks of B vectors.
    """

    @intrinsic(prefer_literal=True)
    def product(typingctx, n, limit, G, B, V, arguments):
        vector = _vector(arguments, V)

        def codegen(context, builder, sig, args):
            values = list(tuple_members(context, builder, arguments, args[-1]))
            for panels in cases(builder, context.cast(builder, args[0], n, types.intp), limit.literal_value):
                emit(Tile(builder, vector, 1, panels * G.literal_value * B.literal_value, B.literal_value), *values)
            return context.get_dummy_value()

        return types.void(n, limit, G, B, V, arguments), codegen

    return product
