"""The driver of a real CUDA device: ``numba.cuda`` compiles kernels, the driver library of CUDA does the rest."""

from __future__ import annotations

import math
import threading
from typing import Any

import numpy as np
import numpy.typing as npt

from .availability import obstacle
from .compiler import Kernel, cuda
from .driver_api import DriverAPI
from .gpu_memory import Pool, UploadPool
from .loaded_kernel import LoadedKernel
from .protocol import Extent, Properties


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
        self._threads = threading.local()
        self.ensure_context()
        self._api = DriverAPI()
        self.properties = _properties(self._api)
        self._stream = self._api.stream()
        self._lock = threading.Lock()  # of the memory pools
        self._pool, self._uploads = (
            Pool(self._allocate),
            UploadPool(self._api, self._allocate, self._stream, self.ensure_context),
        )
        self._kernels: dict[Kernel, LoadedKernel] = {}
        self._resident: dict[tuple[Kernel, int, int], int] = {}

    def ensure_context(self) -> None:
        """Make the context of the device current in this thread. Each call of the driver needs it."""
        if not hasattr(self._threads, "context"):
            self._threads.context = cuda.current_context()

    def empty(self, shape: Extent, dtype: Any) -> Any:
        """Allocates from the pool. The block returns to the pool with the last view of it."""
        shape = (shape,) if isinstance(shape, int) else tuple(map(int, shape))
        with self._lock:
            return self._pool.array(shape, np.dtype(dtype))

    def upload(self, host: npt.NDArray[Any]) -> Any:
        """Waits for all kernels, so it is for weights."""
        buffer = self.empty(host.shape, host.dtype)
        if host.nbytes:
            self.ensure_context()
            self._api.copy_to_device(buffer.address, host, self._stream)
            self._stream.synchronize()
        return buffer

    def send(self, host: npt.NDArray[Any], dtype: Any) -> Any:
        """Uses pinned memory and the second stream. The host does not wait."""
        with self._lock:
            return self._uploads.array(host, np.dtype(dtype))

    def download(self, buffer: Any) -> npt.NDArray[Any]:
        """Waits for the stream."""
        host = np.empty(buffer.shape, buffer.dtype)
        if host.nbytes:
            self.ensure_context()
            self._api.copy_to_host(host, buffer.address, self._stream)
            self._stream.synchronize()
        return host

    def launch(
        self, kernel: Kernel, blocks: Extent, threads: Extent, args: tuple[Any, ...], shared: int = 0, cooperative: bool = False
    ) -> None:
        """Does not inspect the types of the arguments, since a kernel has one signature."""
        self.ensure_context()
        loaded = self._kernels.get(kernel) or self._load(kernel)
        if cooperative != loaded.cooperative:
            raise ValueError(f"{kernel!r} {'takes' if loaded.cooperative else 'does not take'} its grid: launch it so.")
        loaded.launch(_three(blocks), _three(threads), args, shared, self._stream)

    def resident_blocks(self, kernel: Kernel, threads: Extent, shared: int = 0) -> int:
        """Uses the occupancy calculation of the CUDA driver, once for a kernel and its sizes."""
        key = kernel, math.prod(_three(threads)), shared
        if key not in self._resident:
            self.ensure_context()
            self._resident[key] = (self._kernels.get(kernel) or self._load(kernel)).resident_blocks(*key[1:])
        return self._resident[key]

    def synchronize(self) -> None:
        """Synchronizes the context."""
        self.ensure_context()
        self._api.synchronize()

    def _allocate(self, nbytes: int) -> Any:
        """Allocate device memory. If there is too little, release the free blocks of the pools first."""
        self.ensure_context()
        try:
            return self._api.allocate(nbytes)
        except MemoryError:
            self.synchronize()
            self._pool.clear()
            self._uploads.clear()
        try:
            return self._api.allocate(nbytes)
        except MemoryError as error:
            free, total = self._api.memory_info()
            raise MemoryError(
                f"{self.properties.name} has {free / 2**20:.0f} of {total / 2**20:.0f} MiB free, and {nbytes / 2**20:.0f} "
                "more were needed. Pass half the batch_size, or shorter sequences."
            ) from error

    def _load(self, kernel: Kernel) -> LoadedKernel:
        """Compile a kernel for this device."""
        return self._kernels.setdefault(kernel, LoadedKernel(kernel, self._api, self.properties))


def _properties(api: DriverAPI) -> Properties:
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
        memory=api.memory_info()[1],
    )


def _three(extent: Extent) -> tuple[int, ...]:
    """Return an extent of three sizes."""
    sizes = (extent,) if isinstance(extent, int) else tuple(extent)
    return sizes + (1,) * (3 - len(sizes))
