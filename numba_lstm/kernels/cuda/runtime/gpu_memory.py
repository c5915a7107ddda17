"""Memory of a real device: blocks that are used again, and arrays that go up beside the kernels.

CUDA waits for all kernels where memory is freed, so that nothing could overlap: blocks are kept, by size, and given out again.
Kernels are in order on one stream, so one of them may take a block that those before it still read. A second stream writes
ahead of them, and has blocks of its own, with events that say when a block was last read.
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

GRAIN = 512  #: bytes of the smallest block
AHEAD = 4  #: slots of a size, if no more are in use at once: for two arrays of this batch, and two of the next


class _Lease:
    """What the views of a block have in common: when the last of them goes, so does it."""


def _sized(nbytes: int) -> int:
    """The size of the block that so many bytes get: one of four between two powers of two."""
    if nbytes <= GRAIN:
        return GRAIN
    step = 1 << ((nbytes - 1).bit_length() - 3)
    return -(-nbytes // step) * step


def _lent(memory: Any, shape: tuple[int, ...], dtype: Any, back: Callable[[], None]) -> Any:
    """A device array in a block; ``back`` is called when nobody has it, or a view of it, any more."""
    lease = _Lease()
    weakref.finalize(lease, back).atexit = False
    address = memory.__cuda_array_interface__["data"][0]
    seen = {"shape": shape, "typestr": np.dtype(dtype).str, "data": (address, False), "version": 3}
    return cuda.from_cuda_array_interface(seen, owner=lease, sync=False)


class Pool:
    """Blocks for arrays that only kernels of one stream touch.

    Parameters
    ----------
    allocate : function
        Answers so many bytes of the device.
    """

    def __init__(self, allocate: Callable[[int], Any]) -> None:
        self._allocate = allocate
        self._free: defaultdict[int, list[Any]] = defaultdict(list)

    def array(self, shape: tuple[int, ...], dtype: Any) -> Any:
        """A device array, its contents undefined."""
        size = _sized(math.prod(shape) * np.dtype(dtype).itemsize)
        free = self._free[size]
        memory = free.pop() if free else self._allocate(size)
        return _lent(memory, shape, dtype, lambda: free.append(memory))

    def clear(self) -> None:
        """Give back what is free."""
        for free in self._free.values():
            free.clear()


@dataclass
class _Slot:
    """Memory of an array on its way: pinned on the host, from where the device fetches it, and the device's."""

    pinned: Host
    memory: Any
    up: Any  #: the event that the copy has ended
    read: Any  #: the event that no kernel reads the device's memory any more


@dataclass
class _Slots:
    """All of a size."""

    free: deque[_Slot]  #: first the one that has been free for longest
    made: int = 0


class Arrivals:
    """Arrays that a stream of their own brings to the device, while kernels that were launched before still run.

    Parameters
    ----------
    allocate : function
        Answers so many bytes of the device.
    kernels : stream
        That of the kernels that will read the arrays.
    """

    def __init__(self, allocate: Callable[[int], Any], kernels: Any) -> None:
        self._allocate, self._kernels, self._copies = allocate, kernels, cuda.stream()
        self._slots: defaultdict[int, _Slots] = defaultdict(lambda: _Slots(deque()))

    def array(self, host: Host, dtype: Any) -> Any:
        """A device array with the numbers of ``host``, which is read before this returns."""
        cuda.current_context()  # events do not bring it to a thread that is new to the device
        nbytes = host.size * np.dtype(dtype).itemsize
        slots = self._slots[_sized(nbytes)]
        slot = self._slot(slots, _sized(nbytes))
        slot.up.synchronize()  # what its pinned memory held has left
        np.copyto(slot.pinned[:nbytes].view(dtype).reshape(host.shape), host, casting="unsafe")
        slot.read.wait(self._copies)
        slot.memory[:nbytes].copy_to_device(slot.pinned[:nbytes], stream=self._copies)
        slot.up.record(self._copies)
        slot.up.wait(self._kernels)

        def back() -> None:
            cuda.current_context()
            slot.read.record(self._kernels)
            slots.free.append(slot)

        return _lent(slot.memory, host.shape, dtype, back)

    def _slot(self, slots: _Slots, size: int) -> _Slot:
        """The one that has been free for longest, if it is not still read: else a new one, unless there are enough."""
        if slots.free and (slots.made >= AHEAD or slots.free[0].read.query()):
            return slots.free.popleft()
        slot = _Slot(cuda.pinned_array(size, np.uint8), self._allocate(size), *(cuda.event(timing=False) for _ in range(2)))
        slots.made += 1
        return slot

    def clear(self) -> None:
        """Give back what is free; nothing may be on its way."""
        for slots in self._slots.values():
            slots.made -= len(slots.free)
            slots.free.clear()
