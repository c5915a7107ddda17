"""The thread pool: workers that join task graphs, and that run Python functions in parallel.

Compiled code runs graphs without the interpreter (:mod:`.executor`): an idle worker polls for work for a while, and joins in a
microsecond. Python functions (:func:`run_parallel`) are handed over by a queue, which takes 50 to 80. Either way a caller runs
whatever nobody else has begun: two callers at a time, or fewer threads than calls, cost time and never a deadlock. (Numba's own
``parallel=True`` aborts the process when two Python threads meet in its default layer: numba#8563.)
"""

from __future__ import annotations

import atexit
import os
import threading
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from typing import Any

from ...threads import get_num_threads
from ..compiler.cpu_info import HOST
from . import executor, recording
from .workers import Job, Workers, spins

#: Multiplications below which another thread costs more than it saves: a microsecond until it joins, the graph, and results
#: that lie in another core's cache.
MIN_WORK_PER_THREAD = 3_000_000 if HOST.wide else 1_500_000

#: The same of calls of Python functions, which a queue hands over.
MIN_WORK_PER_QUEUED_CALL = 15_000_000 if HOST.wide else 4_000_000

#: Seconds that a team waits for members, several times what waking a thread takes.
TEAM_WAIT_SECONDS = 0.0005

_workers = Workers()


def _reset() -> None:
    """Begin anew: a forked child has none of the parent's threads."""
    global _workers
    _workers = Workers()


atexit.register(lambda: _workers.stop())
if hasattr(os, "register_at_fork"):
    os.register_at_fork(after_in_child=_reset)


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
    executor.compiled(executor.run_graph)(graph, workers.job_board_address, wanted, expected, spins(TEAM_WAIT_SECONDS))


def compile_kernels() -> None:
    """Compile the kernels of the pool, which a single thread does not call."""
    executor.compiled(executor.run_graph)
    executor.compiled(executor.worker_loop)
    spins(TEAM_WAIT_SECONDS)


def run_indexed(count: int, function: Callable[[int], None]) -> None:
    """``function(index)`` for index in range(count), on as many threads."""
    if count == 1:
        function(0)
        return
    workers = _workers
    if len(workers.threads) < count - 1:
        workers.start(count - 1)
    job = Job(function, count)
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
