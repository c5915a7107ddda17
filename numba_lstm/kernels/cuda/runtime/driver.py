"""What kernels run on: memory, launches and facts of one device, as a protocol, and the driver of this process.

All other files reach a device through :func:`current` alone, so that kernels can run on anything that keeps :class:`Driver`.
"""

from __future__ import annotations

import threading
from dataclasses import dataclass
from typing import Any, Protocol

import numpy as np
import numpy.typing as npt

from ....forks import free_after_fork
from .compiler import Kernel

Extent = int | tuple[int, ...]  #: blocks of a grid or threads of a block, up to three numbers


@dataclass(frozen=True)
class Properties:
    """Facts about a device."""

    name: str
    compute_capability: tuple[int, int]
    multiprocessors: int
    shared: int  #: bytes of shared memory that a block may take as it is
    shared_opt_in: int  #: bytes that it may take where the kernel asks for more
    registers: int  #: of a block
    cooperative: bool  #: whether all blocks of a grid can be made to run at once
    memory: int  #: bytes


class Buffer(Protocol):
    """A C-contiguous array on a device. Views share its memory."""

    @property
    def shape(self) -> tuple[int, ...]:
        """Its sizes."""

    @property
    def dtype(self) -> np.dtype[Any]:
        """Its numbers' type."""

    @property
    def size(self) -> int:
        """How many numbers it has."""

    def reshape(self, *shape: int) -> Buffer:
        """A view of the same numbers, with other axes; -1 stands for what is left."""

    def __getitem__(self, rows: slice) -> Buffer:
        """A view of neighbouring rows (``a[2:5]``; steps are not taken)."""


class Driver(Protocol):
    """A device."""

    @property
    def properties(self) -> Properties:
        """Its facts."""

    def empty(self, shape: Extent, dtype: Any) -> Any:
        """A new :class:`Buffer`, its contents undefined. Raises MemoryError."""

    def upload(self, host: npt.NDArray[Any]) -> Any:
        """A new buffer with the numbers of a C-contiguous host array, which may be changed as soon as this returns."""

    def send(self, host: npt.NDArray[Any], dtype: Any) -> Any:
        """As :meth:`upload`, for a batch: of any strides, as ``dtype``, and beside the kernels that were launched before.

        Only kernels that are launched later wait for it, so the next batch goes up while the present one is computed.
        """

    def download(self, buffer: Any) -> npt.NDArray[Any]:
        """A new host array with the numbers of a buffer, after all that was launched before."""

    def launch(
        self, kernel: Kernel, blocks: Extent, threads: Extent, args: tuple[Any, ...], shared: int = 0, cooperative: bool = False
    ) -> None:
        """Run a kernel after all that was launched before; ``shared`` is the bytes of its dynamic shared memory.

        ``cooperative`` asks for all blocks at once, and has to be True exactly where the kernel takes ``cuda.cg.this_grid()``.
        """

    def resident_blocks(self, kernel: Kernel, threads: Extent, shared: int = 0) -> int:
        """How many blocks of a kernel the device holds at once: the largest grid of a cooperative launch."""

    def synchronize(self) -> None:
        """Wait for all that was launched."""


_lock = free_after_fork(threading.Lock())
_bound: Driver | None = None


def current() -> Driver:
    """The driver of this process; that of the real device is made at the first use.

    Raises
    ------
    RuntimeError
        Where there is no usable device: what is missing, and what installs it.
    """
    global _bound
    if _bound is None:
        from .gpu import GPU

        with _lock:
            if _bound is None:
                _bound = GPU()
    return _bound


def bind(driver: Driver | None) -> Driver | None:
    """Make ``driver`` the one that :func:`current` answers, and answer the one it was before: for tests."""
    global _bound
    before, _bound = _bound, driver
    return before
