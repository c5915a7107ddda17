"""A driver that runs kernels on this processor, in the executor. Buffers are NumPy arrays, poisoned and fenced.

Behind a buffer is a page that nobody may touch, so a read or write there is an error. The bytes before it must stay unchanged.
"""

import gc
import math
from contextlib import contextmanager
from dataclasses import replace
from typing import NamedTuple

import numpy as np
from executor import run
from guarded_memory import guarded
from machine import Code

from numba_lstm.kernels.cuda.runtime.compiler import Kernel
from numba_lstm.kernels.cuda.runtime.gpu_memory import Lease
from numba_lstm.kernels.cuda.runtime.protocol import Copy, Properties

FENCE = 256  #: bytes before every buffer
POISON = 0xFF  #: all bits one: NaN, True, -1

PROPERTIES = Properties(
    name="this processor, as a GPU",
    compute_capability=(8, 0),
    multiprocessors=4,
    shared=48 * 1024,
    shared_opt_in=163 * 1024,
    registers=65536,
    cooperative=True,
    memory=2**30,
)

_codes = {}


class Launch(NamedTuple):
    """A launch."""

    kernel: Kernel
    blocks: tuple
    threads: tuple
    shared: int


class Buffer:
    """A device array as ops see it: sizes and views. Only kernels and :meth:`CheckDriver.download` access its elements."""

    def __init__(self, numbers, memory, lease=None):
        self._numbers, self._memory, self.lease = numbers, memory, lease

    shape = property(lambda self: self._numbers.shape)
    dtype = property(lambda self: self._numbers.dtype)
    size = property(lambda self: self._numbers.size)
    ndim = property(lambda self: self._numbers.ndim)
    nbytes = property(lambda self: self._numbers.nbytes)

    def reshape(self, *shape):
        return Buffer(self._numbers.reshape(*shape), self._memory, self.lease)

    def __getitem__(self, rows):
        if not isinstance(rows, slice) or rows.step not in (None, 1):
            raise TypeError(f"a device's array gives neighbouring rows, a[2:5], got {rows!r}.")
        return Buffer(self._numbers[rows], self._memory, self.lease)

    def unowned(self):
        return Buffer(self._numbers, self._memory)

    def check(self):
        """Check that the fence is intact."""
        if np.any(self._memory[:FENCE] != POISON):
            raise IndexError(f"a kernel wrote before an array of shape {self.shape}.")


class CheckDriver:
    """An implementation of :class:`numba_lstm.kernels.cuda.runtime.protocol.Driver`.

    ``launches`` lists the launches, ``sent`` counts the uploads of batches.
    """

    def __init__(self, seed=0, **properties):
        self.properties = replace(PROPERTIES, **properties)
        self.seed = seed
        self.launches = []
        self.sent = 0

    def empty(self, shape, dtype):
        shape = (shape,) if isinstance(shape, int) else tuple(int(n) for n in shape)
        nbytes = math.prod(shape) * np.dtype(dtype).itemsize
        memory = guarded(FENCE + nbytes)
        memory[:] = POISON
        return Buffer(memory[FENCE:].view(dtype).reshape(shape), memory, Lease(lambda: None))

    def lend(self, block, shape, dtype, release):
        nbytes = math.prod(shape) * dtype.itemsize
        block._numbers[:] = POISON
        return Buffer(block._numbers[:nbytes].view(dtype).reshape(shape), block._memory, Lease(release))

    def upload(self, host):
        buffer = self.empty(host.shape, host.dtype)
        buffer._numbers[...] = host
        return buffer

    def send(self, host, dtype):
        self.sent += 1
        return self.upload(host.astype(dtype))

    def download(self, buffer):
        return buffer._numbers.copy()

    def launch(self, kernel, blocks, threads, args, shared=0, cooperative=False):
        blocks, threads = _three(blocks), _three(threads)
        limit = self.properties.shared_opt_in
        if math.prod(threads) > 1024 or threads[2] > 64 or max(blocks[1:]) > 65535 or min(*blocks, *threads) < 1:
            raise ValueError(f"{kernel!r}: no GPU takes {blocks} blocks of {threads} threads.")
        if shared > limit:
            raise ValueError(f"{kernel!r} asks for {shared} bytes of shared memory, a block has {limit}.")
        if cooperative and not self.properties.cooperative:
            raise ValueError(f"{kernel!r} is launched as a cooperative grid, which this device has not.")
        if cooperative and math.prod(blocks) > self.resident_blocks(kernel, threads, shared):
            raise ValueError(f"{kernel!r}: {math.prod(blocks)} blocks do not fit the device at once.")
        if kernel not in _codes:
            with _without_collector():
                _codes[kernel] = Code(kernel)
        self.launches.append(Launch(kernel, blocks, threads, shared))
        buffers = [a for a in args if isinstance(a, Buffer)]
        numbers = [a._numbers if isinstance(a, Buffer) else a for a in args]
        run(_codes[kernel], blocks, threads, numbers, shared, cooperative, self.seed)
        for buffer in buffers:
            buffer.check()

    def write(self, buffer, host):
        buffer._numbers[...] = host.reshape(buffer.shape)

    def copy(self, to, source):
        to._numbers[...] = source._numbers.reshape(to.shape)

    def program(self, work):
        return Program(self, work)

    def uploads(self, buffers):
        return Transfers(buffers, lambda buffer, array: self.write(buffer, array))

    def downloads(self, buffers):
        return Transfers(buffers, lambda buffer, array: np.copyto(array, buffer._numbers))

    def resident_blocks(self, kernel, threads, shared=0):
        by_threads = 2048 // math.prod(_three(threads))
        by_memory = self.properties.shared_opt_in // max(shared, 1)
        return self.properties.multiprocessors * min(by_threads, by_memory, 32)

    def synchronize(self):
        pass


class Program:
    """Recorded launches and copies, made again with their own arguments. Nothing is prepared."""

    def __init__(self, driver, work):
        self.driver, self.work = driver, list(work)

    def __call__(self):
        for item in self.work:
            if isinstance(item, Copy):
                self.driver.copy(*item)
            else:
                self.driver.launch(*item)

    def replace(self, index, first, numbers):
        launch = self.work[index]
        args = launch.args[:first] + tuple(numbers) + launch.args[first + len(numbers) :]
        self.work[index] = launch._replace(args=args)


class Transfers:
    """Copies between buffers and host arrays, which are poisoned."""

    def __init__(self, buffers, copy):
        self.buffers, self.copy = buffers, copy
        self.arrays = [np.full(buffer.nbytes, POISON, np.uint8).view(buffer.dtype).reshape(buffer.shape) for buffer in buffers]

    def __call__(self):
        for buffer, array in zip(self.buffers, self.arrays, strict=True):
            self.copy(buffer, array)

    def wait(self):
        pass


@contextmanager
def _without_collector():
    """Disable garbage collection. Compilation creates so many objects that it would take a tenth of the test time."""
    gc.disable()
    try:
        yield
    finally:
        gc.enable()


def _three(extent):
    sizes = (extent,) if isinstance(extent, int) else tuple(extent)
    return sizes + (1,) * (3 - len(sizes))
