"""The driver protocol: memory, launches and properties of one device."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any, NamedTuple, Protocol

import numpy as np
import numpy.typing as npt

from .compiler import Kernel

Extent = int | tuple[int, ...]  #: blocks of a grid or threads of a block, up to three numbers


@dataclass(frozen=True)
class Properties:
    """Properties of a device."""

    name: str
    compute_capability: tuple[int, int]
    multiprocessors: int
    shared: int  #: bytes of shared memory that a block has by default
    shared_opt_in: int  #: bytes of shared memory that a kernel may opt in to
    registers: int  #: per block
    cooperative: bool  #: whether cooperative launches are supported
    memory: int  #: bytes of device memory


class Buffer(Protocol):
    """A C-contiguous device array. Views share its memory."""

    @property
    def shape(self) -> tuple[int, ...]:
        """The size of each axis."""

    @property
    def dtype(self) -> np.dtype[Any]:
        """The type of the elements."""

    @property
    def size(self) -> int:
        """The number of elements."""

    @property
    def lease(self) -> Any:
        """What keeps the memory. Views share it."""

    def unowned(self) -> Buffer:
        """Return a view that does not keep the memory."""

    def reshape(self, *shape: int) -> Buffer:
        """Return a view with another shape. One size may be -1, and is inferred."""

    def __getitem__(self, rows: slice) -> Buffer:
        """Return a view of contiguous rows (``a[2:5]``, without a step)."""


class Launch(NamedTuple):
    """A launch of a kernel: the arguments of :meth:`Driver.launch`."""

    kernel: Kernel
    blocks: Extent
    threads: Extent
    args: tuple[Any, ...]
    shared: int = 0
    cooperative: bool = False


class Copy(NamedTuple):
    """A copy from one buffer to another one of its size."""

    to: Any
    source: Any


class Program(Protocol):
    """Launches and copies in their order, prepared once to run many times. One thread at a time may use it."""

    def __call__(self) -> None:
        """Queue all launches and copies after earlier work."""

    def replace(self, index: int, first: int, numbers: Sequence[float]) -> None:
        """Replace the ``numbers`` among the arguments of a launch, from the argument ``first`` on, for later runs."""


class Transfers(Protocol):
    """Copies between the same host arrays and the same buffers, to make many times."""

    arrays: list[npt.NDArray[Any]]  #: one for each buffer; nobody may write them while copies from them are queued

    def __call__(self) -> None:
        """Queue the copies after earlier work."""

    def wait(self) -> None:
        """Wait until all copies, and all other work, have ended."""


class Driver(Protocol):
    """A device."""

    @property
    def properties(self) -> Properties:
        """The properties of the device."""

    def empty(self, shape: Extent, dtype: Any) -> Any:
        """Return a new :class:`Buffer`, its contents undefined. Raises MemoryError."""

    def lend(self, block: Any, shape: tuple[int, ...], dtype: np.dtype[Any], release: Callable[[], None]) -> Any:
        """Return a buffer in the memory of another one. ``release`` is called when none of its views remains."""

    def upload(self, host: npt.NDArray[Any]) -> Any:
        """Copy a C-contiguous host array to a new buffer. The caller may change the array after the return."""

    def send(self, host: npt.NDArray[Any], dtype: Any) -> Any:
        """Copy a batch of any strides to a new buffer of ``dtype``, concurrently with kernels that were launched before.

        Only kernels that are launched later wait for it, so the next batch is uploaded during the computation on this one.
        """

    def download(self, buffer: Any) -> npt.NDArray[Any]:
        """Copy a buffer to a new host array, after all earlier launches."""

    def launch(
        self, kernel: Kernel, blocks: Extent, threads: Extent, args: tuple[Any, ...], shared: int = 0, cooperative: bool = False
    ) -> None:
        """Run a kernel after all earlier launches, with ``shared`` bytes of dynamic shared memory.

        ``cooperative`` makes all blocks resident at the same time. It must be True exactly for kernels that use
        ``cuda.cg.this_grid()``.
        """

    def copy(self, to: Any, source: Any) -> None:
        """Copy a buffer to another one of its size, after all earlier launches."""

    def write(self, buffer: Any, host: npt.NDArray[Any]) -> None:
        """Copy a C-contiguous host array to a buffer of its size, after all earlier launches, and wait for it."""

    def program(self, work: Sequence[Launch | Copy]) -> Program:
        """Return launches and copies to run many times. It keeps their buffers."""

    def uploads(self, buffers: Sequence[Any]) -> Transfers:
        """Return copies to ``buffers`` to make many times."""

    def downloads(self, buffers: Sequence[Any]) -> Transfers:
        """Return copies from ``buffers`` to make many times."""

    def resident_blocks(self, kernel: Kernel, threads: Extent, shared: int = 0) -> int:
        """Return the maximum number of resident blocks of a kernel: the largest grid of a cooperative launch."""

    def synchronize(self) -> None:
        """Wait for all launches."""
