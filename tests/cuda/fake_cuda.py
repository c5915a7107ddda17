"""A fake of the driver library as the real driver calls it. Streams run their work late, in a random order.

The work of a stream runs when something waits for it, and other queued work may run before it. Over the seeds, every order that
the events allow occurs. Kernels are Python functions on NumPy arrays.
"""

import ctypes
import random
from collections import deque

import numpy as np

from numba_lstm.kernels.cuda.runtime.protocol import Properties


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


class Memory:
    """Device memory, which is freed with its last reference."""

    def __init__(self, card, nbytes):
        self.card, self.bytes = card, np.full(nbytes, 0xFF, np.uint8)
        self.address = self.bytes.ctypes.data

    def __del__(self):
        self.card.taken -= self.bytes.nbytes


class Card:
    """The driver library, with one device of so many bytes."""

    def __init__(self, seed=0, memory=2**30):
        self.order, self.memory, self.streams, self.taken = random.Random(seed), memory, [], 0

    def step(self):
        """Run the first work of a random stream that need not wait."""
        ready = [stream for stream in self.streams if stream.left and stream.left[0][0]()]
        assert ready, "streams wait for each other"
        self.order.choice(ready).left.popleft()[1]()

    def stream(self):
        self.streams.append(Stream(self))
        return self.streams[-1]

    def event(self):
        return Event(self)

    def synchronize(self):
        for stream in self.streams:
            stream.synchronize()

    def pinned(self, nbytes):
        return np.full(nbytes, 0xFF, np.uint8)

    def allocate(self, nbytes):
        if self.taken + nbytes > self.memory:
            raise MemoryError("cuMemAlloc_v2 of the NVIDIA driver returned CUDA_ERROR_OUT_OF_MEMORY (2)")
        self.taken += nbytes
        return Memory(self, nbytes)

    def memory_info(self):
        return self.memory - self.taken, self.memory

    def copy_to_device(self, address, host, stream):
        stream.queue(lambda: np.copyto(array_at(address, host.shape, host.dtype), host))

    def prepared_copy(self, kind, to, source, nbytes, stream):
        assert kind == "HtoD"
        return lambda: self.copy_to_device(to, array_at(source, (nbytes,), np.uint8), stream)

    def copy_to_host(self, host, address, stream):
        stream.queue(lambda: np.copyto(host, array_at(address, host.shape, host.dtype)))


def properties(card):
    """The properties of a card."""
    return Properties("a card", (9, 0), 1, 1, 1, 1, cooperative=True, memory=card.memory)


class LoadedKernel:
    """A Python function in place of a compiled kernel. A launch keeps no argument alive."""

    cooperative = False

    def __init__(self, kernel, api, properties):
        self.function = kernel.function

    def launch(self, blocks, threads, args, shared, stream):
        arrays = [array_at(arg.address, arg.shape, arg.dtype) for arg in args]
        stream.queue(lambda: self.function(*arrays))


def array_at(address, shape, dtype):
    """Return an array at an address, without an owner."""
    size = int(np.prod(shape)) * np.dtype(dtype).itemsize
    return np.ndarray(shape, dtype, (ctypes.c_char * size).from_address(address))


def install(monkeypatch, gpu, card):
    """Let the real driver run on a card, and return it."""
    monkeypatch.setattr(gpu, "DriverAPI", lambda: card)
    monkeypatch.setattr(gpu, "_properties", properties)
    monkeypatch.setattr(gpu, "LoadedKernel", LoadedKernel)
    monkeypatch.setattr(gpu, "obstacle", lambda: None)
    monkeypatch.setattr(gpu.GPU, "ensure_context", lambda self: None)
    return gpu.GPU()
