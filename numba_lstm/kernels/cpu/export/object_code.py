"""Links the LLVM modules of kernels to the functions of a stream, strips what nobody calls, and emits an object file."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from typing import Any

import llvmlite.binding as llvm
from llvmlite import ir

from .targets import Target

#: What kernels refer to for the sake of several threads, and of arrays with an owner. One thread runs an exported step, and
#: its arrays have none, so that these functions are never called.
_UNCALLED = {"sched_yield": ir.IntType(32), "SwitchToThread": ir.IntType(32), "NRT_MemInfo_call_dtor": ir.VoidType()}

_POINTER, _BYTE = ir.PointerType(), ir.IntType(8)


def emit_object(module: ir.Module, functions: Iterable[str], libraries: Mapping[str, Any], target: Target) -> bytes:
    """Return the object file of ``functions``, with the kernels of ``libraries``, by the functions of each that are called.

    Raises
    ------
    NotImplementedError
        If the object would need functions of other libraries; the sentence names them.
    """
    machine = target.machine()
    module.triple, module.data_layout = target.triple, str(machine.target_data)
    whole = llvm.parse_assembly(str(module))
    for library, symbols in _by_library(libraries):
        kernel = llvm.parse_bitcode(library._get_module_for_linking().as_bitcode())
        kernel.triple, kernel.data_layout = whole.triple, whole.data_layout
        _internalize(kernel, symbols)
        _run(kernel, machine, "add_global_dead_code_eliminate_pass")
        whole.link_in(kernel)
    whole.link_in(_module_of(whole, lambda uncalled: _define_uncalled(uncalled, whole)))
    _internalize(whole, functions)
    _run(whole, machine, "add_lower_atomic_pass")  # an instance serves one thread at a time
    _optimize(whole, machine)
    _rename(whole, module.name)
    memory = _module_of(whole, lambda module: _define_memory(module, target.pointer_bits))
    _optimize(memory, machine)
    whole.link_in(memory)
    _internalize(whole, functions)
    return bytes(machine.emit_object(whole))


def _by_library(libraries: Mapping[str, Any]) -> Iterable[tuple[Any, list[str]]]:
    found: dict[int, tuple[Any, list[str]]] = {}
    for symbol, library in libraries.items():
        found.setdefault(id(library), (library, []))[1].append(symbol)
    return found.values()


def _internalize(module: Any, symbols: Iterable[str]) -> None:
    """Let other modules see only the functions ``symbols``: modules of other processes may have others of the same names."""
    visible = set(symbols)
    for value in (*module.functions, *module.global_variables):
        if not value.is_declaration:
            value.linkage = "external" if value.name in visible else "internal"


def _run(module: Any, machine: Any, name: str) -> None:
    manager = llvm.create_new_module_pass_manager()
    getattr(manager, name)()
    manager.run(module, llvm.create_pass_builder(machine, llvm.create_pipeline_tuning_options(3)))


def _optimize(module: Any, machine: Any) -> None:
    builder = llvm.create_pass_builder(machine, llvm.create_pipeline_tuning_options(3))
    builder.getModulePassManager().run(module, builder)
    _run(module, machine, "add_global_dead_code_eliminate_pass")


def _rename(module: Any, name: str) -> None:
    """Give kernels short names, which are seen in debuggers alone."""
    for k, function in enumerate(f for f in module.functions if not f.is_declaration and f.linkage == llvm.Linkage.internal):
        function.name = f"{name}.kernel{k}"


def _module_of(whole: Any, define: Callable[[ir.Module], None]) -> Any:
    module = ir.Module("functions")
    module.triple, module.data_layout = whole.triple, whole.data_layout
    define(module)
    return llvm.parse_assembly(str(module))


def _define_uncalled(module: ir.Module, whole: Any) -> None:
    for name in sorted({f.name for f in whole.functions if f.is_declaration} & set(_UNCALLED)):
        returns = _UNCALLED[name]
        function = ir.Function(module, ir.FunctionType(returns, [_POINTER] if name.startswith("NRT") else []), name)
        builder = ir.IRBuilder(function.append_basic_block())
        if isinstance(returns, ir.VoidType):
            builder.ret_void()
        else:
            builder.ret(returns(0))


def _define_memory(module: ir.Module, pointer_bits: int) -> None:
    """Define the functions to which LLVM turns copies and fills."""
    size = ir.IntType(pointer_bits)
    for name, second in (("memset", ir.IntType(32)), ("memcpy", _POINTER)):
        function = ir.Function(module, ir.FunctionType(_POINTER, [_POINTER, second, size]), name)
        into, value, count = function.args
        builder = ir.IRBuilder(function.append_basic_block("entry"))
        entry, head = builder.block, builder.append_basic_block("head")
        body, end = builder.append_basic_block("body"), builder.append_basic_block("end")
        builder.branch(head)
        builder.position_at_end(head)
        index = builder.phi(size)
        index.add_incoming(size(0), entry)
        builder.cbranch(builder.icmp_unsigned("<", index, count), body, end)
        builder.position_at_end(body)
        if name == "memset":
            byte = builder.trunc(value, _BYTE)
        else:
            byte = builder.load(builder.gep(value, [index], source_etype=_BYTE), typ=_BYTE)
        builder.store(byte, builder.gep(into, [index], source_etype=_BYTE))
        index.add_incoming(builder.add(index, size(1)), body)
        builder.branch(head)
        builder.position_at_end(end)
        builder.ret(into)
