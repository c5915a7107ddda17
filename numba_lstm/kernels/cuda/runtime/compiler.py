"""Declarations of kernels and device functions. This is the only file that imports ``numba.cuda``.

Nothing is compiled here. A :class:`Kernel` is a Python function with one signature, which a driver compiles for its device at
the first launch. There is no fastmath, so NaN propagates. ``a * b + c`` in kernels may become one fma, the default of libNVVM.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np
from numba import boolean, cuda, float32, float64, from_dtype, int32, int64, types, uint8, uint32, uint64

__all__ = ["Kernel", "boolean", "cuda", "device", "float32", "float64", "int32", "int64", "jit", "real", "uint32", "uint64"]

#: Decorator of a function that only kernels call.
device = cuda.jit(device=True)

_ARRAYS = {"e": float64, "b": boolean, "n": int64, "k": int32, "u": uint32, "c": uint8}
_SCALARS = {"i": int32, "n": int64, "d": float64, "u": uint32, "w": uint64}


@dataclass(frozen=True, eq=False)
class Kernel:
    """A kernel for a driver to compile: function, name, types of the arguments, and maximum registers per thread."""

    function: Callable[..., None]
    name: str
    types: tuple[Any, ...]
    max_registers: int | None = None

    def __repr__(self) -> str:
        return f"<Kernel {self.name}>"


def real(dtype: Any) -> Any:
    """Return the Numba type of a dtype. Kernels write constants as ``real(0.5)``, since a plain 0.5 is a double."""
    return from_dtype(np.dtype(dtype))


def jit(
    arguments: str, dtype: Any, name: str | None = None, max_registers: int | None = None
) -> Callable[[Callable[..., None]], Kernel]:
    """Declare a function as a kernel with arguments of these types.

    ``arguments`` has one word for each argument. A C-contiguous array is a letter and a number of axes: ``f2`` of ``dtype``,
    ``e1`` float64, ``b1`` boolean, ``n1`` int64, ``k1`` int32, ``u1`` uint32, ``c1`` uint8, and ``x1`` of any ``dtype``.
    A scalar is a letter: ``r`` of ``dtype``, ``d`` float64, ``i`` int32, ``n`` int64, ``u`` uint32, ``w`` uint64.
    """
    signature = tuple(_type(code, real(dtype)) for code in arguments.split())

    def declare(function: Callable[..., None]) -> Kernel:
        return Kernel(function, name or function.__name__, signature, max_registers)

    return declare


def _type(code: str, number: Any) -> Any:
    kind, ndim = code[0], code[1:]
    if ndim:
        return types.Array(number if kind in "fx" else _ARRAYS[kind], int(ndim), "C")
    return number if kind == "r" else _SCALARS[kind]
