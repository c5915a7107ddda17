"""Links the LLVM modules of kernels to the functions of a stream, strips what nobody calls, and emits an object file."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from typing import Any

import llvmlite.binding as llvm
from llvmlite import ir

from .memory_functions import define_arm_functions, define_memory_functions
from .symbols import undefined
from .targets import Target

#: What kernels refer to for the sake of several threads, and of arrays with an owner. One thread runs an exported step, and
#: its arrays have none, so that these functions are never called.
_UNCALLED = {"sched_yield": ir.IntType(32), "SwitchToThread": ir.IntType(32), "NRT_MemInfo_call_dtor": ir.VoidType()}

_POINTER = ir.PointerType()


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
    memory = _module_of(whole, lambda module: define_memory_functions(module, target))
    _optimize(memory, machine)
    whole.link_in(memory)
    whole.link_in(_module_of(whole, lambda module: define_arm_functions(module, target)))
    _internalize(whole, functions)
    for function in whole.functions:
        if not function.is_declaration:
            function.add_function_attribute("nounwind")  # kernels raise nothing, so no table says how to unwind them
    content = bytes(machine.emit_object(whole))
    if target.object_format in ("elf", "coff"):
        _check_undefined(content, target)
    return content


def _check_undefined(content: bytes, target: Target) -> None:
    helpers = "__aeabi_" if target.pointer_bits == 32 else None  # of the compiler's run-time, for numbers of 64 bits
    others = [name for name in undefined(content) - {"_GLOBAL_OFFSET_TABLE_"} if not helpers or not name.startswith(helpers)]
    if others:
        raise NotImplementedError(
            f"the object for {target.triple} would need {', '.join(sorted(others))} of other libraries, as processors without "
            "numbers of 64 bits do for float64. Export a float32 model."
        )


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
