"""The driver protocol: memory, launches and properties of one device."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Protocol

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

    def reshape(self, *shape: int) -> Buffer:
        """Return a view with another shape. One size may be -1, and is inferred."""

    def __getitem__(self, rows: slice) -> Buffer:
        """Return a view of contiguous rows (``a[2:5]``, without a step)."""


class Driver(Protocol):
    """A device."""

    @property
    def properties(self) -> Properties:
        """The properties of the device."""

    def empty(self, shape: Extent, dtype: Any) -> Any:
        """Return a new :class:`Buffer`, its contents undefined. Raises MemoryError."""

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

    def resident_blocks(self, kernel: Kernel, threads: Extent, shared: int = 0) -> int:
        """Return the maximum number of resident blocks of a kernel: the largest grid of a cooperative launch."""

    def synchronize(self) -> None:
        """Wait for all launches."""
