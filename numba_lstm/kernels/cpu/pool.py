"""A small pool of threads for parts of one op, and for whole scores of works.

What compiled code does it does without the interpreter (:mod:`.crew`): a worker that has been of use looks out for more for a
while, and is there in a microsecond. Calls of Python's functions (:func:`together`) are handed over by a queue, which takes 50
to 80. Either way a caller does what nobody else has begun: two callers at once, or fewer threads than parts, cost time and
never a deadlock. (Numba's own ``parallel=True`` aborts the process when two Python threads meet in its default layer:
numba#8563.)
"""

from __future__ import annotations

import atexit
import os
import threading
import time
from collections.abc import Callable, Sequence
from functools import cache
from queue import SimpleQueue
from typing import Any, Protocol

import numpy as np
import numpy.typing as npt

from ..threads import get_num_threads
from . import crew
from .host import HOST
from .memory import address, aligned

#: Multiplications below which a second thread's help is not worth what it costs: a microsecond until it comes, the score, and
#: results that lie in another core's cache.
WORTHWHILE = 3_000_000 if HOST.wide else 1_500_000

#: The same of calls of Python's functions, which a queue hands over.
WORTH_A_QUEUE = 15_000_000 if HOST.wide else 4_000_000

#: Seconds that a gang waits for members who were woken, several times what waking a thread takes.
GATHERING = 0.0005

#: Seconds that a worker looks out for more to do before it goes to sleep.
LINGERING = 0.001

#: Seconds that the end of the interpreter waits for each of them.
LEAVING = 1.0

#: Workers at most.
MOST = 256


class Helpful(Protocol):
    """What the queue holds."""

    def run(self) -> None:
        """Help with it, if there is still something to do."""


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
_queue: SimpleQueue[Helpful | None] = SimpleQueue()
_workers = 0
_threads: list[threading.Thread] = []
_starting = threading.Lock()
_boards = aligned((MOST, crew.BOARD), np.int64)
_boards[...] = crew.ASLEEP
_BOARDS = address(_boards)


def _serve(queue: SimpleQueue[Helpful | None], board: npt.NDArray[np.int64]) -> None:
    serve, at, patience = crew.compiled(crew.serve), address(board), _looks(LINGERING)
    while True:
        board[crew.STATE] = crew.ASLEEP
        job = queue.get()
        board[crew.STATE] = crew.BUSY
        if job is None:
            return
        job.run()
        del job  # else what it holds would live until the next one comes
        if queue.empty():
            serve(at, patience)


def _forget() -> None:
    """A forked child has the parent's queue but none of its threads: begin anew."""
    global _queue, _workers, _starting
    _queue, _workers, _starting = SimpleQueue(), 0, threading.Lock()
    _threads.clear()
    _boards[...] = crew.ASLEEP


def _leave() -> None:
    """Let all workers end: one that is in compiled code when the interpreter goes would come back to nothing."""
    global _workers
    with _starting:
        crew.compiled(crew.dismiss)(_BOARDS, _workers)
        for _ in range(_workers):
            _queue.put(None)
        for thread in _threads:
            thread.join(LEAVING)
        _threads.clear()
        _workers = 0


if hasattr(os, "register_at_fork"):
    os.register_at_fork(after_in_child=_forget)


def _start(wanted: int) -> None:
    global _workers
    with _starting:
        while _workers < min(wanted, MOST):
            name, board = f"numba_lstm-{_workers + 1}", _boards[_workers]
            worker = threading.Thread(target=_serve, args=(_queue, board), name=name, daemon=True)
            try:
                worker.start()
            except RuntimeError:  # the system has no more threads to give: callers do their parts themselves
                return
            if not _threads:
                atexit.register(_leave)
            _threads.append(worker)
            _workers += 1


@cache
def _looks(seconds: float) -> int:
    """How many looks at a counter take so long."""
    rest, looks, times = crew.compiled(crew.rest), 1000, []
    for _ in range(3):
        began = time.perf_counter()
        rest(looks)
        times.append(time.perf_counter() - began)
    return int(seconds / min(times) * looks)


def threads() -> int:
    """How many threads an op of the calling thread may use."""
    return max(1, get_num_threads() // _share.calls)


def parts_for(multiplications: float, most: int) -> int:
    """CPU twin: by what a second thread's help costs, and among the threads that the caller may use."""
    return _parts(multiplications, most, WORTHWHILE)


def _parts(multiplications: float, most: int, worthwhile: int) -> int:
    if multiplications < 2 * worthwhile:  # the usual small op, without asking for more
        return 1
    return max(1, min(threads(), most, int(multiplications / worthwhile)))


def perform(score: Helpful, at: int, most: int) -> None:
    """Do the works of a score at an address with up to ``most`` threads: those that wait for work, and others that wake."""
    wanted, woken = min(threads(), most) - 1, 0
    if wanted > 0:
        if _workers < wanted:
            _start(wanted)
        states = _boards[:_workers, crew.STATE].tolist()
        woken = max(0, min(wanted - states.count(crew.WAITING), states.count(crew.ASLEEP)))
        for _ in range(woken):
            _queue.put(score)
    crew.compiled(crew.play)(at, _BOARDS, _workers, wanted, woken, _looks(GATHERING) if wanted > 0 else 0)


def run(parts: int, work: Callable[[int], None]) -> None:
    """``work(part)`` for part in range(parts), on as many threads."""
    if parts == 1:
        work(0)
        return
    if _workers < parts - 1:
        _start(parts - 1)
    crew.compiled(crew.dismiss)(_BOARDS, _workers)
    job = _Job(work, parts)
    for _ in range(parts - 1):
        _queue.put(job)
    job.run()
    job.done.wait()
    if job.error is not None:
        raise job.error


def together(calls: Sequence[Callable[[], Any]], work: float) -> list[Any]:
    """CPU twin: as parts of a job. A call's own ops have its share of the threads; they wait for parts of their own alone."""
    if _parts(work, len(calls), WORTH_A_QUEUE) == 1:
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
