"""Compiles functions to machine code. Only this module does; :mod:`.kernel_cache` stores the results on disk.

A kernel is compiled when it is first called, or its address is asked for: a plan knows all of its kernels before the first of
them is compiled, so that :func:`prepare` can say how far it is.

All closures of one factory share one index of Numba's disk cache, and processes that start at the same time overwrite each
other's entries. A kernel's name is therefore its op, its spec and a digest of its sources. Kernels close over numbers and
strings only: Numba never finds a closure over a compiled function on disk again.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from functools import cache, partial
from typing import Any, NamedTuple

import numpy as np
from llvmlite import ir
from numba import njit, types
from numba.core import config, sigutils, typeinfer
from numba.core.ccallback import CFunc
from numba.core.compiler_lock import global_compiler_lock
from numba.core.registry import cpu_target
from numba.extending import overload
from numba.np.numpy_support import as_dtype

from ...source_digest import digest
from . import kernel_cache
from .compile_guard import run_uninterrupted
from .compile_notice import notice
from .inlining import INLINED

if config.DISABLE_JIT:
    raise RuntimeError(
        "NUMBA_DISABLE_JIT is set, and the kernels of the CPU are compiled code and nothing else. "
        'Unset it, or take device="reference", which computes the same in NumPy.'
    )

#: error_model numpy: no test for division by zero inside the loops. Never fastmath: NaN in is NaN out.
_OPTIONS: dict[str, Any] = {"nogil": True, "error_model": "numpy", "boundscheck": False}

#: Compiles a function that only kernels call, inlined by LLVM at every call. Compiles faster than ``inline="always"``.
inlined = njit(**INLINED, **_OPTIONS)


def _named(function: Callable[..., Any], name: str) -> Callable[..., Any]:
    function.__name__ = function.__qualname__ = f"{name}_{digest(function.__module__)}"
    return function


def _cached(function: Callable[..., Any], signature: Any, compile_: Callable[[Any], Any]) -> Any:
    """Load from disk, or compile and store there."""
    return run_uninterrupted(function.__name__, lambda: kernel_cache.load_or_compile(function, signature, compile_))


def _argument(code: str, dtype: types.Type) -> types.Type:
    """Return the Numba type of a kernel's argument, see :func:`kernel`."""
    kind, ndim = code[0], int(code[1:] or 0)
    if kind == "i":
        return types.intp
    if kind == "d":
        return types.float64
    if kind in "xly":
        return types.Array(types.int64 if kind == "l" else dtype, ndim, "A", readonly=kind != "y", aligned=False)
    if kind in "bm":
        return types.Array(types.boolean, ndim, "C", readonly=kind == "b")
    element = {"f": dtype, "k": types.uint64, "n": types.int64, "e": types.float64}[kind]
    return types.Array(element, ndim, "C")


class _Lazy:
    """A function that is compiled when it is first needed."""

    def __init__(self, function: Callable[..., Any], name: str, signature: Any, compile_: Callable[..., Any]) -> None:
        self._function, self._signature, self._compile = _named(function, name), signature, compile_
        self._compiled: Any = None

    @property
    def is_compiled(self) -> bool:
        """Whether the machine code exists in this process."""
        return self._compiled is not None

    @property
    def compiled(self) -> Any:
        """What Numba returned, loaded from disk or compiled and stored there."""
        if self._compiled is None:
            self._compiled = _cached(self._function, self._signature, lambda cache_: self._compile(self._function, cache_))
        return self._compiled


class Kernel(_Lazy):
    """A kernel of :func:`kernel`."""

    def __call__(self, *arguments: Any) -> None:
        """Call the kernel through the interpreter."""
        self.compiled(*arguments)


class CFunction(_Lazy):
    """A C function of :func:`compile_cfunc`."""

    @property
    def address(self) -> int:
        """The address of the machine code, which lives as long as this object."""
        return int(self.compiled.address)

    @property
    def body(self) -> str:
        """The name of the compiled function in the LLVM module, which the C function calls, and which Numba inlines nowhere."""
        return str(self.compiled.native_name.removeprefix("cfunc."))

    @property
    def arguments(self) -> str:
        """The kinds of arguments: p: a pointer, i: a word."""
        return "".join("p" if isinstance(ty, types.CPointer) else "i" for ty in self._signature.args)


def prepare(functions: Iterable[_Lazy]) -> None:
    """Compile, or load from disk, all that is not compiled yet, and report how far it is if that takes long."""
    missing = list({id(function): function for function in functions if not function.is_compiled}.values())
    with notice.counting(len(missing)) as counted:
        for function in missing:
            function.compiled  # noqa: B018
            counted()


def kernel(function: Callable[..., Any], name: str, dtype: types.Type, arguments: str) -> Kernel:
    """Return ``function`` under ``name``, to be compiled for one signature; no other can be compiled later.

    ``arguments`` has one word per argument: ``i`` an integer or an address, ``d`` a float64, ``x3`` a read-only 3-D array of
    ``dtype`` with any strides (``l``: int64), ``y3`` a writable one; ``b2`` read-only C-contiguous booleans, ``m2`` writable
    ones; ``f2`` a 2-D C-contiguous array of ``dtype``, and likewise ``n`` for int64, ``k`` for uint64, ``e`` for float64.
    """
    signature = types.void(*(_argument(code, dtype) for code in arguments.split()))
    return Kernel(function, name, signature, partial(_compile_kernel, signature))


def _compile_kernel(signature: Any, function: Callable[..., Any], cache_: Any) -> Any:
    compiled_kernel = njit(no_cfunc_wrapper=True, **_OPTIONS)(function)
    compiled_kernel._cache = cache_
    with typeinfer.register_dispatcher(compiled_kernel):
        compiled_kernel.compile(signature)
    compiled_kernel.disable_compile()
    return compiled_kernel


class ArrayArgument(NamedTuple):
    """The array type of a kernel's argument."""

    dtype: np.dtype[Any]
    ndim: int
    contiguous: bool


class Entry(NamedTuple):
    """The address of a kernel's machine code, and its arguments: arrays, ``int`` or ``float``."""

    address: int
    arguments: tuple[ArrayArgument | type, ...]
    caller: int  #: a C function of one pointer: calls the address in word 0 with the following words as arguments


@cache
def entry(kernel_: Kernel) -> Entry:
    """Return how compiled code calls a kernel."""
    (result,) = kernel_.compiled.overloads.values()
    arguments, words = [], ""
    for ty in result.signature.args:
        if isinstance(ty, types.Array):
            arguments.append(ArrayArgument(as_dtype(ty.dtype), ty.ndim, ty.layout == "C"))
            words += "i" * (5 + 2 * ty.ndim)
        else:
            number = ty is types.float64
            arguments.append(float if number else int)
            words += "d" if number else "i"
    return Entry(result.library.get_pointer_to_function(result.fndesc.llvm_func_name), tuple(arguments), _caller(words)[1])


@cache
def _caller(words: str) -> tuple[Any, int]:
    """Return the library and the address of a function that calls a kernel with these words (``d``: float64)."""
    return run_uninterrupted(f"caller_{words}", lambda: _built_caller(words))  # type: ignore[no-any-return]


def _built_caller(words: str) -> tuple[Any, int]:
    i64, double, nothing = ir.IntType(64), ir.DoubleType(), ir.IntType(8).as_pointer()
    types_ = [double if word == "d" else i64 for word in words]
    # Numba's calling convention: pointers to a result and an exception, neither of which a kernel has, and a status
    kernel_ = ir.FunctionType(ir.IntType(32), [nothing.as_pointer(), nothing.as_pointer(), *types_])
    library = cpu_target.target_context.codegen().create_library(f"caller_{words}")
    module = library.create_ir_module(library.name)
    function = ir.Function(module, ir.FunctionType(ir.VoidType(), [i64.as_pointer()]), library.name)
    builder = ir.IRBuilder(function.append_basic_block())
    places = [builder.gep(function.args[0], [i64(k)]) for k in range(len(words) + 1)]
    arguments = [builder.load(builder.bitcast(place, ty.as_pointer())) for place, ty in zip(places[1:], types_, strict=True)]
    address = builder.inttoptr(builder.load(places[0]), kernel_.as_pointer())
    builder.call(address, [builder.alloca(nothing), builder.alloca(nothing), *arguments])
    builder.ret_void()
    with global_compiler_lock:
        library.add_ir_module(module)
        library.finalize()
        return library, library.get_pointer_to_function(library.name)


def compile_cfunc(function: Callable[..., Any], name: str, signature: Any) -> CFunction:
    """Return ``function`` under ``name`` as a C function. Keep the result alive as long as its ``.address`` is in use."""
    return CFunction(function, name, signature, partial(_compile_cfunc, sigutils.normalize_signature(signature)))


def _compile_cfunc(signature: Any, function: Callable[..., Any], cache_: Any) -> Any:
    compiled_kernel = CFunc(function, signature, {}, {"nopython": True, "error_model": "numpy"})
    compiled_kernel._cache = cache_
    compiled_kernel.compile()
    return compiled_kernel


def overload_by_types(function: Callable[..., Any]) -> Callable[..., Any]:
    """Decorate a function that selects the implementation of ``function`` by argument types, literals included.

    It is ``overload`` with the options of kernels.
    """
    return overload(function, prefer_literal=True, jit_options={**INLINED, **_OPTIONS})  # type: ignore[no-any-return]
