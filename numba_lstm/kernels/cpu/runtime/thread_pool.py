"""A small pool of threads for parts of one op, and for whole scores of works.

What compiled code does it does without the interpreter (:mod:`.crew`): a worker that is awake looks out for work for a while,
and is there in a microsecond. Calls of Python's functions (:func:`together`) are handed over by a queue, which takes 50
to 80. Either way a caller does what nobody else has begun: two callers at once, or fewer threads than parts, cost time and
never a deadlock. (Numba's own ``parallel=True`` aborts the process when two Python threads meet in its default layer:
numba#8563.)
"""

from __future__ import annotations

import atexit
import os
import threading
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from functools import cache
from queue import SimpleQueue
from typing import Any

import numpy as np

from ...threads import get_num_threads
from ..compiler.cpu_info import HOST
from . import executor
from .memory import address, aligned

#: Multiplications below which a second thread's help is not worth what it costs: a microsecond until it comes, the score, and
#: results that lie in another core's cache.
WORTHWHILE = 3_000_000 if HOST.wide else 1_500_000

#: The same of calls of Python's functions, which a queue hands over.
WORTH_A_QUEUE = 15_000_000 if HOST.wide else 4_000_000

#: Seconds that a gang waits for members, several times what waking a thread takes.
GATHERING = 0.0005

#: Seconds that a worker looks out for more to do before it goes to sleep.
LINGERING = 0.001

#: Seconds that the end of the interpreter waits for each of them.
LEAVING = 1.0


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


class _Workers:
    """The threads, and how they are called: by the queue, and by the bulletin while they look at it."""

    def __init__(self) -> None:
        self.threads: list[threading.Thread] = []
        self.queue: SimpleQueue[_Job | None] = SimpleQueue()  # None: there is something to see in the bulletin
        self.starting, self.counting = threading.Lock(), threading.Lock()
        self.asleep = 0  # less what there is in the queue: so many would come if they were called
        self.ending = False
        self.bulletin = aligned((executor.BULLETIN,), np.int64)
        self.bulletin[...] = 0
        self.at = address(self.bulletin)

    def start(self, wanted: int) -> None:
        """Have so many threads, as far as the system gives them; callers do the parts of the others themselves."""
        executor.compiled(executor.serve), _looks(LINGERING)  # here, so that no worker compiles while its process forks or ends
        with self.starting:
            while len(self.threads) < wanted and not self.ending:
                name = f"numba_lstm-{len(self.threads) + 1}"
                worker = threading.Thread(target=self.serve, name=name, daemon=True)
                try:
                    worker.start()
                except RuntimeError:
                    return
                self.threads.append(worker)

    def serve(self) -> None:
        """What each of them does."""
        serve, patience = executor.compiled(executor.serve), _looks(LINGERING)
        while True:
            with self.counting:
                self.asleep += 1
            job = self.queue.get()
            if self.ending:
                return
            called = job is None
            if job is not None:
                job.run()
                job = None  # else what it holds would live until the next one comes
            if self.queue.empty():
                self.bulletin[executor.ERRAND] = 0
            if called or self.queue.empty():  # others may have been called, too
                serve(self.at, patience)

    def wake(self, wanted: int) -> int:
        """Let up to so many look at the bulletin; answers how many will."""
        with self.counting:
            coming = max(0, min(wanted, self.asleep))
            for _ in range(coming):
                self.queue.put(None)
                self.asleep -= 1
        return coming

    def send(self, job: _Job, wanted: int) -> None:
        """Give a job to so many, if need be when they have done what they are doing."""
        self.bulletin[executor.ERRAND] = 1
        with self.counting:
            for _ in range(wanted):
                self.queue.put(job)
                self.asleep -= 1

    def end(self) -> None:
        """Let all of them end: one that is in compiled code when the interpreter goes would come back to nothing."""
        with self.starting:
            self.ending = True
            self.bulletin[executor.ERRAND] = 1
            for _ in self.threads:
                self.queue.put(None)
            for thread in self.threads:
                thread.join(LEAVING)


_workers = _Workers()


def _renew() -> None:
    """Begin anew: a forked child has none of the parent's threads."""
    global _workers
    _workers = _Workers()


atexit.register(lambda: _workers.end())
if hasattr(os, "register_at_fork"):
    os.register_at_fork(after_in_child=_renew)


@cache
def _looks(seconds: float) -> int:
    """How many looks at a counter take so long."""
    rest, looks, times = executor.compiled(executor.rest), 1000, []
    for _ in range(3):
        began = time.perf_counter()
        rest(looks)
        times.append(time.perf_counter() - began)
    return int(seconds / min(times) * looks)


class _Share(threading.local):
    """Among how many calls of :func:`together` this thread shares the threads."""

    calls = 1


_share = _Share()


@contextmanager
def sharing(calls: int) -> Iterator[None]:
    """Give the ops of the calling thread its part of the threads, as one of so many calls at the same time."""
    before = _share.calls
    _share.calls = before * calls
    try:
        yield
    finally:
        _share.calls = before


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


def perform(score: int, most: int, *, wake: bool = True, patient: bool = True) -> None:
    """Do the works of the score at an address with up to ``most`` threads.

    ``wake`` those that sleep; whoever is ``patient`` has gangs wait a little for them.
    """
    workers, wanted = _workers, min(threads(), most) - 1
    if wanted <= 0:
        executor.compiled(executor.play)(score, workers.at, 0, 0, 0)
        return
    if len(workers.threads) < wanted:
        workers.start(wanted)
    expected = int(workers.bulletin[executor.WAITING])
    if expected < wanted and wake:
        woken = workers.wake(wanted - expected)
        expected += woken if patient else 0
    executor.compiled(executor.play)(score, workers.at, wanted, expected, _looks(GATHERING))


def run(parts: int, work: Callable[[int], None]) -> None:
    """``work(part)`` for part in range(parts), on as many threads."""
    if parts == 1:
        work(0)
        return
    workers = _workers
    if len(workers.threads) < parts - 1:
        workers.start(parts - 1)
    job = _Job(work, parts)
    workers.send(job, parts - 1)
    job.run()
    job.done.wait()
    if job.error is not None:
        raise job.error


def together(calls: Sequence[Callable[[], Any]], work: float) -> list[Any]:
    """CPU twin: as parts of a job. A call's own ops have its share of the threads; they wait for parts of their own alone."""
    if _parts(work, len(calls), WORTH_A_QUEUE) == 1:
        return [call() for call in calls]
    answers: list[Any] = [None] * len(calls)
    number = _share.calls * len(calls)

    def answer(part: int) -> None:
        with sharing(number // _share.calls):
            answers[part] = calls[part]()

    run(len(calls), answer)
    return answers
