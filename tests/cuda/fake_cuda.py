"""A fake of the part of numba.cuda that the real driver calls. Streams run their work late, in a random order.

The work of a stream runs when something waits for it, and other queued work may run before it. Over the seeds, every order that
the events allow occurs. Kernels are Python functions on NumPy arrays.
"""

import ctypes
import random
from collections import deque
from types import SimpleNamespace

import numpy as np


class Array(np.ndarray):
    """Device memory. Views keep its owner."""

    owner = None

    def __array_finalize__(self, other):
        self.owner = getattr(other, "owner", None)

    @property
    def __cuda_array_interface__(self):
        return {"data": (self.ctypes.data, False)}

    def copy_to_device(self, host, stream=None):
        assert host.dtype == self.dtype
        assert stream is not None, "CUDA's default stream would wait for all others"
        stream.queue(lambda: np.copyto(self, host))

    def copy_to_host(self, stream):
        out = np.empty(self.shape, self.dtype)
        stream.queue(lambda: np.copyto(out, np.asarray(self)))
        return out


class Stream:
    """A queue of pending work."""

    def __init__(self, card):
        self.card, self.left = card, deque()

    def queue(self, work, ready=lambda: True):
        self.left.append((ready, work))

    def synchronize(self):
        while self.left:
            self.card.step()


class Event:
    """An event with numbered records. A wait is for the last record before it."""

    def __init__(self, card):
        self.card, self.recorded, self.done = card, 0, 0

    def record(self, stream):
        self.recorded += 1
        mark = self.recorded
        stream.queue(lambda: setattr(self, "done", mark))

    def wait(self, stream):
        mark = self.recorded
        stream.queue(lambda: None, lambda: self.done >= mark)

    def query(self):
        return self.done == self.recorded

    def synchronize(self):
        while not self.query():
            self.card.step()


class Card:
    """``numba.cuda`` with one device of so many bytes."""

    def __init__(self, seed=0, memory=2**30):
        self.order, self.memory, self.streams, self.taken = random.Random(seed), memory, [], 0
        self.owned = {}

    def step(self):
        """Run the first work of a random stream that need not wait."""
        ready = [stream for stream in self.streams if stream.left and stream.left[0][0]()]
        assert ready, "streams wait for each other"
        self.order.choice(ready).left.popleft()[1]()

    def stream(self):
        self.streams.append(Stream(self))
        return self.streams[-1]

    def event(self, timing):
        return Event(self)

    def synchronize(self):
        for stream in self.streams:
            stream.synchronize()

    def pinned_array(self, size, dtype):
        return np.full(size, 0xFF, dtype)

    def device_array(self, size, dtype):
        if self.taken + size > self.memory:
            raise RuntimeError("[2] Call to cuMemAlloc results in CUDA_ERROR_OUT_OF_MEMORY")
        self.taken += size
        array = np.full(size, 0xFF, dtype).view(_Owned)
        array.card, array.nbytes_taken = self, size
        self.owned[array.ctypes.data] = array.view(np.ndarray)
        return array

    def from_cuda_array_interface(self, interface, owner, sync):
        dtype = np.dtype(interface["typestr"])
        raw = self.owned[interface["data"][0]][: int(np.prod(interface["shape"])) * dtype.itemsize]
        lent = raw.view(dtype).reshape(interface["shape"]).view(Array)
        lent.owner = owner
        return lent

    def jit(self, types, max_registers):
        return _Dispatcher

    def get_current_device(self):
        return SimpleNamespace(
            name=b"a card", compute_capability=(9, 0), MULTIPROCESSOR_COUNT=1, MAX_SHARED_MEMORY_PER_BLOCK=1,
            MAX_SHARED_MEMORY_PER_BLOCK_OPTIN=1, MAX_REGISTERS_PER_BLOCK=1, COOPERATIVE_LAUNCH=1,
        )  # fmt: skip

    def current_context(self):
        return SimpleNamespace(get_memory_info=lambda: (self.memory - self.taken, self.memory))


class _Dispatcher:
    """Launches a function: ``dispatcher[blocks, threads, stream, shared](*args)``."""

    def __init__(self, function):
        self.function, self.overloads = function, {"signature": SimpleNamespace(cooperative=False)}

    def __getitem__(self, launch):
        _, _, stream, _ = launch

        def call(*args):
            unowned = [_unowned(arg) for arg in args]
            stream.queue(lambda: self.function(*unowned))

        return call


def _unowned(array):
    """Return an array without an owner, since a launch keeps nothing alive."""
    memory = (ctypes.c_char * array.nbytes).from_address(array.ctypes.data)
    return np.ndarray(array.shape, array.dtype, memory)


class _Owned(Array):
    """Memory that is freed with its last reference."""

    card = None

    def __del__(self):
        if self.card is not None:
            self.card.taken -= self.nbytes_taken
