"""Other memory under the CPU's buffers: full of NaN, or whatever a test makes."""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

import numpy as np
import numpy.typing as npt

from numba_lstm.kernels import cpu
from numba_lstm.kernels.cpu.runtime import memory

Array = npt.NDArray[Any]


def replace(**makers: Callable[..., Any]) -> dict[tuple[Any, str], Any]:
    """Put other functions in the place of ``empty``, ``aligned``, ... of :mod:`memory`, in each module that has taken them.

    Answers what was there.
    """
    modules = [module for name, module in sys.modules.items() if name.startswith(cpu.__name__)]
    before = {}
    for name, make in makers.items():
        original = getattr(memory, name)
        for module in modules:
            if vars(module).get(name) is original:
                before[module, name] = original
        for module, taken in before:
            if taken == name:
                setattr(module, name, make)
    return before


@contextmanager
def replaced(**makers: Callable[..., Any]) -> Iterator[None]:
    """:func:`replace` until the end of a block."""
    before = replace(**makers)
    try:
        yield
    finally:
        for (module, name), original in before.items():
            setattr(module, name, original)


def full_of_nan(shape: Any, dtype: Any = float) -> Array:
    """An array whose bytes are all 255: NaN in every float, -1 in every integer, and True."""
    array: Array = np.empty(shape, dtype)
    array.reshape(-1).view(np.uint8)[...] = 1 if array.dtype == bool else 255
    return array
