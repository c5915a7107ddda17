"""Compiles functions that kernels inline, as far as kernels need them.

For each list of argument types Numba makes the LLVM code of a function, optimizes it, makes the machine code, and adds wrappers
with which the interpreter and C call it. Of a function that is always inlined only the LLVM code is needed: it is optimized
where it is called. Without the rest the kernels of a training step compile in three quarters of the time.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from numba.core.codegen import JITCodeLibrary
from numba.core.compiler import Compiler


class _NoEnvironment:
    """Takes the environment of a function, which only code with Python objects reads."""

    @staticmethod
    def set_env(name: str, environment: Any) -> None:
        """Ignore the environment."""


class _InlinedLibrary(JITCodeLibrary):
    """The LLVM code of a function that is inlined, with that of the functions that it calls; no machine code."""

    def finalize(self) -> None:
        """Link the functions that this one calls."""
        self._raise_if_finalized()
        for library in dict.fromkeys(self._linking_libraries):
            if hasattr(library, "_reload_init"):  # numba 0.61 has none
                self._reload_init.update(library._reload_init)
            self._final_module.link_in(library._get_module_for_linking(), preserve=True)
        self._finalized = True

    def get_pointer_to_function(self, name: str) -> int:
        """Return 0: there is no machine code."""
        self._ensure_finalized()
        return 0

    @property
    def codegen(self) -> type[_NoEnvironment]:
        """What is told the environment of the function."""
        return _NoEnvironment


class _InlinedCompiler(Compiler):
    """Numba's compiler, which writes to an :class:`_InlinedLibrary`."""

    def compile_extra(self, func: Callable[..., Any]) -> Any:
        """Compile a function."""
        self.state.library = _InlinedLibrary(self.state.targetctx.codegen(), func.__qualname__)
        return super().compile_extra(func)


#: Options of ``njit`` and of ``overload`` for a function that LLVM inlines at every call.
INLINED: dict[str, Any] = {
    "forceinline": True,
    "no_cpython_wrapper": True,
    "no_cfunc_wrapper": True,
    "pipeline_class": _InlinedCompiler,
}
