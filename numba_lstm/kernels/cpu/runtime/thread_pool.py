"""The thread pool: workers that join task graphs, and that run Python functions in parallel.

Compiled code runs graphs without the interpreter (:mod:`.executor`): an idle worker polls for work for a while, and joins in a
microsecond. Python functions (:func:`run_parallel`) are handed over by a queue, which takes 50 to 80. Either way a caller runs
whatever nobody else has begun: two callers at once, or fewer threads than calls, cost time and never a deadlock. (Numba's own
``parallel=True`` aborts the process when two Python threads meet in its default layer: numba#8563.)
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
from . import executor, recording
from .memory import address, aligned

#: Multiplications below which another thread costs more than it saves: a microsecond until it joins, the graph, and results
#: that lie in another core's cache.
MIN_WORK_PER_THREAD = 3_000_000 if HOST.wide else 1_500_000

#: The same of calls of Python functions, which a queue hands over.
MIN_WORK_PER_QUEUED_CALL = 15_000_000 if HOST.wide else 4_000_000

#: Seconds that a team waits for members, several times what waking a thread takes.
TEAM_WAIT_SECONDS = 0.0005

#: Seconds that an idle worker polls before it goes to sleep.
SPIN_SECONDS = 0.001

#: Seconds that the end of the interpreter waits for each worker.
JOIN_SECONDS = 1.0


class _Job:
    """A function of an index, called once for each index of range(count) by the threads that come."""

    def __init__(self, function: Callable[[int], None], count: int) -> None:
        self.function, self.count = function, count
        self.lock = threading.Lock()
        self.begun = self.ended = 0
        self.error: BaseException | None = None
        self.done = threading.Event()

    def run(self) -> None:
        """Call the function for indices that nobody has begun, until there is none."""
        while True:
            with self.lock:
                index = self.begun
                if index == self.count:
                    return
                self.begun += 1
            try:
                self.function(index)
            except BaseException as error:  # noqa: BLE001 - raised again by the job's caller
                self.error = error
            with self.lock:
                self.ended += 1
                if self.ended == self.count:
                    self.done.set()


class _Workers:
    """The worker threads, and the two ways to reach them: the queue, and the job board that idle workers poll."""

    def __init__(self) -> None:
        self.threads: list[threading.Thread] = []
        self.queue: SimpleQueue[_Job | None] = SimpleQueue()  # None: there is something on the job board
        self.start_lock, self.count_lock = threading.Lock(), threading.Lock()
        self.sleeping = 0  # less what there is in the queue: the workers that would come if they were woken
        self.stopping = False
        self.job_board = aligned((executor.JOB_BOARD,), np.int64)
        self.job_board[...] = 0
        self.job_board_address = address(self.job_board)

    def start(self, wanted: int) -> None:
        """Start threads until there are so many, as far as the system gives them; callers do the work of missing ones."""
        (
            executor.compiled(executor.worker_loop),
            _spins(SPIN_SECONDS),
        )  # here: no worker compiles while its process forks or ends
        with self.start_lock:
            while len(self.threads) < wanted and not self.stopping:
                name = f"numba_lstm-{len(self.threads) + 1}"
                worker = threading.Thread(target=self.run, name=name, daemon=True)
                try:
                    worker.start()
                except RuntimeError:
                    return
                self.threads.append(worker)

    def run(self) -> None:
        """Run as a worker: sleep on the queue, run jobs, poll the job board."""
        worker_loop, spin_limit = executor.compiled(executor.worker_loop), _spins(SPIN_SECONDS)
        while True:
            with self.count_lock:
                self.sleeping += 1
            job = self.queue.get()
            if self.stopping:
                return
            woken = job is None
            if job is not None:
                job.run()
                job = None  # else its references would live until the next one comes
            if self.queue.empty():
                self.job_board[executor.INTERRUPT] = 0
            if woken or self.queue.empty():  # others may have been woken, too
                worker_loop(self.job_board_address, spin_limit)

    def wake(self, wanted: int) -> int:
        """Wake up to so many sleeping workers, and return how many will come."""
        with self.count_lock:
            coming = max(0, min(wanted, self.sleeping))
            for _ in range(coming):
                self.queue.put(None)
                self.sleeping -= 1
        return coming

    def send(self, job: _Job, wanted: int) -> None:
        """Hand a job to so many workers, who begin it when they have ended what they are doing."""
        self.job_board[executor.INTERRUPT] = 1
        with self.count_lock:
            for _ in range(wanted):
                self.queue.put(job)
                self.sleeping -= 1

    def stop(self) -> None:
        """End all workers: one that is in compiled code when the interpreter goes would return to nothing."""
        with self.start_lock:
            self.stopping = True
            self.job_board[executor.INTERRUPT] = 1
            for _ in self.threads:
                self.queue.put(None)
            for thread in self.threads:
                thread.join(JOIN_SECONDS)


_workers = _Workers()


def _reset() -> None:
    """Begin anew: a forked child has none of the parent's threads."""
    global _workers
    _workers = _Workers()


atexit.register(lambda: _workers.stop())
if hasattr(os, "register_at_fork"):
    os.register_at_fork(after_in_child=_reset)


@cache
def _spins(seconds: float) -> int:
    """The number of spins that take so long."""
    spin, spins, times = executor.compiled(executor.spin), 1000, []
    for _ in range(3):
        began = time.perf_counter()
        spin(spins)
        times.append(time.perf_counter() - began)
    return int(seconds / min(times) * spins)


class _ThreadShare(threading.local):
    """The number of concurrent calls of :func:`run_parallel` that split the pool with the calling thread."""

    calls = 1


_thread_share = _ThreadShare()


@contextmanager
def thread_share(calls: int) -> Iterator[None]:
    """Let the ops of the calling thread use its share of the pool, as one of so many concurrent calls."""
    before = _thread_share.calls
    _thread_share.calls = before * calls
    try:
        yield
    finally:
        _thread_share.calls = before


def available_threads() -> int:
    """The number of threads that an op of the calling thread may use."""
    return max(1, get_num_threads() // _thread_share.calls)


def num_splits(multiplications: float, limit: int) -> int:
    """CPU: by what another thread costs, and by the threads that the caller may use."""
    return _num_splits(multiplications, limit, MIN_WORK_PER_THREAD)


def _num_splits(multiplications: float, limit: int, least: int) -> int:
    if multiplications < 2 * least:  # the usual small op, without a look at the number of threads
        return 1
    return max(1, min(available_threads(), limit, int(multiplications / least)))


def run_graph(graph: int, width: int, *, wake: bool = True, wait_for_team: bool = True) -> None:
    """Run the lowered graph at an address on up to ``width`` threads.

    Parameters
    ----------
    graph : int
        The address of the graph's words.
    width : int
        The most calls of a stage.
    wake : bool
        Wake sleeping workers. Else only those join that poll just now.
    wait_for_team : bool
        Let teams wait a little for the workers that were woken.
    """
    workers, wanted = _workers, min(available_threads(), width) - 1
    if wanted <= 0:
        executor.compiled(executor.run_graph)(graph, workers.job_board_address, 0, 0, 0)
        return
    if len(workers.threads) < wanted:
        workers.start(wanted)
    expected = int(workers.job_board[executor.IDLE])
    if expected < wanted and wake:
        woken = workers.wake(wanted - expected)
        expected += woken if wait_for_team else 0
    executor.compiled(executor.run_graph)(graph, workers.job_board_address, wanted, expected, _spins(TEAM_WAIT_SECONDS))


def run_indexed(count: int, function: Callable[[int], None]) -> None:
    """``function(index)`` for index in range(count), on as many threads."""
    if count == 1:
        function(0)
        return
    workers = _workers
    if len(workers.threads) < count - 1:
        workers.start(count - 1)
    job = _Job(function, count)
    workers.send(job, count - 1)
    job.run()
    job.done.wait()
    if job.error is not None:
        raise job.error


def run_parallel(calls: Sequence[Callable[[], Any]], work: float) -> list[Any]:
    """CPU: as a job of the pool. A call's own ops use its share of the threads; they wait for work of their own alone."""
    active = recording.active()
    if active is not None:
        return _record_parallel(active, calls, work)
    if _num_splits(work, len(calls), MIN_WORK_PER_QUEUED_CALL) == 1:
        return [call() for call in calls]
    results: list[Any] = [None] * len(calls)
    concurrent = _thread_share.calls * len(calls)

    def run(index: int) -> None:
        with thread_share(concurrent // _thread_share.calls):
            results[index] = calls[index]()

    run_indexed(len(calls), run)
    return results


def _record_parallel(active: recording.Recording, calls: Sequence[Callable[[], Any]], work: float) -> list[Any]:
    """Record calls whose tasks run beside each other, where that is faster."""
    if num_splits(work, len(calls)) == 1:
        return [call() for call in calls]
    results, branches = [], []
    with thread_share(len(calls)):
        for call in calls:
            branches.append(active.branch())
            with recording.recording_to(branches[-1]):
                results.append(call())
    active.join(branches)
    return results
