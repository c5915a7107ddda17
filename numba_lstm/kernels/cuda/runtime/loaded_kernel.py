"""Kernels compiled for the device: their limits, and launches with the arguments packed as the driver takes them."""

from __future__ import annotations

import ctypes
import struct
import threading
from collections.abc import Callable, Sequence
from functools import partial
from typing import Any

from numba import types

from .code.kernel_cache import load_or_compile
from .compiler import Kernel
from .device_array import DeviceArray
from .driver_api import MAX_DYNAMIC_SHARED, STATIC_SHARED, DriverAPI, Stream
from .protocol import Properties

#: Code of :mod:`struct` of a scalar, padded to eight bytes.
_SCALARS = {"int32": "i4x", "int64": "q", "uint32": "I4x", "uint64": "Q", "float32": "f4x", "float64": "d"}

WORD = 8

Grid = tuple[int, ...]  #: three sizes


class ArgumentBlock:
    """Memory for the arguments of a launch, of eight bytes each, and their addresses."""

    def __init__(self, codes: Sequence[str]) -> None:
        self.layout = struct.Struct("<" + "".join(codes))
        self.block = ctypes.create_string_buffer(self.layout.size)
        first = ctypes.addressof(self.block)
        count = self.layout.size // WORD
        self.addresses = (ctypes.c_void_p * count)(*range(first, first + self.layout.size, WORD))

    def write(self, *words: Any) -> None:
        """Write all words."""
        self.layout.pack_into(self.block, 0, *words)


class PreparedLaunch:
    """A launch whose arguments lie ready, to make many times. Calling :attr:`call` returns a status."""

    def __init__(self, call: Callable[[], int], arguments: ArgumentBlock, codes: Sequence[str], described: str) -> None:
        self.call, self._arguments, self._codes, self._described = call, arguments, codes, described
        self._offsets = [struct.calcsize("<" + "".join(codes[:k])) for k in range(len(codes))]
        self._layouts: dict[tuple[int, int], struct.Struct] = {}

    def replace(self, first: int, numbers: Sequence[float]) -> None:
        """Replace the numbers among the arguments from the argument ``first`` on."""
        key = first, len(numbers)
        layout = self._layouts.get(key)
        if layout is None:
            layout = self._layouts[key] = struct.Struct("<" + "".join(self._codes[first : first + len(numbers)]))
        layout.pack_into(self._arguments.block, self._offsets[first], *numbers)

    def __repr__(self) -> str:
        return self._described


class LoadedKernel:
    """A kernel that is loaded on the device.

    Parameters
    ----------
    kernel : Kernel
        What to compile.
    api : DriverAPI
        The driver library.
    properties : Properties
        The properties of the device.
    """

    def __init__(self, kernel: Kernel, api: DriverAPI, properties: Properties) -> None:
        code = load_or_compile(kernel, properties.compute_capability, api.version())
        self._kernel, self._api, self._properties = kernel, api, properties
        self._function = ctypes.c_void_p(api.load_function(code.image, code.entry))
        self.cooperative = code.cooperative
        self.static_shared = api.function_attribute(self._function, STATIC_SHARED)
        self._opted_in = False
        self._codes = [
            f"{5 + 2 * kind.ndim}q" if isinstance(kind, types.Array) else _SCALARS[str(kind)] for kind in kernel.types
        ]
        self._arguments = ArgumentBlock(self._codes)
        self._call = api.untyped("cuLaunchCooperativeKernel" if self.cooperative else "cuLaunchKernel")
        self._end = () if self.cooperative else (None,)  # what the call takes behind the arguments
        self._lock = threading.Lock()  # of the arguments

    def launch(self, blocks: Grid, threads: Grid, args: tuple[Any, ...], shared: int, stream: Stream) -> None:
        """Launch the kernel. The driver copies the arguments before it returns."""
        if shared:
            self.opt_in(shared)
        words = _words(args)
        with self._lock:
            self._arguments.write(*words)
            addresses = self._arguments.addresses
            status = self._call(self._function, *blocks, *threads, shared, stream.pointer, addresses, *self._end)
        if status:
            raise self._api.error(self._described(blocks, threads), status)

    def prepared(self, blocks: Grid, threads: Grid, args: tuple[Any, ...], shared: int, stream: Stream) -> PreparedLaunch:
        """Return a launch to make many times."""
        if shared:
            self.opt_in(shared)
        arguments = ArgumentBlock(self._codes)
        arguments.write(*_words(args))
        sizes = map(ctypes.c_uint, (*blocks, *threads, shared))
        call = partial(self._call, self._function, *sizes, stream.pointer, arguments.addresses, *self._end)
        return PreparedLaunch(call, arguments, self._codes, self._described(blocks, threads))

    def _described(self, blocks: Grid, threads: Grid) -> str:
        return f"The launch of {blocks} blocks of {threads} threads of {self._kernel!r}"

    def opt_in(self, shared: int) -> None:
        """Let the kernel have as much shared memory as the device allows, once. Static shared memory counts too."""
        total, limit = shared + self.static_shared, self._properties.shared_opt_in
        if total > limit:
            raise ValueError(f"{self._kernel!r} needs {total} bytes of shared memory, a block has {limit}.")
        if total > self._properties.shared and not self._opted_in:
            self._api.call("cuFuncSetAttribute", self._function, MAX_DYNAMIC_SHARED, limit - self.static_shared)
            self._opted_in = True

    def resident_blocks(self, threads: int, shared: int) -> int:
        """Return how many blocks of the kernel the device holds at the same time."""
        self.opt_in(shared)
        count = ctypes.c_int()
        self._api.call("cuOccupancyMaxActiveBlocksPerMultiprocessor", ctypes.byref(count), self._function, threads, shared)
        return count.value * self._properties.multiprocessors


def _words(args: tuple[Any, ...]) -> list[Any]:
    """Return all arguments of a launch as words."""
    words: list[Any] = []
    for arg in args:
        if type(arg) is DeviceArray:
            words += arg._words or arg.words
        else:
            words.append(arg)
    return words
