"""Memory of a real device: a pool of blocks, and buffers for uploads that overlap with kernels.

Freeing device memory waits for all kernels, which would prevent any overlap. So free blocks stay in a pool, by size, and are
reused. Kernels are in order on one stream, so a kernel may reuse a block that earlier ones still read. The upload stream runs
ahead of them, and has its own buffers, with events that record when a buffer was last read.
"""

from __future__ import annotations

import math
import weakref
from collections import defaultdict, deque
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

from .compiler import cuda

Host = npt.NDArray[Any]

MIN_BLOCK = 512  #: bytes of the smallest block
MAX_BUFFERS = 4  #: upload buffers of a size, unless more are in use at a time: two arrays for each of two batches


class _Lease:
    """The owner of all views of a block. It is collected with the last view."""


def _block_size(nbytes: int) -> int:
    """Round a size up to that of a block, one of four between two powers of two."""
    if nbytes <= MIN_BLOCK:
        return MIN_BLOCK
    step = 1 << ((nbytes - 1).bit_length() - 3)
    return -(-nbytes // step) * step


def _leased_array(memory: Any, shape: tuple[int, ...], dtype: Any, release: Callable[[], None]) -> Any:
    """Return a device array in a block. ``release`` is called when no reference to it, or to a view, remains."""
    lease = _Lease()
    weakref.finalize(lease, release).atexit = False
    address = memory.__cuda_array_interface__["data"][0]
    interface = {"shape": shape, "typestr": np.dtype(dtype).str, "data": (address, False), "version": 3}
    return cuda.from_cuda_array_interface(interface, owner=lease, sync=False)


class Pool:
    """A pool of blocks for arrays that only kernels of one stream access.

    Parameters
    ----------
    allocate : function
        Allocates so many bytes of device memory.
    """

    def __init__(self, allocate: Callable[[int], Any]) -> None:
        self._allocate = allocate
        self._free: defaultdict[int, list[Any]] = defaultdict(list)

    def array(self, shape: tuple[int, ...], dtype: Any) -> Any:
        """Return a device array, its contents undefined."""
        size = _block_size(math.prod(shape) * np.dtype(dtype).itemsize)
        free = self._free[size]
        memory = free.pop() if free else self._allocate(size)
        return _leased_array(memory, shape, dtype, lambda: free.append(memory))

    def clear(self) -> None:
        """Release the free blocks."""
        for free in self._free.values():
            free.clear()


@dataclass
class _UploadBuffer:
    """An upload buffer: pinned host memory, and device memory of the same size."""

    pinned: Host
    memory: Any
    uploaded: Any  #: event: the copy to the device has ended
    consumed: Any  #: event: no kernel reads the device memory any more


@dataclass
class _UploadBuffers:
    """All upload buffers of a size."""

    free: deque[_UploadBuffer]  #: the longest free first
    count: int = 0


class UploadPool:
    """Uploads of arrays on a separate stream, concurrent with kernels that were launched before.

    Parameters
    ----------
    allocate : function
        Allocates so many bytes of device memory.
    kernels : stream
        The stream of the kernels that read the arrays.
    """

    def __init__(self, allocate: Callable[[int], Any], kernels: Any) -> None:
        self._allocate, self._kernels, self._copies = allocate, kernels, cuda.stream()
        self._buffers: defaultdict[int, _UploadBuffers] = defaultdict(lambda: _UploadBuffers(deque()))

    def array(self, host: Host, dtype: Any) -> Any:
        """Copy ``host`` to a device array. ``host`` is read before this returns."""
        cuda.current_context()  # events need a current context, which a new thread lacks
        nbytes = host.size * np.dtype(dtype).itemsize
        buffers = self._buffers[_block_size(nbytes)]
        buffer = self._buffer(buffers, _block_size(nbytes))
        buffer.uploaded.synchronize()  # its pinned memory has been copied
        np.copyto(buffer.pinned[:nbytes].view(dtype).reshape(host.shape), host, casting="unsafe")
        buffer.consumed.wait(self._copies)
        buffer.memory[:nbytes].copy_to_device(buffer.pinned[:nbytes], stream=self._copies)
        buffer.uploaded.record(self._copies)
        buffer.uploaded.wait(self._kernels)

        def release() -> None:
            cuda.current_context()
            buffer.consumed.record(self._kernels)
            buffers.free.append(buffer)

        return _leased_array(buffer.memory, host.shape, dtype, release)

    def _buffer(self, buffers: _UploadBuffers, size: int) -> _UploadBuffer:
        """Return the longest free buffer if it is not read any more or there are enough, otherwise a new one."""
        if buffers.free and (buffers.count >= MAX_BUFFERS or buffers.free[0].consumed.query()):
            return buffers.free.popleft()
        buffer = _UploadBuffer(
            cuda.pinned_array(size, np.uint8), self._allocate(size), *(cuda.event(timing=False) for _ in range(2))
        )
        buffers.count += 1
        return buffer

    def clear(self) -> None:
        """Release the free buffers. No upload may be in progress."""
        for buffers in self._buffers.values():
            buffers.count -= len(buffers.free)
            buffers.free.clear()
