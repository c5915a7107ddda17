"""A small pool of threads for parts of one op: independent parts, no barrier, nobody waits for a thread that has not begun.

Kernels release the interpreter's lock, so parts run at once. The caller takes parts too, and those that no worker has begun
when it is done with its own: two callers at once, or fewer threads than parts, cost time and never a deadlock. (Numba's own
``parallel=True`` aborts the process when two Python threads meet in its default layer: numba#8563.)
"""

from __future__ import annotations

import os
import threading
from collections.abc import Callable, Sequence
from queue import SimpleQueue
from typing import Any

import numpy as np
import numpy.typing as npt

from ..threads import get_num_threads
from .host import HOST
from .meeting import BROKEN_UP

#: Multiplications below which a hand-off (50 to 80 microseconds, and results that lie in another core's cache) costs more than
#: a second thread gains.
WORTHWHILE = 15_000_000 if HOST.wide else 4_000_000

#: Seconds that a gang waits for members, several times what waking a thread takes.
GATHERING = 0.0005


class _Job:
    """Parts of one op, given out one at a time."""

    def __init__(self, work: Callable[[int], None], parts: int) -> None:
        self.work, self.parts = work, parts
        self.lock = threading.Lock()
        self.begun = self.ended = 0
        self.error: BaseException | None = None
        self.done = threading.Event()

    def run(self) -> None:
        """Do parts until none is left."""
        while True:
            with self.lock:
                part = self.begun
                if part == self.parts:
                    return
                self.begun += 1
            try:
                self.work(part)
            except BaseException as error:  # noqa: BLE001 - raised again by whoever asked for the job
                self.error = error
            with self.lock:
                self.ended += 1
                if self.ended == self.parts:
                    self.done.set()


class _Share(threading.local):
    """Among how many calls of :func:`together` this thread shares the threads."""

    calls = 1


_share = _Share()
_queue: SimpleQueue[_Job | _Gang] = SimpleQueue()
_workers = 0
_starting = threading.Lock()


def _serve(queue: SimpleQueue[_Job | _Gang]) -> None:
    while True:
        queue.get().run()


def _forget() -> None:
    """A forked child has the parent's queue but none of its threads: begin anew."""
    global _queue, _workers, _starting
    _queue, _workers, _starting = SimpleQueue(), 0, threading.Lock()


if hasattr(os, "register_at_fork"):
    os.register_at_fork(after_in_child=_forget)


def _start(wanted: int) -> None:
    global _workers
    with _starting:
        while _workers < wanted:
            try:
                threading.Thread(target=_serve, args=(_queue,), name=f"numba_lstm-{_workers + 1}", daemon=True).start()
            except RuntimeError:  # the system has no more threads to give: callers do their parts themselves
                return
            _workers += 1


def threads() -> int:
    """How many threads an op of the calling thread may use."""
    return max(1, get_num_threads() // _share.calls)


def parts_for(multiplications: float, most: int) -> int:
    """CPU twin: by what a hand-off costs, and among the threads that the caller may use."""
    if multiplications < 2 * WORTHWHILE:  # the usual small op, without asking for more
        return 1
    return max(1, min(threads(), most, int(multiplications / WORTHWHILE)))


def run(parts: int, work: Callable[[int], None]) -> None:
    """``work(part)`` for part in range(parts), on as many threads."""
    if parts == 1:
        work(0)
        return
    if _workers < parts - 1:
        _start(parts - 1)
    job = _Job(work, parts)
    for _ in range(parts - 1):
        _queue.put(job)
    job.run()
    job.done.wait()
    if job.error is not None:
        raise job.error


class _Gang:
    """Members that run at the same time and may wait for each other: whoever has come when it starts, and nobody later."""

    def __init__(self, work: Callable[[int, int, npt.NDArray[np.int64]], None], most: int) -> None:
        self.work, self.most = work, most
        self.meeting = np.zeros(1, np.int64)
        self.lock = threading.Lock()
        self.members = 1
        self.started = False
        self.complete, self.go, self.done = threading.Event(), threading.Event(), threading.Event()
        self.left = 0
        self.error: BaseException | None = None

    def run(self) -> None:
        """Come, if the gang has not started, and work."""
        with self.lock:
            if self.started:
                return
            member = self.members
            self.members += 1
            if self.members == self.most:
                self.complete.set()
        self.go.wait()
        self.part(member)

    def start(self) -> None:
        """Wait a little for the others, then work with those that have come."""
        self.complete.wait(GATHERING)
        with self.lock:
            self.started = True
        self.go.set()
        self.part(0)
        self.done.wait()

    def part(self, member: int) -> None:
        try:
            self.work(member, self.members, self.meeting)
        except BaseException as error:  # noqa: BLE001 - raised again by whoever asked for the gang
            self.meeting[0] = BROKEN_UP
            self.error = error
        with self.lock:
            self.left += 1
            if self.left == self.members:
                self.done.set()


def gang(most: int, work: Callable[[int, int, npt.NDArray[np.int64]], None]) -> None:
    """``work(member, members, meeting)`` on up to ``most`` threads at the same time; they may :func:`~.meeting.meet`.

    Threads that other callers use do not come: the gang starts with fewer members, with one at least, and never waits for
    somebody who is not there.
    """
    if most > 1 and _workers < most - 1:
        _start(most - 1)
    job = _Gang(work, most)
    for _ in range(most - 1):
        _queue.put(job)
    if most == 1:
        job.complete.set()
    job.start()
    if job.error is not None:
        raise job.error


def together(calls: Sequence[Callable[[], Any]], work: float) -> list[Any]:
    """CPU twin: as parts of a job. A call's own ops have its share of the threads; they wait for parts of their own alone."""
    if parts_for(work, len(calls)) == 1:
        return [call() for call in calls]
    answers: list[Any] = [None] * len(calls)
    share = _share.calls * len(calls)

    def answer(part: int) -> None:
        before, _share.calls = _share.calls, share
        try:
            answers[part] = calls[part]()
        finally:
            _share.calls = before

    run(len(calls), answer)
    return answers


def span(n: int, part: int, parts: int) -> tuple[int, int]:
    """The ``part``-th of ``parts`` nearly equal ranges of range(n)."""
    return n * part // parts, n * (part + 1) // parts
