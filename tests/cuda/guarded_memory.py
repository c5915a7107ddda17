"""Memory of device arrays that ends where a page begins that nobody may touch, so a read beyond an array is found too."""

from __future__ import annotations

import ctypes
import mmap
import weakref

import numpy as np

PAGE = mmap.PAGESIZE
LIBC = ctypes.CDLL(None, use_errno=True)
LIBC.mmap.restype = ctypes.c_void_p
LIBC.mmap.argtypes = [ctypes.c_void_p, ctypes.c_size_t, ctypes.c_int, ctypes.c_int, ctypes.c_int, ctypes.c_size_t]
LIBC.mprotect.argtypes = [ctypes.c_void_p, ctypes.c_size_t, ctypes.c_int]
LIBC.munmap.argtypes = [ctypes.c_void_p, ctypes.c_size_t]


def guarded(nbytes):
    """Return an array of so many bytes in front of a page that nobody may touch."""
    capacity = -(-nbytes // PAGE) * PAGE
    access = mmap.PROT_READ | mmap.PROT_WRITE
    first = LIBC.mmap(None, capacity + PAGE, access, mmap.MAP_PRIVATE | mmap.MAP_ANONYMOUS, -1, 0)
    if first in (None, ctypes.c_void_p(-1).value):
        raise MemoryError(f"no {capacity + PAGE} bytes for an array of the emulated device.")
    LIBC.mprotect(first + capacity, PAGE, 0)
    memory = (ctypes.c_uint8 * nbytes).from_address(first + capacity - nbytes)
    weakref.finalize(memory, LIBC.munmap, first, capacity + PAGE)
    return np.frombuffer(memory, np.uint8)
