"""The memory map of an exported stream: which arrays its calls read and write, and where each lies in a C program.

Arrays of weights are constant. All others, states, buffers and records of arguments, are copied into the memory of each
instance. An address is found by the array that it points into, so that calls and records can be written for any memory.
"""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from typing import Any, NamedTuple

import numpy as np
import numpy.typing as npt

from ..compiler.jit import CFunction, Kernel
from ..runtime.memory import LINE, extent

Array = npt.NDArray[Any]

#: Any word from here on is an address: sizes and strides are smaller. A Python that is no position-independent executable has
#: small arrays at lower addresses, too, which are told from numbers by the arrays that they point into.
FIRST_ADDRESS = 1 << 32

#: Most bytes of scratch on the stack: what the registers of a processor hold.
LOCAL_BYTES = 512

#: Bytes at the beginning of an instance: the number of the step, and the address of the weights.
HEADER = LINE


@dataclass
class Segment:
    """Consecutive bytes of this process that a call reads or writes."""

    first: int
    end: int
    constant: bool
    words: list[tuple[int, int]] = field(default_factory=list)  #: first and end of arrays whose words may be addresses
    place: int = 0  #: of the first byte, among the weights or in an instance
    base: Array | None = None
    scratch: bool = False  #: whether nothing reads it after the call that writes it

    @property
    def size(self) -> int:
        """Bytes, to the end of the last line."""
        return -(-(self.end - self.first) // LINE) * LINE

    def content(self) -> bytearray:
        """Return a copy of the bytes."""
        assert self.base is not None
        start = self.first - _start(self.base)
        return bytearray(self.base.reshape(-1, order="A").view(np.uint8)[start : start + self.end - self.first])


class Place(NamedTuple):
    """A byte of a C program: an offset among the weights, or in an instance; or in ``local`` bytes on the stack of a step."""

    constant: bool
    offset: int
    local: int = 0


class MemoryMap:
    """The arrays of a stream.

    Parameters
    ----------
    constants : iterable
        Arrays of weights and of their prepared forms, in any nesting.
    arrays : iterable
        All other arrays of the calls, and what they refer to.
    scratch : iterable
        Those among them that nothing reads after the call that writes them.
    """

    def __init__(self, constants: Iterable[Any], arrays: Iterable[Any], scratch: Iterable[Array] = ()) -> None:
        self._empty: set[int] = set()  #: addresses of arrays without elements
        self._segments: dict[int, Segment] = {}  #: by the first byte of their array
        for constant, values in ((True, constants), (False, arrays)):
            for array in arrays_in(values, set()):
                self._add(array, constant)
        for array in scratch:
            self._segments[_start(base_of(array))].scratch = True
        self._firsts = sorted(self._segments)
        self._lowest = min(FIRST_ADDRESS, *self._firsts, *self._empty)
        self._used: dict[int, Segment] = {}

    def _add(self, array: Array, constant: bool) -> None:
        if array.size == 0:
            self._empty.add(_start(array))
            return
        base = base_of(array)
        start, first = _start(base), _start(array)
        end = first + extent(array)
        segment = self._segments.get(start)
        if segment is None:
            segment = self._segments[start] = Segment(first, end, constant, base=base)
        if not segment.constant and base.dtype != np.uint8:  # a kernel may take the first element of an array for all of it
            segment.first, segment.end = start, start + base.nbytes
        segment.first, segment.end = min(segment.first, first), max(segment.end, end)
        is_buffer = base.dtype == np.uint8 and array.dtype != np.uint8
        if is_buffer:  # memory.aligned has spare lines at its ends, of which kernels may read the last
            segment.end = max(segment.end, start + -start % LINE + base.nbytes - LINE)
        if array.dtype == np.int64 or array.dtype.names is not None:
            segment.words.append((first, end))

    def find(self, address: int) -> tuple[Segment, int] | None:
        """Return the segment with an address, which is used from now on, and the offset in it.

        None is returned for a number, and for the address of an array without elements.

        Raises
        ------
        LookupError
            For an address of unknown memory.
        """
        k = bisect_right(self._firsts, address) - 1
        segment = self._segments[self._firsts[k]] if k >= 0 else None
        if segment is None or not segment.first <= address < segment.end:
            if address >= FIRST_ADDRESS and address not in self._empty:
                raise LookupError(f"the address {address:#x} is that of no known array")
            return None
        self._used[self._firsts[k]] = segment
        return segment, address - segment.first

    def visit_records(self, is_function: Any) -> None:
        """Use all segments to which words of used ones point, directly or not."""
        visited: set[int] = set()
        while len(visited) < len(self._used):
            for start, segment in list(self._used.items()):
                if start not in visited:
                    visited.add(start)
                    for _, word in self.addresses(segment):
                        if not is_function(word):
                            self.find(word)

    def addresses(self, segment: Segment) -> list[tuple[int, int]]:
        """Return the words in the records of a segment that may be addresses: the offset of each, and its value."""
        if segment.constant:
            return []
        content, found = segment.content(), {}
        for first, end in segment.words:
            words = np.frombuffer(content, np.int64, (end - first) // 8, first - segment.first)
            found |= {first - segment.first + 8 * int(k): int(words[k]) for k in np.flatnonzero(words >= self._lowest)}
        return sorted(found.items())

    def lay_out(self) -> tuple[int, int]:
        """Place the used segments, in the order of their use; return the bytes of weights and of an instance.

        Scratch of all calls is in the same memory, or on the stack where it is small.
        """
        ends, scratch = {True: 0, False: HEADER}, [segment for segment in self._used.values() if segment.scratch]
        for segment in self.segments:
            segment.place = ends[segment.constant]
            ends[segment.constant] += segment.size
        for segment in scratch:
            segment.place = ends[False]
        return ends[True], ends[False] + max((segment.size for segment in scratch if not is_local(segment)), default=0)

    def is_number(self, word: int) -> bool:
        """Whether a word that is in no segment is a number, and not the address of an array without elements."""
        return word < FIRST_ADDRESS and word not in self._empty

    @property
    def segments(self) -> list[Segment]:
        """The used segments but scratch, which begins with nothing."""
        return [segment for segment in self._used.values() if not segment.scratch]

    def place(self, address: int) -> Place | None:
        """Return where an address lies in a C program; None for a number."""
        found = self.find(address)
        if found is None:
            return None
        segment, offset = found
        return Place(False, offset, segment.size) if is_local(segment) else Place(segment.constant, segment.place + offset)


def is_local(segment: Segment) -> bool:
    """Whether a segment is on the stack, from where LLVM moves it to registers."""
    return segment.scratch and segment.size <= LOCAL_BYTES


def base_of(array: Array) -> Array:
    """Return the array that has the memory of a view."""
    while isinstance(array.base, np.ndarray):
        array = array.base
    return array


def _start(array: Array) -> int:
    return int(array.__array_interface__["data"][0])


def arrays_in(value: Any, seen: set[int]) -> Iterator[Array]:
    """Yield the arrays of a value: an array, a collection, or an object with attributes."""
    if isinstance(value, np.ndarray):
        yield value
    elif not isinstance(value, (str, bytes, int, float, type, CFunction, Kernel)) and id(value) not in seen:
        seen.add(id(value))
        if isinstance(value, dict):
            content: Iterable[Any] = value.values()
        elif isinstance(value, (list, tuple, set)):
            content = value
        else:
            content = vars(value).values() if hasattr(value, "__dict__") else ()
        for entry in content:
            yield from arrays_in(entry, seen)
