"""Calls that do not depend on each other: their answers, their errors, and threads that never wait in a circle."""

from __future__ import annotations

import threading

import pytest

from numba_lstm import set_num_threads
from numba_lstm.device import get_num_threads
from numba_lstm.kernels.cpu.runtime import thread_pool

LARGE = 100 * thread_pool.MIN_WORK_PER_THREAD
SECONDS = 600  #: until a call that waits for another fails a test


@pytest.fixture
def threads():
    """Sets the number of threads for a test."""
    before = get_num_threads()
    yield set_num_threads
    set_num_threads(before)


@pytest.mark.parametrize("n", [1, 2, 5])
def test_answers_come_in_the_order_of_the_calls(every_ops, threads, n):
    threads(n)
    assert every_ops.run_parallel([lambda k=k: k * k for k in range(7)], LARGE) == [k * k for k in range(7)]


def test_small_work_is_one_part_and_large_work_no_more_than_asked_for(every_ops, threads):
    threads(3)
    assert every_ops.num_splits(1, 100) == 1
    assert 1 <= every_ops.num_splits(LARGE, 2) <= 2
    assert thread_pool.num_splits(LARGE, 100) == 3


def test_run_parallel_makes_large_calls_concurrently(threads):
    """Each of two calls waits until the other has begun."""
    threads(2)
    begun = threading.Barrier(2, timeout=SECONDS)
    assert sorted(thread_pool.run_parallel([begun.wait, begun.wait], LARGE)) == [0, 1]


def test_small_calls_stay_on_the_callers_thread(threads):
    threads(2)
    here = threading.get_ident()
    assert thread_pool.run_parallel([threading.get_ident] * 3, work=10) == [here] * 3


def test_what_one_call_raises_is_raised_when_all_have_ended(every_ops, threads):
    threads(2)
    ended = []

    def fail():
        raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        every_ops.run_parallel([lambda: ended.append(1), fail], LARGE)
    assert ended == [1]


def test_calls_share_the_threads_among_their_own_ops(threads):
    threads(8)
    assert thread_pool.run_parallel([lambda: thread_pool.num_splits(LARGE, 100)] * 2, LARGE) == [4, 4]
    nested = [lambda: thread_pool.run_parallel([lambda: thread_pool.num_splits(LARGE, 100)] * 2, LARGE)] * 2
    assert thread_pool.run_parallel(nested, LARGE) == [[2, 2], [2, 2]]
    assert thread_pool.num_splits(LARGE, 100) == 8


@pytest.mark.parametrize("n", [2, 3, 8])
def test_calls_within_calls_from_many_threads_never_wait_for_each_other(threads, n):
    """Three levels deep, from four threads at once, with jobs of their own at the bottom: all of it ends."""
    threads(n)

    def job():
        done = []
        thread_pool.run_indexed(4, done.append)
        return sum(done)

    def level(depth):
        return job() if depth == 0 else sum(thread_pool.run_parallel([lambda: level(depth - 1)] * 3, LARGE))

    answers = []
    callers = [threading.Thread(target=lambda: answers.append(level(3)), daemon=True) for _ in range(4)]
    for caller in callers:
        caller.start()
    for caller in callers:
        caller.join(SECONDS)
    assert answers == [27 * 6] * 4
