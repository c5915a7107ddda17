"""Arrays that are mapped from files: the pages that batches have read are given back."""

from __future__ import annotations

import mmap
from typing import Any

import numpy as np

from ..batches import Samples, as_tuple

#: Bytes of samples that may stay in memory.
KEPT = 64 * 2**20


class MappedFiles:
    """Files from which samples are mapped.

    The pages that a process has read of a mapped file count as its memory until the system needs them for another one. Giving
    them back costs little: they stay in the system's cache of files.
    """

    def __init__(self, samples: Any) -> None:
        arrays = as_tuple(samples.x) + as_tuple(samples.target) if isinstance(samples, Samples) else ()
        self._maps = list({id(found): found for array in arrays if (found := _map_of(array)) is not None}.values())
        self._bytes = sum(array.nbytes // max(len(array), 1) for array in arrays if isinstance(array, np.ndarray))
        self._read = 0

    def has_read(self, samples: int) -> None:
        """Count samples that were read, and give their pages back from time to time."""
        if not self._maps:
            return
        self._read += samples * self._bytes
        if self._read >= KEPT:
            self._read = 0
            for found in self._maps:
                found.madvise(mmap.MADV_DONTNEED)


def _map_of(array: Any) -> mmap.mmap | None:
    """Return the map of the file that an array views; None for others, and for one whose changes are private."""
    while array is not None:
        if isinstance(array, np.memmap):
            found: Any = getattr(array, "_mmap", None)
            shared = getattr(array, "mode", "c") != "c"
            return found if found is not None and shared and hasattr(mmap, "MADV_DONTNEED") else None
        array = getattr(array, "base", None)
    return None
