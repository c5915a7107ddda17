"""What ops do, as values: a call of a kernel, the same in parts for several threads, or by a gang whose members meet.

All of them are called without arguments. A :class:`Call` by itself goes through the interpreter. Lists of any of these become a
*score* (:class:`Score`), which compiled code walks along without it (:mod:`.crew`).
"""

from __future__ import annotations

from array import array
from collections.abc import Callable, Iterable, Sequence
from itertools import groupby
from struct import pack
from threading import Lock
from typing import Any, NamedTuple

import numpy.typing as npt

from ..compiler.jit import ArrayArgument, Entry, entry
from . import executor, thread_pool
from .memory import address, reach
from .strides import rows_follow

Array = npt.NDArray[Any]


class Call:
    """A kernel with its arguments."""

    __slots__ = ("arguments", "kernel")

    def __init__(self, kernel: Any, *arguments: Any) -> None:
        self.kernel, self.arguments = kernel, arguments

    def __call__(self) -> None:
        self.kernel(*self.arguments)


class Parts:
    """Calls that do not depend on each other."""

    __slots__ = ("calls",)

    def __init__(self, calls: Iterable[Call]) -> None:
        self.calls = tuple(calls)

    def __call__(self) -> None:
        if thread_pool.threads() > 1:
            Score([self])()
        else:
            for call in self.calls:
                call()


class Gang:
    """Calls of one kernel that run at the same time and :func:`~.meeting.meet`: as many of them as there are threads just then.

    The last argument of each is the number of members, and is filled in when they have come.
    """

    __slots__ = ("calls", "meeting")

    def __init__(self, calls: Iterable[Call], meeting: Array) -> None:
        self.calls, self.meeting = tuple(calls), meeting

    def __call__(self) -> None:
        Score([self])()


Work = Call | Parts | Gang


def in_parts(n: int, parts: int, call: Callable[[int, tuple[int, int]], Call]) -> Call | Parts:
    """``call(part, (first, last))`` for nearly equal ranges of range(n); by itself where there is one part."""
    return call(0, (0, n)) if parts == 1 else Parts(call(part, span(n, part, parts)) for part in range(parts))


def side_by_side(calls: Sequence[Call], multiplications: float) -> list[Call | Parts]:
    """Calls that do not depend on each other, of so many multiplications in all, in parts if worth it."""
    return [Parts(calls)] if thread_pool.parts_for(multiplications, len(calls)) > 1 else list(calls)


def span(n: int, part: int, parts: int) -> tuple[int, int]:
    """The ``part``-th of ``parts`` nearly equal ranges of range(n)."""
    return n * part // parts, n * (part + 1) // parts


def calls_of(work: Work) -> tuple[Call, ...]:
    """The calls of a work."""
    return (work,) if isinstance(work, Call) else work.calls


class Score:
    """Works that compiled code does one after the other, on as many threads as they have parts.

    ``x`` is an array of no negative strides in whose place others may come that lie like it.
    """

    def __init__(self, works: Sequence[Work], x: Array | None = None) -> None:
        known: dict[tuple[int, int], tuple[int, ...]] = {}
        blocks, stages = [], []
        places = None if x is None else _Places(address(x), address(x) + reach(x), [])
        for work in works:
            calls = []
            for call in calls_of(work):
                how = entry(call.kernel)
                block = _block(how, call, known, places)
                blocks.append(block)
                calls.append((how.caller, *block.buffer_info()))
            stages.append((address(work.meeting) if isinstance(work, Gang) else 0, calls))
        self._kept = works, blocks
        self._free = Lock()
        self._words = executor.table(stages)
        self._at = self._words.buffer_info()[0]
        self._most = max([len(calls) for _, calls in stages], default=1)
        self._places = places

    def __call__(self, x: int | None = None, *, wake: bool = True, patient: bool = True) -> None:
        """Do it, see :func:`.pool.perform`, with what lies from the address ``x`` on instead of the x of the beginning.

        Raises
        ------
        RuntimeError
            While another thread does it.
        """
        if not self._free.acquire(blocking=False):
            raise RuntimeError("another thread is using this just now, and it serves one at a time. Make a stream for each.")
        try:
            if x is not None and self._places is not None:
                for block, word, offset in self._places.found:
                    block[word] = x + offset
            thread_pool.perform(self._at, self._most, wake=wake, patient=patient)
        finally:
            self._free.release()


def in_order(works: Iterable[Work]) -> None:
    """Do works one after the other: as one score where there are threads to share any, so that helpers come once for all.

    Gangs are scores of their own: one that nobody joins does all alone, so each calls for its members.
    """
    works = list(works)
    kinds = {type(work) for work in works}
    if len(works) > 1 and thread_pool.threads() > 1 and Parts in kinds and Gang not in kinds:
        Score(works)()
    else:
        for work in works:
            work()


def scores(works: Iterable[Work], x: Array | None = None) -> list[Score]:
    """The same as scores, to be done in this order over and over."""
    made: list[Score] = []
    for gang, own in groupby(works, lambda work: isinstance(work, Gang)):
        following = list(own)
        made += [Score([work], x) for work in following] if gang else [Score(following, x)]
    return made


class _Places(NamedTuple):
    """Where blocks have addresses of an array that begins and ends there."""

    first: int
    end: int
    found: list[tuple[array[int], int, int]]  #: a block, the word, and the distance from the first


def _block(how: Entry, call: Call, known: dict[tuple[int, int], tuple[int, ...]], places: _Places | None) -> array[int]:
    """The address of a kernel, and its arguments as the words that its machine code takes them for."""
    block = array("q", (how.address,))
    for kind, value in zip(how.arguments, call.arguments, strict=True):
        if kind is int:
            if places is not None and places.first <= value < places.end:  # an address, which no size comes near
                places.found.append((block, len(block), value - places.first))
            block.append(value)
        elif kind is float:
            block.frombytes(pack("d", value))
        else:
            words = known.get((id(value), id(kind)))
            if words is None:
                words = known[id(value), id(kind)] = _words(kind, value)
            if places is not None and places.first <= words[ADDRESS] < places.end:
                places.found.append((block, len(block) + ADDRESS, words[ADDRESS] - places.first))
            block.extend(words)
    return block


#: Which of these words is the address.
ADDRESS = 4


def _words(kind: ArrayArgument, value: Array) -> tuple[int, ...]:
    """An array as Numba knows it: no owner, its size, the bytes of an element, its address, shape and strides."""
    lies = value.flags.c_contiguous if kind.contiguous else rows_follow(value) or value.ndim == 1
    if value.ndim != kind.ndim or value.dtype != kind.dtype or not lies:
        raise TypeError(f"a kernel takes {kind} here, got {value.dtype} of shape {value.shape}, strides {value.strides}.")
    return 0, 0, value.size, value.itemsize, address(value), *value.shape, *value.strides
