"""Pieces of LLVM code for the functions of an exported stream: loops, copies, and addresses in an instance."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import contextmanager
from typing import Any

from llvmlite import ir

from .memory_map import HEADER, Place
from .step_program import Argument, Function, StepProgram

POINTER, BYTE, WORD, STATUS, NOTHING = ir.PointerType(), ir.IntType(8), ir.IntType(64), ir.IntType(32), ir.VoidType()

#: Types of arguments, by their kind.
_TYPES = {"i": WORD, "d": ir.DoubleType(), "p": POINTER}

#: Words of an instance's header: the number of the next recorded step, and the address of the weights.
STEP, WEIGHTS = 0, 1


class CodeModule:
    """An LLVM module with the weights of a stream, and what writes code of its functions.

    Parameters
    ----------
    program : StepProgram
        What a step calls.
    name : str
        The prefix of the functions.
    pointer_bits : int
        Bits of an address.
    embedded : bool
        Whether the weights are in the module; else the header of an instance has their address.
    """

    def __init__(self, program: StepProgram, name: str, pointer_bits: int, *, embedded: bool) -> None:
        self._program, self._name, self._embedded = program, name, embedded
        self.ir = ir.Module(name=name)
        self._real = ir.FloatType() if program.dtype.itemsize == 4 else ir.DoubleType()
        self._size = ir.IntType(pointer_bits)
        self._kernels: dict[str, ir.Function] = {}
        self._c_functions: dict[Function, ir.Function] = {}
        content = program.weight_content()
        self._weights = self._bytes(f"{name}_weights", content) if embedded and content else None

    def _bytes(self, name: str, content: bytearray) -> ir.GlobalVariable:
        made = ir.GlobalVariable(self.ir, ir.ArrayType(BYTE, len(content)), name)
        made.initializer, made.global_constant, made.align = ir.Constant(made.value_type, content), True, HEADER
        made.linkage = "internal"
        return made

    def _define(self, name: str, returns: ir.Type, takes: Sequence[ir.Type], body: Callable[..., Any]) -> ir.Function:
        function = ir.Function(self.ir, ir.FunctionType(returns, takes), f"{self._name}_{name}")
        builder = ir.IRBuilder(function.append_basic_block("entry"))
        body(builder, function.args)
        if not builder.block.is_terminated:
            builder.ret_void()
        return function

    def _kernel(self, symbol: str, kinds: str) -> ir.Function:
        """Return a compiled function. By Numba's convention it takes places of a result and of an exception first."""
        if symbol not in self._kernels:
            signature = ir.FunctionType(STATUS, [POINTER, POINTER, *(_TYPES[kind] for kind in kinds)])
            self._kernels[symbol] = ir.Function(self.ir, signature, symbol)
        return self._kernels[symbol]

    def _c_function(self, called: Function) -> ir.Function:
        """Return the C function that calls a compiled function, and into which LLVM may inline it."""
        if called not in self._c_functions:

            def body(builder: ir.IRBuilder, args: Sequence[ir.Value]) -> None:
                results = builder.alloca(POINTER), builder.alloca(POINTER)
                builder.call(self._kernel(*called), [*results, *args])

            types = [_TYPES[kind] for kind in called.kinds]
            made = self._define(f"function_{len(self._c_functions)}", NOTHING, types, body)
            made.linkage = "internal"
            self._c_functions[called] = made
        return self._c_functions[called]

    def _byte(self, builder: ir.IRBuilder, base: ir.Value, offset: int) -> ir.Value:
        return builder.gep(base, [WORD(offset)], source_etype=BYTE)

    def _weights_of(self, builder: ir.IRBuilder, net: ir.Value) -> ir.Value:
        """Return the address of the weights."""
        if self._embedded:
            return ir.Constant(POINTER, None) if self._weights is None else self._weights
        return builder.inttoptr(builder.load(self._byte(builder, net, 8 * WEIGHTS), typ=WORD), POINTER)

    def _at(self, builder: ir.IRBuilder, place: Place, net: ir.Value, weights: ir.Value) -> ir.Value:
        return self._byte(builder, weights if place.constant else net, place.offset)

    def _locals(self, builder: ir.IRBuilder, places: Iterable[Any]) -> dict[int, ir.Value]:
        """Return memory on the stack for the places of a call that are there, by its size."""
        sizes = {place.local for place in places if isinstance(place, Place) and place.local}
        with builder.goto_entry_block():
            made = {size: builder.alloca(ir.ArrayType(BYTE, size)) for size in sorted(sizes)}
        for pointer in made.values():
            pointer.align = HEADER
        return made

    def _word(self, builder: ir.IRBuilder, argument: Argument, net: ir.Value, weights: ir.Value) -> ir.Value:
        """Return an argument as a word of 64 bits."""
        if isinstance(argument, Place):
            return builder.ptrtoint(self._at(builder, argument, net, weights), WORD)
        if isinstance(argument, Function):
            return builder.ptrtoint(self._c_function(argument), WORD)
        return WORD(argument)

    @contextmanager
    def _loop(self, builder: ir.IRBuilder, count: ir.Value) -> Iterator[ir.Value]:
        """Yield the index of a loop of ``count`` turns, in whose body the builder is."""
        before, head = builder.block, builder.append_basic_block("head")
        body, end = builder.append_basic_block("body"), builder.append_basic_block("end")
        builder.branch(head)
        builder.position_at_end(head)
        index = builder.phi(count.type)
        index.add_incoming(count.type(0), before)
        builder.cbranch(builder.icmp_unsigned("<", index, count), body, end)
        builder.position_at_end(body)
        yield index
        index.add_incoming(builder.add(index, count.type(1)), builder.block)
        builder.branch(head)
        builder.position_at_end(end)

    def _copy(self, builder: ir.IRBuilder, shape: Sequence[int], source: Any, into: Any) -> None:
        """Copy an array; ``source`` and ``into`` are a pointer and strides in elements."""
        if not shape:
            value = builder.load(source[0], typ=self._real)
            builder.store(value, into[0])
            return
        with self._loop(builder, WORD(shape[0])) as k:
            moved = []
            for pointer, strides in (source, into):
                offset = builder.mul(k, WORD(strides[0]))
                moved.append((builder.gep(pointer, [offset], source_etype=self._real), strides[1:]))
            self._copy(builder, shape[1:], *moved)
