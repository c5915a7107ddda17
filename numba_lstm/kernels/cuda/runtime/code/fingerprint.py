"""Fingerprints of kernels: digests of what a kernel is made of, the same in every process.

A kernel closes over numbers and over device functions, which close over others. Several kernels share a name, so the name and
the sources do not tell them apart.
"""

from __future__ import annotations

import hashlib
import types
from collections.abc import Iterator
from dataclasses import fields, is_dataclass
from typing import Any

import numpy as np
from numba.core.types import Type

from ....source_digest import describe_code
from ..compiler import Kernel

_NUMBERS = bool | int | float | complex | str | bytes | None


def fingerprint(kernel: Kernel) -> str | None:
    """Return sixteen hexadecimal digits for a kernel's code, constants, types and registers; None if it holds anything else.

    What it imports is left to the digest of its sources.
    """
    hashed = hashlib.sha256()
    try:
        for word in _words((kernel.function, kernel.name, kernel.types, kernel.max_registers), {}):
            hashed.update(f"{len(word)} {word}".encode())
    except TypeError:
        return None
    return hashed.hexdigest()[:16]


def _words(value: Any, seen: dict[int, int]) -> Iterator[str]:
    """Yield the parts of a value. ``seen`` numbers the functions that were described before."""
    value = getattr(value, "py_func", value)  # of a device function
    if isinstance(value, _NUMBERS):
        yield f"{type(value).__name__} {value!r}"
    elif isinstance(value, np.generic):
        yield f"{value.dtype} {value.tobytes().hex()}"
    elif isinstance(value, np.dtype | Type):
        yield str(value)
    elif isinstance(value, types.FunctionType):
        yield from _function_words(value, seen)
    elif isinstance(value, types.ModuleType | types.BuiltinFunctionType | type | np.ufunc):
        yield value.__name__
    elif isinstance(value, tuple):
        yield f"{type(value).__name__} {len(value)}"
        for element in value:
            yield from _words(element, seen)
    elif is_dataclass(value):
        yield type(value).__name__
        for field in fields(value):
            yield from _words(getattr(value, field.name), seen)
    else:
        raise TypeError(f"a kernel holds {value!r}")


def _function_words(function: types.FunctionType, seen: dict[int, int]) -> Iterator[str]:
    """Yield the code of a function, what it closes over, and functions without a module that it calls."""
    if id(function) in seen:
        yield f"function {seen[id(function)]}"
        return
    seen[id(function)] = len(seen)
    yield describe_code(function.__code__)
    for cell in function.__closure__ or ():
        yield from _words(cell.cell_contents, seen)
    for name in function.__code__.co_names if _is_generated(function) else ():
        if name in function.__globals__:
            yield name
            yield from _words(function.__globals__[name], seen)


def _is_generated(function: types.FunctionType) -> bool:
    """Return whether a function has no source that a digest of modules contains."""
    return function.__globals__.get("__name__") in (None, "builtins")
