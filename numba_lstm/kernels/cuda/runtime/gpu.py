"""The driver of a real CUDA device: ``numba.cuda`` compiles kernels, the driver library of CUDA does the rest."""

from __future__ import annotations

import math
import threading
from collections.abc import Callable, Sequence
from typing import Any

import numpy as np
import numpy.typing as npt

from .availability import obstacle
from .compiler import Kernel, cuda
from .device_array import DeviceArray
from .driver_api import DriverAPI
from .gpu_memory import Lease, Pool, UploadPool
from .loaded_kernel import LoadedKernel, PreparedLaunch
from .program import Downloads, Program, Uploads
from .protocol import Copy, Extent, Launch, Properties


class _Thread(threading.local):
    context: Any = None


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
        self._threads = _Thread()
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
        if self._threads.context is None:
            self._threads.context = cuda.current_context()

    def empty(self, shape: Extent, dtype: Any) -> Any:
        """Allocates from the pool. The block returns to the pool with the last view of it."""
        shape = (shape,) if isinstance(shape, int) else tuple(map(int, shape))
        with self._lock:
            return self._pool.array(shape, np.dtype(dtype))

    def lend(self, block: Any, shape: tuple[int, ...], dtype: np.dtype[Any], release: Callable[[], None]) -> DeviceArray:
        """Returns a view with a lease of its own."""
        return DeviceArray(block.address, shape, dtype, Lease(release))

    def upload(self, host: npt.NDArray[Any]) -> Any:
        """Waits for all kernels, so it is for weights."""
        buffer = self.empty(host.shape, host.dtype)
        self.write(buffer, host)
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

    def write(self, buffer: Any, host: npt.NDArray[Any]) -> None:
        """Waits for the stream."""
        if host.nbytes:
            self.ensure_context()
            self._api.copy_to_device(buffer.address, host, self._stream)
            self._stream.synchronize()

    def copy(self, to: Any, source: Any) -> None:
        """Does not wait."""
        if to.nbytes:
            self.ensure_context()
            self._api.copy_on_device(to.address, source.address, to.nbytes, self._stream)

    def program(self, work: Sequence[Launch | Copy]) -> Program:
        """Packs all arguments."""
        return Program(self._api, self._stream, work, self._prepared, self.ensure_context)

    def uploads(self, buffers: Sequence[Any]) -> Uploads:
        """Uses pinned memory, and the stream of the kernels."""
        return Uploads(self._api, self._stream, buffers, self.ensure_context)

    def downloads(self, buffers: Sequence[Any]) -> Downloads:
        """Uses pinned memory."""
        return Downloads(self._api, self._stream, buffers, self.ensure_context)

    def launch(
        self, kernel: Kernel, blocks: Extent, threads: Extent, args: tuple[Any, ...], shared: int = 0, cooperative: bool = False
    ) -> None:
        """Does not inspect the types of the arguments, since a kernel has one signature."""
        self.ensure_context()
        loaded = self._kernels.get(kernel) or self._load(kernel)
        if cooperative != loaded.cooperative:
            raise _wrong_launch(kernel, loaded)
        loaded.launch(_three(blocks), _three(threads), args, shared, self._stream)

    def _prepared(self, launch: Launch) -> PreparedLaunch:
        loaded = self._kernels.get(launch.kernel) or self._load(launch.kernel)
        if launch.cooperative != loaded.cooperative:
            raise _wrong_launch(launch.kernel, loaded)
        return loaded.prepared(_three(launch.blocks), _three(launch.threads), launch.args, launch.shared, self._stream)

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


def _wrong_launch(kernel: Kernel, loaded: LoadedKernel) -> ValueError:
    return ValueError(f"{kernel!r} {'takes' if loaded.cooperative else 'does not take'} its grid: launch it so.")


def _three(extent: Extent) -> tuple[int, ...]:
    """Return an extent of three sizes."""
    if type(extent) is int:
        return extent, 1, 1
    sizes = (extent,) if isinstance(extent, int) else tuple(extent)
    return sizes + (1,) * (3 - len(sizes))
