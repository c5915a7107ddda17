"""Recordings: the launches of ops, kept instead of made, of which a plan (:mod:`.plans`) is made.

While a thread records, the arrays that ops return are buffers, whose elements mean nothing until the launches are made. So an
op may look at shapes and dtypes of its inputs, and never at elements.
"""

from __future__ import annotations

import math
from collections import defaultdict
from collections.abc import Callable, Iterable
from functools import partial
from typing import Any

import numpy as np
import numpy.typing as npt

from ..op_types import Weight
from .runtime import driver
from .runtime.compiler import Kernel
from .runtime.gpu_memory import block_size
from .runtime.protocol import Copy, Driver, Extent, Launch

Array = Any
Host = npt.NDArray[Any]

FORM = "cuda"  #: name of the prepared form of a weight: its copy on the device


class KeyStep(int):
    """The step of a key among the arguments of a launch, which each call of a plan replaces."""


class Recording:
    """A :class:`.runtime.protocol.Driver` that keeps launches instead of making them.

    It owns the memory of the arrays that ops make, so a plan keeps it. Launches do not keep their arrays: where ops drop one, a
    later array takes its place, as in single ops.

    Parameters
    ----------
    device : Driver
        The device.
    copies_weights : bool
        Whether launches read copies of the weights, which later updates do not change.
    """

    def __init__(self, device: Driver, *, copies_weights: bool = False) -> None:
        self._device, self._copies_weights, self.properties = device, copies_weights, device.properties
        self.work: list[Launch | Copy] = []
        self.keys: list[tuple[int, int]] = []  #: launches and their arguments that are the step of a key
        self.weights: dict[int, tuple[Weight, Array]] = {}  #: weights that are read, with their arrays, by their identities
        self.written: dict[int, tuple[Weight, Array]] = {}  #: those that launches write
        self.rings: dict[int, Array] = {}  #: (2, N, ...) of the states of a stream, by the identity of the first entry
        self._constants: list[Array] = []  #: which no later array may take the place of
        self._free: defaultdict[int, list[Array]] = defaultdict(list)  #: blocks by their bytes

    def empty(self, shape: Extent, dtype: Any) -> Array:
        """Return an array in a block of the recording."""
        shape, dtype = (shape,) if isinstance(shape, int) else tuple(map(int, shape)), np.dtype(dtype)
        size = block_size(math.prod(shape) * dtype.itemsize)
        free = self._free[size]
        block = free.pop() if free else self._device.empty(size, np.uint8)
        return self._device.lend(block, shape, dtype, partial(free.append, block))

    def lend(self, block: Array, shape: tuple[int, ...], dtype: Any, release: Callable[[], None]) -> Array:
        """Return what the device does."""
        return self._device.lend(block, shape, dtype, release)

    def upload(self, host: Host) -> Array:
        """Copy a constant of an op, once for all calls of the plan."""
        self._constants.append(self._device.upload(host))
        return self._constants[-1]

    def send(self, host: Host, dtype: Any) -> Array:
        """Copy a constant of an op, once for all calls of the plan."""
        return self.upload(np.ascontiguousarray(host, dtype))

    def launch(
        self, kernel: Kernel, blocks: Extent, threads: Extent, args: tuple[Any, ...], shared: int = 0, cooperative: bool = False
    ) -> None:
        """Keep a launch."""
        self.keys += [(len(self.work), k) for k, arg in enumerate(args) if type(arg) is KeyStep]
        args = tuple(arg.unowned() if hasattr(arg, "unowned") else arg for arg in args)
        self.work.append(Launch(kernel, blocks, threads, args, shared, cooperative))

    def copy(self, to: Array, source: Array) -> None:
        """Keep a copy."""
        self.work.append(Copy(to.unowned(), source.unowned()))

    def resident_blocks(self, kernel: Kernel, threads: Extent, shared: int = 0) -> int:
        """Return that of the device."""
        return self._device.resident_blocks(kernel, threads, shared)

    def download(self, buffer: Array) -> Host:
        """Raise RuntimeError, since arrays hold nothing yet."""
        raise RuntimeError("a plan is being recorded, and its arrays hold nothing yet. Compute with ops, or without a plan.")

    write = uploads = downloads = program = synchronize = download

    def device_value(self, weight: Weight) -> Array:
        """Return the array of a weight that launches read."""
        found = self.weights.get(id(weight))
        if found is None:
            array = upload(weight.value) if self._copies_weights else weight.prepared(FORM, upload)
            found = self.weights[id(weight)] = weight, array
        return found[1]


def active() -> Recording | None:
    """Return the recording of the calling thread, or None."""
    return driver.recorder()  # type: ignore[return-value]  # nothing else records


def upload(host: Host) -> Array:
    """Return a copy on the device of what is no constant of an op."""
    return driver.device().upload(np.ascontiguousarray(host))


class HeldWeights:
    """Weights with the arrays that launches read or write at each call.

    Parameters
    ----------
    weights : iterable of pairs
        Weights and their arrays.
    """

    def __init__(self, weights: Iterable[tuple[Weight, Array]]) -> None:
        self._weights = list(weights)
        self._versions: list[int] = []

    def hold(self) -> None:
        """Let the arrays hold the values again, of which some may have been assigned since the last call."""
        if self._versions == [weight.version for weight, _ in self._weights]:
            return
        for weight, array in self._weights:
            content = weight.prepared(FORM, upload)
            if content is not array:
                driver.device().copy(array, content)
                weight.written_as(FORM, array, fetch)
        self._versions = [weight.version for weight, _ in self._weights]

    def written(self) -> None:
        """Let the values be those that launches have written."""
        for weight, array in self._weights:
            weight.written_as(FORM, array, fetch)
        self._versions = [weight.version for weight, _ in self._weights]


def fetch(array: Array) -> Host:
    """Return a copy of the array of a weight, also while launches are recorded: it holds the value."""
    return driver.device().download(array)


def state_ring(state: Array | None) -> Array | None:
    """Return the ring (2, ...) whose first entry is this state of a stream, for the op that writes the second one, or None.

    A state has it once: only one op may write the ring.
    """
    recording = active()
    return None if recording is None else recording.rings.pop(id(state), None)
