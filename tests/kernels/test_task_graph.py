"""Task graphs: compiled code runs each call once, in order, on however many threads join."""

from __future__ import annotations

import threading
import time

import numpy as np
import pytest
from task_kernels import COUNT, LINGER, MIXED, SECONDS, SEE_OTHER, TWICE, WAIT, busy_workers

import numba_lstm
from numba_lstm.kernels.cpu.runtime import thread_pool
from numba_lstm.kernels.cpu.runtime.graph import TaskGraph, parallel_if_worthwhile
from numba_lstm.kernels.cpu.runtime.task import KernelCall, ParallelFor, parallel_for, partition


@pytest.fixture(autouse=True)
def _three_threads():
    numba_lstm.set_num_threads(3)


def counting(counts):
    """Tasks that add one to each of the counts, on any threads."""
    return ParallelFor(KernelCall(COUNT, counts, at, 1) for at in range(len(counts)))


def test_a_task_graph_does_what_the_interpreter_does_with_the_same_arguments():
    a = np.arange(24, dtype=np.float32).reshape(4, 6)[::-2, 2:4]  # rows are contiguous, see runtime.strides
    flags, kinds = np.array([True, False]), []
    for through in (lambda call: call(), lambda call: TaskGraph([call])()):
        b, out = np.zeros((2, 9, 3), np.float32)[:, ::4, 1:], np.zeros(1, np.int64)
        through(KernelCall(MIXED, a, b, flags, out, 7, 0.5))
        kinds.append((b.copy(), out[0]))
    (by_hand, size), (by_graph, again) = kinds
    np.testing.assert_array_equal(by_hand[:, :2, 0], a * 0.5 + flags[:, None] * 7)
    np.testing.assert_array_equal(by_graph, by_hand)
    assert size == again == 4


@pytest.mark.parametrize("wrong", [np.zeros((2, 2)), np.zeros(2, np.float32), np.zeros((2, 2), np.int32)])
def test_a_task_graph_refuses_an_array_that_a_kernel_does_not_take(wrong):
    good = np.zeros((2, 2, 1), np.float32), np.zeros(2, np.bool_), np.zeros(1, np.int64)
    with pytest.raises(TypeError, match="a kernel takes"):
        TaskGraph([KernelCall(MIXED, wrong, *good, 1, 1.0)])
    with pytest.raises(TypeError, match="strides"):
        TaskGraph([KernelCall(MIXED, good[0][0], good[0], np.zeros(4, np.bool_)[::2], good[2], 1, 1.0)])


@pytest.mark.parametrize("n", [1, 2, 3, 7])
def test_stages_of_a_task_graph_follow_each_other_and_every_call_is_made_once(n):
    """A chain through one element after the other: a stage that began too early would double a wrong number."""
    numba_lstm.set_num_threads(n)
    counts = np.zeros(40, np.int64)
    tasks = [ParallelFor(KernelCall(COUNT, counts, at, at + 1) for at in range(20))]
    tasks += [KernelCall(COUNT, counts, 0, 1), ParallelFor(KernelCall(TWICE, counts, at, 20 + at) for at in range(20))]
    tasks += [ParallelFor([KernelCall(TWICE, counts, 20 + at, at) for at in range(20)])]
    graph = TaskGraph(tasks)
    for _ in range(300):
        counts[:20] = 0
        graph()
        expected = np.arange(1, 21) + (np.arange(20) == 0)
        np.testing.assert_array_equal(counts[20:], 2 * expected)
        np.testing.assert_array_equal(counts[:20], 4 * expected)


def test_a_task_graph_of_nothing_ends():
    TaskGraph([])()
    TaskGraph([ParallelFor([])])()


def test_several_threads_run_a_task_graph():
    """Each of two calls waits for the other to begin: both see that only if two threads run them concurrently.

    A worker that is woken too early may sleep again before it sees the graph, so that a busy machine needs several attempts.
    """
    for _ in range(60):
        seen = np.zeros(4, np.int64)
        TaskGraph([ParallelFor(KernelCall(SEE_OTHER, seen, index, thread_pool.spins(1.0)) for index in range(2))])()
        if seen.all():
            return
    pytest.fail("one thread did both calls, sixty times")


def test_the_caller_runs_a_task_graph_alone_where_all_workers_are_busy():
    counts = np.zeros(5, np.int64)
    with busy_workers():
        TaskGraph([counting(counts)] * 4)()
    np.testing.assert_array_equal(counts, 4)


def test_workers_go_to_sleep_after_a_task_graph_and_wake_again():
    counts = np.zeros(3, np.int64)
    graph = TaskGraph([counting(counts)])
    for turn in range(1, 4):
        graph()
        np.testing.assert_array_equal(counts, turn)
        workers, deadline = thread_pool._workers, time.monotonic() + SECONDS
        while not workers.sleeping == len(workers.threads) > 1:
            assert time.monotonic() < deadline, f"{workers.sleeping} of {len(workers.threads)} workers sleep"
            time.sleep(0.005)


def test_task_graphs_of_eight_concurrent_callers():
    outputs = []

    def call():
        counts, others = np.zeros(30, np.int64), np.zeros(16, np.int64)
        graph = TaskGraph([counting(counts), ParallelFor([KernelCall(LINGER, others, 8, 200)] * 3)])
        for _ in range(200):
            graph()
        outputs.append(counts)

    callers = [threading.Thread(target=call, daemon=True) for _ in range(8)]
    for caller in callers:
        caller.start()
    for caller in callers:
        caller.join(SECONDS)
    assert len(outputs) == 8
    for counts in outputs:
        np.testing.assert_array_equal(counts, 200)


def test_a_task_graph_serves_one_thread_at_a_time():
    flags = np.zeros(2, np.int64)  # begun, end
    graph = TaskGraph([KernelCall(WAIT, flags, 0, 1)])
    first = threading.Thread(target=graph, daemon=True)
    first.start()
    try:
        deadline = time.monotonic() + SECONDS
        while not flags[0]:
            assert time.monotonic() < deadline
            time.sleep(0.001)
        with pytest.raises(RuntimeError, match="one at a time"):
            graph()
    finally:
        flags[1] = 1
        first.join(SECONDS)
    assert not first.is_alive()
    graph()


def test_partition_covers_everything_once():
    for n, count in ((10, 3), (3, 3), (64, 5), (2, 4)):
        ranges = [partition(n, index, count) for index in range(count)]
        assert [k for first, last in ranges for k in range(first, last)] == list(range(n))


def test_parallel_if_worthwhile_leaves_small_calls():
    counts = np.zeros(1, np.int64)
    calls = [KernelCall(COUNT, counts, 0, 1)] * 2
    assert parallel_if_worthwhile(calls, 10) == calls
    assert [type(task) for task in parallel_if_worthwhile(calls, 100 * thread_pool.MIN_WORK_PER_THREAD)] == [ParallelFor]
    assert isinstance(parallel_for(5, 1, lambda index, rows: calls[0]), KernelCall)
