"""The one place that compiles: how functions become machine code, and how that is found again on disk.

Two traps of Numba's disk cache shape this file. All closures of one factory share one cache index, and processes that start
together then leave each other's kernels behind; and the cache looks only at a kernel's own file, so a change elsewhere keeps
stale code. So a kernel's name is its op, its spec and a hash of all kernel sources. Cells and loops close over numbers and
strings only: a closure over a compiled function is never found again on disk.
"""

from __future__ import annotations

import hashlib
import sys
import threading
import warnings
from collections.abc import Callable
from pathlib import Path
from typing import Any

from numba import cfunc, njit, types
from numba.extending import overload

#: Whatever decides about a kernel's code: all sources here, the specs and the order of the gates.
SOURCES = hashlib.sha256(
    b"".join(path.read_bytes() for path in sorted(Path(__file__).parent.glob("*.py")))
    + Path(__file__).parents[1].joinpath("specs.py").read_bytes()
    + Path(__file__).parents[2].joinpath("gates.py").read_bytes()
).hexdigest()[:12]

#: error_model numpy: no test for division by zero inside the loops. Never fastmath: NaN in is NaN out.
_OPTIONS: dict[str, Any] = {"nogil": True, "error_model": "numpy", "boundscheck": False}

#: A function that only kernels call, put into their code at every call. Cheaper to compile than ``inline="always"``.
inlined = njit(forceinline=True, **_OPTIONS)

_warned = False


def _named(function: Callable[..., Any], name: str) -> Callable[..., Any]:
    function.__name__ = function.__qualname__ = f"{name}_{SOURCES}"
    return function


#: Seconds of waiting after which a person at a terminal is told why.
PATIENCE = 1.0
_told = False


def _tell() -> None:
    global _told
    if not _told:
        _told = True
        print("numba_lstm compiles its kernels for this processor; later runs load them from disk.", file=sys.stderr)


def _cached(compile_: Callable[[bool], Any]) -> Any:
    """Compile with the disk cache, or without where no folder can be written (warn once)."""
    if _told or not sys.stderr.isatty():
        return _compiled(compile_)
    patience = threading.Timer(PATIENCE, _tell)
    patience.daemon = True
    patience.start()
    try:
        return _compiled(compile_)
    finally:
        patience.cancel()


def _compiled(compile_: Callable[[bool], Any]) -> Any:
    global _warned
    try:
        return compile_(True)
    except (RuntimeError, OSError) as error:
        if isinstance(error, RuntimeError) and "locator" not in str(error):
            raise
        if not _warned:
            _warned = True
            warnings.warn(
                "no folder for compiled kernels can be written, so every process compiles again. "
                "Set NUMBA_CACHE_DIR to a folder that can.",
                RuntimeWarning,
                stacklevel=2,
            )
        return compile_(False)


def _argument(code: str, dtype: types.Type) -> types.Type:
    """The Numba type of a kernel's argument, see :func:`kernel`."""
    kind, ndim = code[0], int(code[1:] or 0)
    if kind == "i":
        return types.intp
    if kind == "d":
        return types.float64
    if kind in "xl":
        return types.Array(dtype if kind == "x" else types.int64, ndim, "A", readonly=True, aligned=False)
    if kind == "b":
        return types.Array(types.boolean, ndim, "C", readonly=True)
    element = {"f": dtype, "k": types.uint64, "n": types.int64, "e": types.float64}[kind]
    return types.Array(element, ndim, "C")


def kernel(function: Callable[..., Any], name: str, dtype: types.Type, arguments: str) -> Callable[..., Any]:
    """Compile ``function`` under ``name`` for one signature, so that no other can ever be compiled.

    ``arguments`` has a word an argument: ``i`` an integer or a cell's address, ``d`` a float64, ``x3`` a 3-D array of ``dtype``
    that is only read, of any strides (``l``: int64); ``b2`` C-contiguous booleans, only read; ``f2`` a 2-D C-contiguous array
    of ``dtype``, and so ``n`` for int64, ``k`` for uint64, ``e`` for float64.
    """
    signature = types.void(*(_argument(code, dtype) for code in arguments.split()))
    return _cached(lambda cache: njit(signature, cache=cache, **_OPTIONS)(_named(function, name)))


def cell(function: Callable[..., Any], name: str, signature: Any, cache: bool = True) -> Any:
    """Compile ``function`` under ``name`` as a C function. Keep the answer alive as long as its ``.address`` is in use."""
    named = _named(function, name)
    return _cached(lambda writable: cfunc(signature, cache=cache and writable, nopython=True, error_model="numpy")(named))


def choice(function: Callable[..., Any]) -> Callable[..., Any]:
    """Declare how a function called in kernels is chosen by its arguments' types (literals included), as ``overload``."""
    return overload(function, prefer_literal=True, jit_options={"forceinline": True, **_OPTIONS})  # type: ignore[no-any-return]
