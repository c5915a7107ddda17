"""Memory of a real device: a pool of blocks, and buffers for uploads that overlap with kernels.

Freeing device memory waits for all kernels, which would prevent any overlap. So free blocks stay in a pool, by size, and are
reused. Kernels are in order on one stream, so a kernel may reuse a block that earlier ones still read. The upload stream runs
ahead of them, and has its own buffers, with events that record when a buffer was last read.
"""

from __future__ import annotations

import math
from collections import defaultdict, deque
from collections.abc import Callable
from dataclasses import dataclass, field
from functools import partial
from typing import Any

import numpy as np
import numpy.typing as npt

from .device_array import DeviceArray
from .driver_api import DriverAPI, Event, Memory, Stream

Host = npt.NDArray[Any]

MIN_BLOCK = 512  #: bytes of the smallest block
MAX_SHAPES = 4  #: of arrays that an upload buffer has ready
MAX_BUFFERS = 4  #: upload buffers of a size, unless more are in use at a time: two arrays for each of two batches


class Lease:
    """The owner of all views of a block. ``release`` is called when none of them remains.

    It must not be the last owner of memory: the garbage collector finalizes all objects of a cycle, so it would free the memory
    that ``release`` gives back. Pools own the memory.
    """

    __slots__ = ("_release",)

    def __init__(self, release: Callable[[], None]) -> None:
        self._release = release

    def __del__(self) -> None:
        self._release()


def block_size(nbytes: int) -> int:
    """Round a size up to that of a block, one of four between two powers of two."""
    if nbytes <= MIN_BLOCK:
        return MIN_BLOCK
    step = 1 << ((nbytes - 1).bit_length() - 3)
    return -(-nbytes // step) * step


class Pool:
    """A pool of blocks for arrays that only kernels of one stream access.

    Parameters
    ----------
    allocate : function
        Allocates so many bytes of device memory.
    """

    def __init__(self, allocate: Callable[[int], Memory]) -> None:
        self._allocate = allocate
        self._blocks: dict[int, Memory] = {}  #: by address
        self._free: defaultdict[int, list[int]] = defaultdict(list)  #: addresses by size

    def array(self, shape: tuple[int, ...], dtype: np.dtype[Any]) -> DeviceArray:
        """Return a device array, its contents undefined."""
        size = block_size(math.prod(shape) * dtype.itemsize)
        free = self._free[size]
        address = free.pop() if free else self._new(size)
        return DeviceArray(address, shape, dtype, Lease(partial(free.append, address)))

    def _new(self, size: int) -> int:
        memory = self._allocate(size)
        self._blocks[memory.address] = memory
        return memory.address

    def clear(self) -> None:
        """Release the free blocks."""
        for free in self._free.values():
            for address in free:
                del self._blocks[address]
            free.clear()


@dataclass
class _UploadBuffer:
    """An upload buffer: pinned host memory, and device memory of the same size."""

    pinned: Host
    memory: Memory
    uploaded: Event  #: event: the copy to the device has ended
    consumed: Event  #: event: no kernel reads the device memory any more
    #: Pinned arrays with the calls that copy them, by shape and dtype: batches repeat.
    arrays: dict[tuple[tuple[int, ...], np.dtype[Any]], tuple[Host, Callable[[], int]]] = field(default_factory=dict)


@dataclass
class _UploadBuffers:
    """All upload buffers of a size."""

    free: deque[_UploadBuffer]  #: the longest free first
    every: list[_UploadBuffer]


class UploadPool:
    """Uploads of arrays on a separate stream, concurrent with kernels that were launched before.

    Parameters
    ----------
    api : DriverAPI
        The driver library.
    allocate : function
        Allocates so many bytes of device memory.
    kernels : Stream
        The stream of the kernels that read the arrays.
    ensure_context : function
        Makes the context of the device current in this thread.
    """

    def __init__(
        self, api: DriverAPI, allocate: Callable[[int], Memory], kernels: Stream, ensure_context: Callable[[], None]
    ) -> None:
        self._api, self._allocate, self._kernels, self._copies = api, allocate, kernels, api.stream()
        self._ensure_context = ensure_context
        self._buffers: defaultdict[int, _UploadBuffers] = defaultdict(lambda: _UploadBuffers(deque(), []))

    def array(self, host: Host, dtype: np.dtype[Any]) -> DeviceArray:
        """Copy ``host`` to a device array. ``host`` is read before this returns."""
        self._ensure_context()
        nbytes = host.size * dtype.itemsize
        buffers = self._buffers[block_size(nbytes)]
        buffer = self._buffer(buffers, block_size(nbytes))
        buffer.uploaded.synchronize()  # its pinned memory has been copied
        key = host.shape, dtype
        found = buffer.arrays.get(key)
        if found is None:
            found = self._pinned_array(buffer, nbytes, *key)
        pinned, copy = found
        np.copyto(pinned, host, casting="unsafe")
        buffer.consumed.wait(self._copies)
        if nbytes and (status := copy()):
            raise self._api.error("The upload of a batch", status)
        buffer.uploaded.record(self._copies)
        buffer.uploaded.wait(self._kernels)

        def release() -> None:
            self._ensure_context()
            buffer.consumed.record(self._kernels)
            buffers.free.append(buffer)

        return DeviceArray(buffer.memory.address, host.shape, dtype, Lease(release))

    def _pinned_array(
        self, buffer: _UploadBuffer, nbytes: int, shape: tuple[int, ...], dtype: np.dtype[Any]
    ) -> tuple[Host, Callable[[], int]]:
        """Return the pinned memory of a buffer as an array, and the call that copies it."""
        array = buffer.pinned[:nbytes].view(dtype).reshape(shape)
        copy = self._api.prepared_copy("HtoD", buffer.memory.address, array.ctypes.data, nbytes, self._copies)
        if len(buffer.arrays) == MAX_SHAPES:
            buffer.arrays.clear()
        buffer.arrays[shape, dtype] = array, copy
        return array, copy

    def _buffer(self, buffers: _UploadBuffers, size: int) -> _UploadBuffer:
        """Return the longest free buffer if it is not read any more or there are enough, otherwise a new one."""
        if buffers.free and (len(buffers.every) >= MAX_BUFFERS or buffers.free[0].consumed.query()):
            return buffers.free.popleft()
        buffer = _UploadBuffer(self._api.pinned(size), self._allocate(size), self._api.event(), self._api.event())
        buffers.every.append(buffer)
        return buffer

    def clear(self) -> None:
        """Release the free buffers. No upload may be in progress."""
        for buffers in self._buffers.values():
            buffers.every = [buffer for buffer in buffers.every if all(buffer is not free for free in buffers.free)]
            buffers.free.clear()
