"""The driver of a real CUDA device, based on ``numba.cuda``."""

from __future__ import annotations

import ctypes
import math
import threading
from typing import Any

import numpy as np
import numpy.typing as npt

from .availability import obstacle
from .compiler import Kernel, cuda
from .gpu_memory import Pool, UploadPool
from .protocol import Extent, Properties

_DEFAULT_SHARED = 48 * 1024
_MAX_DYNAMIC_SHARED_SIZE_BYTES = 8  #: of CUfunction_attribute


class GPU:
    """The current device of ``numba.cuda`` as a :class:`~.protocol.Driver`.

    Kernels and downloads are in order on one stream, and uploads of batches use another. Neither is the default stream of
    CUDA, which would wait for both.

    Raises
    ------
    RuntimeError
        If there is no usable device. The message says what is missing, and what installs it.
    """

    def __init__(self) -> None:
        missing = obstacle()
        if missing is not None:
            raise RuntimeError(missing)
        self.properties = _properties()
        self._stream = cuda.stream()
        self._lock = threading.Lock()  # of the memory pools
        self._pool, self._uploads = Pool(self._allocate), UploadPool(self._allocate, self._stream)
        self._compiled: dict[Kernel, tuple[Any, Any]] = {}
        self._opted_in: dict[Kernel, int] = {}
        self._resident: dict[tuple[Kernel, int, int], int] = {}

    def empty(self, shape: Extent, dtype: Any) -> Any:
        """Allocates from the pool. The block returns to the pool with the last view of it."""
        with self._lock:
            return self._pool.array((shape,) if isinstance(shape, int) else tuple(shape), dtype)

    def upload(self, host: npt.NDArray[Any]) -> Any:
        """Waits for all kernels, so it is for weights."""
        buffer = self.empty(host.shape, host.dtype)
        buffer.copy_to_device(host, stream=self._stream)
        self._stream.synchronize()
        return buffer

    def send(self, host: npt.NDArray[Any], dtype: Any) -> Any:
        """Uses pinned memory and the second stream. The host does not wait."""
        with self._lock:
            return self._uploads.array(host, dtype)

    def download(self, buffer: Any) -> npt.NDArray[Any]:
        """Waits for the stream."""
        host: npt.NDArray[Any] = buffer.copy_to_host(stream=self._stream)
        self._stream.synchronize()
        return host

    def launch(
        self, kernel: Kernel, blocks: Extent, threads: Extent, args: tuple[Any, ...], shared: int = 0, cooperative: bool = False
    ) -> None:
        """Numba does not inspect the types of the arguments, since a kernel has one signature."""
        dispatcher, compiled = self._kernel(kernel, shared)
        if cooperative != compiled.cooperative:
            raise ValueError(f"{kernel!r} {'takes' if compiled.cooperative else 'does not take'} its grid: launch it so.")
        dispatcher[_three(blocks), _three(threads), self._stream, shared](*args)

    def resident_blocks(self, kernel: Kernel, threads: Extent, shared: int = 0) -> int:
        """Uses the occupancy calculation of the CUDA driver, once for a kernel and its sizes."""
        key = kernel, math.prod(_three(threads)), shared
        if key not in self._resident:
            _, compiled = self._kernel(kernel, shared)
            self._resident[key] = compiled.max_cooperative_grid_blocks(*key[1:])
        return self._resident[key]

    def synchronize(self) -> None:
        """Synchronizes the context."""
        cuda.synchronize()

    def _allocate(self, nbytes: int) -> Any:
        """Allocate device memory. If there is too little, release the free blocks of the pools first."""
        try:
            return self._bytes(nbytes)
        except MemoryError:
            self.synchronize()
            self._pool.clear()
            self._uploads.clear()
        return self._bytes(nbytes)

    def _bytes(self, nbytes: int) -> Any:
        try:
            return cuda.device_array(nbytes, np.uint8)
        except Exception as error:  # the exception types differ between the packages of numba.cuda
            if "OUT_OF_MEMORY" not in str(error):
                raise
            free, total = cuda.current_context().get_memory_info()
            raise MemoryError(
                f"{self.properties.name} has {free / 2**20:.0f} of {total / 2**20:.0f} MiB free, and {nbytes / 2**20:.0f} "
                "more were needed. Pass half the batch_size, or shorter sequences."
            ) from error

    def _kernel(self, kernel: Kernel, shared: int) -> tuple[Any, Any]:
        """Return the dispatcher of a kernel and its code for this device."""
        if kernel not in self._compiled:
            dispatcher = cuda.jit(kernel.types, max_registers=kernel.max_registers)(kernel.function)
            (compiled,) = dispatcher.overloads.values()
            self._compiled[kernel] = dispatcher, compiled
        if shared > max(_DEFAULT_SHARED, self._opted_in.get(kernel, 0)):
            _opt_in(self._compiled[kernel][1], shared)
            self._opted_in[kernel] = shared
        return self._compiled[kernel]


def _properties() -> Properties:
    device = cuda.get_current_device()
    name = device.name.decode() if isinstance(device.name, bytes) else device.name
    return Properties(
        name=name,
        compute_capability=tuple(device.compute_capability),
        multiprocessors=device.MULTIPROCESSOR_COUNT,
        shared=device.MAX_SHARED_MEMORY_PER_BLOCK,
        shared_opt_in=device.MAX_SHARED_MEMORY_PER_BLOCK_OPTIN,
        registers=device.MAX_REGISTERS_PER_BLOCK,
        cooperative=bool(device.COOPERATIVE_LAUNCH),
        memory=cuda.current_context().get_memory_info()[1],
    )


def _opt_in(compiled: Any, shared: int) -> None:
    """Let a kernel use more than 48 KiB of shared memory, for which ``numba.cuda`` has no call. Not yet run on a device."""
    handle = compiled._codelibrary.get_cufunc().handle
    address = ctypes.c_void_p(int(getattr(handle, "value", handle)))
    status = ctypes.CDLL("libcuda.so.1").cuFuncSetAttribute(address, _MAX_DYNAMIC_SHARED_SIZE_BYTES, ctypes.c_int(shared))
    if status:
        raise RuntimeError(f"the CUDA driver refused {shared} bytes of shared memory a block (CUresult {status}).")


def _three(extent: Extent) -> tuple[int, ...]:
    """Return an extent of three sizes."""
    sizes = (extent,) if isinstance(extent, int) else tuple(extent)
    return sizes + (1,) * (3 - len(sizes))
