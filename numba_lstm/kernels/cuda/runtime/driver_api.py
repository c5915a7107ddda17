"""CUDA's driver library by ``ctypes``: memory, streams, events and launches.

The packages of ``numba.cuda`` compile kernels and make the context. Their arrays are deprecated in one of them, and a launch
through their dispatchers takes 90 us of the host, where one call of the driver takes about 1 us.
"""

from __future__ import annotations

import ctypes
import weakref
from collections.abc import Callable
from ctypes import c_char_p, c_int, c_size_t, c_uint, c_uint64, c_void_p
from functools import partial
from typing import Any

import numpy as np
import numpy.typing as npt

LIBRARY = "libcuda.so.1"

OUT_OF_MEMORY, NOT_READY = 2, 600  #: of CUresult
STATIC_SHARED, MAX_DYNAMIC_SHARED = 1, 8  #: of CUfunction_attribute
NON_BLOCKING, WITHOUT_TIMING = 1, 2  #: flags of streams and of events

#: Types of the arguments of functions. Launches are :meth:`DriverAPI.untyped`: ten conversions would take 2 us.
_FUNCTIONS: dict[str, tuple[Any, ...]] = {
    "cuMemAlloc_v2": (c_void_p, c_size_t),
    "cuMemFree_v2": (c_void_p,),
    "cuMemHostAlloc": (c_void_p, c_size_t, c_uint),
    "cuMemFreeHost": (c_void_p,),
    "cuMemGetInfo_v2": (c_void_p, c_void_p),
    "cuMemcpyHtoDAsync_v2": (c_void_p, c_void_p, c_size_t, c_void_p),
    "cuMemcpyDtoHAsync_v2": (c_void_p, c_void_p, c_size_t, c_void_p),
    "cuMemcpyDtoDAsync_v2": (c_void_p, c_void_p, c_size_t, c_void_p),
    "cuStreamCreate": (c_void_p, c_uint),
    "cuCtxSynchronize": (),
    "cuEventCreate": (c_void_p, c_uint),
    "cuEventDestroy_v2": (c_void_p,),
    "cuDriverGetVersion": (c_void_p,),
    "cuModuleLoadData": (c_void_p, c_char_p),
    "cuModuleGetFunction": (c_void_p, c_void_p, c_char_p),
    "cuFuncGetAttribute": (c_void_p, c_int, c_void_p),
    "cuFuncSetAttribute": (c_void_p, c_int, c_int),
    "cuOccupancyMaxActiveBlocksPerMultiprocessor": (c_void_p, c_void_p, c_int, c_size_t),
    "cuGetErrorName": (c_int, c_void_p),
    "cuGetErrorString": (c_int, c_void_p),
}


_MISSING = "the NVIDIA driver has no {name}: it is too old. Install a newer one, from version 525 on."


class Memory:
    """A block of device memory, which is freed with its last reference."""

    __slots__ = ("_api", "address")

    def __init__(self, api: DriverAPI, address: int) -> None:
        self._api, self.address = api, address

    def __del__(self) -> None:
        self._api.free(self.address)


class Stream:
    """A queue of work of the device."""

    def __init__(self, api: DriverAPI) -> None:
        self._api, self.handle = api, api.created("cuStreamCreate", NON_BLOCKING)
        self.pointer = c_void_p(self.handle)
        self._synchronize = partial(api.untyped("cuStreamSynchronize"), self.pointer)

    def synchronize(self) -> None:
        """Wait for all work of the stream."""
        if status := self._synchronize():
            raise self._api.error("cuStreamSynchronize", status)


class Event:
    """A place in a stream. A wait is for the last record before it. The arguments of calls are ready: a batch takes a dozen."""

    def __init__(self, api: DriverAPI) -> None:
        self._api, self.handle = api, api.created("cuEventCreate", WITHOUT_TIMING)
        self._pointer = c_void_p(self.handle)
        self._record = partial(api.untyped("cuEventRecord"), self._pointer)
        self._wait, self._no_flags = api.untyped("cuStreamWaitEvent"), c_uint(0)
        self._query = partial(api.untyped("cuEventQuery"), self._pointer)
        self._synchronize = partial(api.untyped("cuEventSynchronize"), self._pointer)

    def __del__(self) -> None:
        self._api.cuEventDestroy_v2(self.handle)

    def record(self, stream: Stream) -> None:
        """Move the event behind all present work of a stream."""
        if status := self._record(stream.pointer):
            raise self._api.error("cuEventRecord", status)

    def wait(self, stream: Stream) -> None:
        """Let later work of a stream wait for the event."""
        if status := self._wait(stream.pointer, self._pointer, self._no_flags):
            raise self._api.error("cuStreamWaitEvent", status)

    def query(self) -> bool:
        """Return whether the work before the event has ended."""
        status = self._query()
        if status not in (0, NOT_READY):
            raise self._api.error("cuEventQuery", status)
        return status == 0

    def synchronize(self) -> None:
        """Wait for the work before the event."""
        if status := self._synchronize():
            raise self._api.error("cuEventSynchronize", status)


class DriverAPI:
    """The functions of the driver library. Each thread that calls them needs a current context."""

    def __init__(self) -> None:
        self._library = library = ctypes.CDLL(LIBRARY)
        for name, types in _FUNCTIONS.items():
            function = getattr(library, name, None)  # some are missing in drivers that do not need them
            if function is not None:
                function.argtypes, function.restype = types, c_int
                setattr(self, name, function)

    def __getattr__(self, name: str) -> Any:
        raise RuntimeError(_MISSING.format(name=name))

    def call(self, name: str, *arguments: Any) -> None:
        """Call a function by its name. Raises MemoryError or RuntimeError if it fails."""
        status = getattr(self, name)(*arguments)
        if status:
            raise self.error(name, status)

    def created(self, name: str, *arguments: Any) -> int:
        """Return the handle or address that a function returns through its first argument."""
        out = c_uint64()
        self.call(name, ctypes.byref(out), *arguments)
        return out.value

    def error(self, name: str, status: int) -> Exception:
        """Return the exception for a status that is not 0."""
        texts = []
        for describe in (self.cuGetErrorName, self.cuGetErrorString):
            text = ctypes.c_char_p()
            texts.append((text.value or b"").decode() if describe(status, ctypes.byref(text)) == 0 else "unknown")
        kind = MemoryError if status == OUT_OF_MEMORY else RuntimeError
        return kind(f"{name}: the NVIDIA driver returned {texts[0]} ({status}), {texts[1]}.")

    def version(self) -> int:
        """Return the version of CUDA that the driver supports: 12090 for 12.9."""
        version = c_int()
        self.call("cuDriverGetVersion", ctypes.byref(version))
        return version.value

    def load_function(self, image: bytes, name: str) -> int:
        """Load machine code, for as long as the process lives. Return the handle of one of its kernels."""
        return self.created("cuModuleGetFunction", self.created("cuModuleLoadData", image), name.encode())

    def function_attribute(self, function: c_void_p, attribute: int) -> int:
        """Return an attribute of a kernel."""
        value = c_int()
        self.call("cuFuncGetAttribute", ctypes.byref(value), attribute, function)
        return value.value

    def allocate(self, nbytes: int) -> Memory:
        """Allocate device memory. Raises MemoryError."""
        return Memory(self, self.created("cuMemAlloc_v2", nbytes))

    def free(self, address: int) -> None:
        """Free device memory, after all work."""
        self.cuMemFree_v2(address)

    def pinned(self, nbytes: int) -> npt.NDArray[Any]:
        """Return an array of pinned host memory, from which copies run beside the host."""
        address = self.created("cuMemHostAlloc", nbytes, 0)
        memory = (ctypes.c_uint8 * nbytes).from_address(address)
        weakref.finalize(memory, self.cuMemFreeHost, address).atexit = False
        return np.frombuffer(memory, np.uint8)

    def memory_info(self) -> tuple[int, int]:
        """Return the free and all bytes of device memory."""
        free, total = c_size_t(), c_size_t()
        self.call("cuMemGetInfo_v2", ctypes.byref(free), ctypes.byref(total))
        return free.value, total.value

    def copy_to_device(self, address: int, host: npt.NDArray[Any], stream: Stream) -> None:
        """Queue a copy of a contiguous array, which must not change before it has run."""
        self.call("cuMemcpyHtoDAsync_v2", address, host.ctypes.data, host.nbytes, stream.handle)

    def copy_to_host(self, host: npt.NDArray[Any], address: int, stream: Stream) -> None:
        """Queue a copy to a contiguous array, which must not be read before it has run."""
        self.call("cuMemcpyDtoHAsync_v2", host.ctypes.data, address, host.nbytes, stream.handle)

    def copy_on_device(self, to: int, source: int, nbytes: int, stream: Stream) -> None:
        """Queue a copy within device memory."""
        self.call("cuMemcpyDtoDAsync_v2", to, source, nbytes, stream.handle)

    def prepared_copy(self, kind: str, to: int, source: int, nbytes: int, stream: Stream) -> Callable[[], int]:
        """Return a call that queues a copy, to make many times: "HtoD", "DtoH" or "DtoD". It returns a status."""
        function = self.untyped(f"cuMemcpy{kind}Async_v2")
        return partial(function, c_void_p(to), c_void_p(source), c_size_t(nbytes), stream.pointer)

    def untyped(self, name: str) -> Callable[..., int]:
        """Return a function that converts no arguments: a number is a C int, anything else an object of ``ctypes``."""
        try:
            return self._library[name]
        except AttributeError:
            raise RuntimeError(_MISSING.format(name=name)) from None

    def stream(self) -> Stream:
        """Return a new stream, which the default stream of CUDA does not wait for."""
        return Stream(self)

    def event(self) -> Event:
        """Return a new event."""
        return Event(self)

    def synchronize(self) -> None:
        """Wait for all work of the device."""
        self.call("cuCtxSynchronize")
