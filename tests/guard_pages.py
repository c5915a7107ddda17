"""NumPy's memory between guard pages: an access to what lies before or behind an array ends the process.

NumPy takes the memory of arrays from a handler (NEP 49). This one gives every array pages of its own between two that nobody
may touch. The array ends where the last page does, or begins where the first one does. The bytes that are left on its pages
are checked when it goes, and its pages go with it.
"""

from __future__ import annotations

import ctypes
import mmap
import threading
from ctypes import CFUNCTYPE, POINTER, PYFUNCTYPE, Structure, c_char, c_int, c_size_t, c_uint8, c_void_p, py_object

import numpy as np
import numpy.typing as npt
from numpy._core import _multiarray_umath

PAGE = mmap.PAGESIZE
SET_HANDLER = 304  #: PyDataMem_SetHandler's place in NumPy's table of C functions
FILL = b"\xff"

MALLOC = CFUNCTYPE(c_void_p, c_void_p, c_size_t)
CALLOC = CFUNCTYPE(c_void_p, c_void_p, c_size_t, c_size_t)
REALLOC = CFUNCTYPE(c_void_p, c_void_p, c_void_p, c_size_t)
FREE = CFUNCTYPE(None, c_void_p, c_void_p, c_size_t)


class _Allocator(Structure):
    _fields_ = [("ctx", c_void_p), ("malloc", MALLOC), ("calloc", CALLOC), ("realloc", REALLOC), ("free", FREE)]


class _Handler(Structure):
    _fields_ = [("name", c_char * 127), ("version", c_uint8), ("allocator", _Allocator)]


_libc = ctypes.CDLL(None, use_errno=True)
_libc.mmap.restype = c_void_p
_libc.mmap.argtypes = [c_void_p, c_size_t, c_int, c_int, c_int, c_size_t]
_libc.mprotect.argtypes = [c_void_p, c_size_t, c_int]
_libc.munmap.argtypes = [c_void_p, c_size_t]


class Guards:
    """A handler for all arrays from :meth:`install` on. It is never taken away: let the process end by ``os._exit``."""

    def __init__(self) -> None:
        self.behind = True  #: whether new arrays end where a page does; else they begin where one does
        self.made = 0
        self.overwritten: list[int] = []  #: sizes of arrays beside which something was written
        self._pieces: dict[int, tuple[int, int, int]] = {}  #: by an array's address: the first page, bytes of all, its own
        allocator = _Allocator(None, MALLOC(self._malloc), CALLOC(self._calloc), REALLOC(self._realloc), FREE(self._free))
        self._handler = _Handler(b"guard_pages", 1, allocator)
        new = ctypes.pythonapi.PyCapsule_New
        new.restype, new.argtypes = py_object, [c_void_p, ctypes.c_char_p, c_void_p]
        self._capsule = new(ctypes.addressof(self._handler), b"mem_handler", None)

    def install(self) -> None:
        """Take over, in this thread and in those that start from now on: NumPy asks for the handler of a context."""
        self._take_over()
        run = threading.Thread.run

        def run_guarded(thread: threading.Thread) -> None:
            self._take_over()
            run(thread)

        threading.Thread.run = run_guarded  # type: ignore[method-assign]

    def _take_over(self) -> None:
        get = ctypes.pythonapi.PyCapsule_GetPointer
        get.restype, get.argtypes = c_void_p, [py_object, ctypes.c_char_p]
        table = ctypes.cast(get(_multiarray_umath._ARRAY_API, None), POINTER(c_void_p))
        PYFUNCTYPE(py_object, py_object)(table[SET_HANDLER])(self._capsule)

    def only_to_read(self, array: npt.NDArray[np.generic], rest: int) -> None:
        """Let the last ``rest`` bytes of an array's memory be read, but find what writes there."""
        at = array.ctypes.data
        first, all_, size = self._pieces[at]
        self._pieces[at] = first, all_, size - rest

    def _malloc(self, _: int, size: int, fill: bytes = FILL) -> int:
        capacity = -(-max(size, 1) // PAGE) * PAGE
        first = _libc.mmap(
            None, capacity + 2 * PAGE, mmap.PROT_READ | mmap.PROT_WRITE, mmap.MAP_PRIVATE | mmap.MAP_ANONYMOUS, -1, 0
        )
        inside = first + PAGE
        ctypes.memset(inside, FILL[0], capacity)
        _libc.mprotect(first, PAGE, 0)
        _libc.mprotect(inside + capacity, PAGE, 0)
        at: int = inside + capacity - size if self.behind else inside
        ctypes.memset(at, fill[0], size)
        self._pieces[at] = first, capacity + 2 * PAGE, size
        self.made += 1
        return at

    def _calloc(self, _: int, count: int, size: int) -> int:
        return self._malloc(0, count * size, b"\0")

    def _realloc(self, _: int, old: int | None, size: int) -> int:
        at = self._malloc(0, size)
        if old:
            ctypes.memmove(at, old, min(size, self._pieces[old][2]))
            self._free(0, old, 0)
        return at

    def _free(self, _: int, at: int | None, __: int) -> None:
        if not at:
            return
        first, all_, size = self._pieces.pop(at)
        before, behind = at - first - PAGE, first + all_ - PAGE - at - size
        if ctypes.string_at(first + PAGE, before) != FILL * before or ctypes.string_at(at + size, behind) != FILL * behind:
            self.overwritten.append(size)
        _libc.munmap(first, all_)
