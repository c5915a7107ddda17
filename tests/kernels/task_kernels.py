"""Small kernels for tests of task graphs and teams, and workers that are busy."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from contextlib import contextmanager

from numba import types

from numba_lstm.kernels.cpu.compiler.jit import kernel
from numba_lstm.kernels.cpu.runtime import thread_pool
from numba_lstm.kernels.cpu.runtime.atomics import barrier, load_acquire, pause, spin_until, store_release
from numba_lstm.kernels.cpu.simd.vector import data

#: Seconds until a thread that waits for another fails a test. No test passes sooner or later by it.
SECONDS = 600


def _mixed(a, b, flags, out, number, factor):
    for i in range(a.shape[0]):
        for j in range(a.shape[1]):
            b[i, j, 0] = a[i, j] * factor + (number if flags[i] else 0)
    out[0] = a.size


def _count(counts, at, more):
    counts[at] += more


def _twice(counts, of, at):
    counts[at] = 2 * counts[of]


def _linger(counts, at, turns):
    for k in range(turns):
        counts[at] = (counts[at] * 3 + k) % 1_000_003


def _see_other(seen, index, spins):
    store_release(data(seen), index, 1)
    for k in range(spins):
        if load_acquire(data(seen), 1 - index) == 1:
            seen[2 + index] = 1
            break
        pause(k)


def _wait(flags, begun, end):
    store_release(data(flags), begun, 1)
    spin_until(data(flags), end, 1)


def _report(seen, member, barrier_counter, members):
    seen[member] = members
    barrier(data(barrier_counter), members, 1)
    seen[len(seen) // 2 + member] = 1  # nobody comes so far before all have come


MIXED = kernel(_mixed, "test_mixed", types.float32, "x2 y3 b1 n1 i d")
COUNT = kernel(_count, "test_count", types.float32, "n1 i i")
TWICE = kernel(_twice, "test_twice", types.float32, "n1 i i")
LINGER = kernel(_linger, "test_linger", types.float32, "n1 i i")
SEE_OTHER = kernel(_see_other, "test_see_other", types.float32, "n1 i i")
WAIT = kernel(_wait, "test_wait", types.float32, "n1 i i")
REPORT = kernel(_report, "test_report", types.float32, "n1 i n1 i")


@contextmanager
def busy_workers() -> Iterator[None]:
    """Let all workers wait until the end of the block."""
    everybody = max(len(thread_pool._workers.threads), 2) + 1
    release, ready, arrived = threading.Event(), threading.Event(), threading.Barrier(everybody, action=lambda: ready.set())

    def wait(index: int) -> None:
        arrived.wait(SECONDS)
        release.wait(SECONDS)

    caller = threading.Thread(target=thread_pool.run_indexed, args=(everybody, wait), daemon=True)
    caller.start()
    assert ready.wait(SECONDS)
    try:
        yield
    finally:
        release.set()
        caller.join(SECONDS)
