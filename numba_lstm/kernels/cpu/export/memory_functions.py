"""The functions to which LLVM turns copies and fills of memory, for objects that need no C library.

They are local to the object. ``memcpy`` and ``memset`` have C's arguments; those of 32-bit ARM's run-time (RTABI, section
4.3.4) have others.
"""

from __future__ import annotations

from llvmlite import ir

from .targets import Target

_POINTER, _BYTE, _INT = ir.PointerType(), ir.IntType(8), ir.IntType(32)


def define_memory_functions(module: ir.Module, target: Target) -> None:
    """Define ``memcpy`` and ``memset``, which LLVM's passes do not turn into calls of themselves."""
    size = ir.IntType(target.pointer_bits)
    _define(module, "memcpy", [_POINTER, _POINTER, size], count=2, source=1)
    _define(module, "memset", [_POINTER, _INT, size], count=2, byte=1)


def define_arm_functions(module: ir.Module, target: Target) -> None:
    """Define those of ARM's run-time, for code that no pass of LLVM sees: it would make them call themselves."""
    size = ir.IntType(target.pointer_bits)
    for suffix in ("", "4", "8") if target.triple.endswith("eabihf") else ():
        _define(module, f"__aeabi_memcpy{suffix}", [_POINTER, _POINTER, size], count=2, source=1)
        _define(module, f"__aeabi_memset{suffix}", [_POINTER, size, _INT], count=1, byte=2)
        _define(module, f"__aeabi_memclr{suffix}", [_POINTER, size], count=1)


def _define(
    module: ir.Module, name: str, types: list[ir.Type], *, count: int, source: int | None = None, byte: int | None = None
) -> None:
    """Define a function that fills its first argument from the argument ``source``, or by the ``byte``, or by zeros."""
    function = ir.Function(module, ir.FunctionType(_POINTER, types), name)
    into, size = function.args[0], types[count]
    builder = ir.IRBuilder(function.append_basic_block("entry"))
    entry, head = builder.block, builder.append_basic_block("head")
    body, end = builder.append_basic_block("body"), builder.append_basic_block("end")
    builder.branch(head)
    builder.position_at_end(head)
    index = builder.phi(size)
    index.add_incoming(size(0), entry)
    builder.cbranch(builder.icmp_unsigned("<", index, function.args[count]), body, end)
    builder.position_at_end(body)
    if source is not None:
        value = builder.load(builder.gep(function.args[source], [index], source_etype=_BYTE), typ=_BYTE)
    else:
        value = _BYTE(0) if byte is None else builder.trunc(function.args[byte], _BYTE)
    builder.store(value, builder.gep(into, [index], source_etype=_BYTE))
    index.add_incoming(builder.add(index, size(1)), body)
    builder.branch(head)
    builder.position_at_end(end)
    builder.ret(into)
