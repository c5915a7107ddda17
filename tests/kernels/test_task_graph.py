"""Task graphs: compiled code runs each call once, in order, on however many threads join."""

from __future__ import annotations

import threading
import time

import numpy as np
import pytest
from numba import types

import numba_lstm
from numba_lstm.kernels.cpu.compiler.jit import kernel
from numba_lstm.kernels.cpu.runtime import executor, thread_pool
from numba_lstm.kernels.cpu.runtime.atomics import barrier, load_acquire, pause, store_release
from numba_lstm.kernels.cpu.runtime.graph import TaskGraph, parallel_if_worthwhile
from numba_lstm.kernels.cpu.runtime.memory import aligned
from numba_lstm.kernels.cpu.runtime.task import KernelCall, ParallelFor, Team, parallel_for, partition
from numba_lstm.kernels.cpu.simd.vector import data

SECONDS = 60


@pytest.fixture(autouse=True)
def threads():
    """Three threads; sets another number."""
    before = numba_lstm.get_num_threads()
    numba_lstm.set_num_threads(3)
    yield numba_lstm.set_num_threads
    numba_lstm.set_num_threads(before)


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


def _see_each_other(seen, index, looks):
    store_release(data(seen), index, 1)
    for k in range(looks):
        if load_acquire(data(seen), 1 - index) == 1:
            seen[2 + index] = 1
            break
        pause(k)


def _report(seen, member, barrier_counter, members):
    seen[member] = members
    barrier(data(barrier_counter), members, 1)
    seen[len(seen) // 2 + member] = 1  # nobody comes so far before all have come


@pytest.fixture(scope="module")
def mixed():
    return kernel(_mixed, "test_mixed", types.float32, "x2 y3 b1 n1 i d")


@pytest.fixture(scope="module")
def count():
    return kernel(_count, "test_count", types.float32, "n1 i i")


@pytest.fixture(scope="module")
def twice():
    return kernel(_twice, "test_twice", types.float32, "n1 i i")


@pytest.fixture(scope="module")
def linger():
    return kernel(_linger, "test_linger", types.float32, "n1 i i")


@pytest.fixture(scope="module")
def see_each_other():
    return kernel(_see_each_other, "test_see_each_other", types.float32, "n1 i i")


@pytest.fixture(scope="module")
def report():
    return kernel(_report, "test_report", types.float32, "n1 i n1 i")


@pytest.fixture
def busy():
    """All workers wait for the end of a test."""
    everybody = max(len(thread_pool._workers.threads), 2) + 1
    release, ready, arrived = threading.Event(), threading.Event(), threading.Barrier(everybody, action=lambda: ready.set())

    def wait(part):
        arrived.wait(SECONDS)
        release.wait(SECONDS)

    caller = threading.Thread(target=thread_pool.run_indexed, args=(everybody, wait))
    caller.start()
    assert ready.wait(SECONDS)
    yield
    release.set()
    caller.join(SECONDS)


def test_a_task_graph_does_what_the_interpreter_does_with_the_same_arguments(mixed):
    a = np.arange(24, dtype=np.float32).reshape(4, 6)[::-2, 2:4]  # rows are contiguous, see runtime.strides
    flags, kinds = np.array([True, False]), []
    for through in (lambda call: call(), lambda call: TaskGraph([call])()):
        b, out = np.zeros((2, 9, 3), np.float32)[:, ::4, 1:], np.zeros(1, np.int64)
        through(KernelCall(mixed, a, b, flags, out, 7, 0.5))
        kinds.append((b.copy(), out[0]))
    (by_hand, size), (by_graph, again) = kinds
    np.testing.assert_array_equal(by_hand[:, :2, 0], a * 0.5 + flags[:, None] * 7)
    np.testing.assert_array_equal(by_graph, by_hand)
    assert size == again == 4


@pytest.mark.parametrize("wrong", [np.zeros((2, 2)), np.zeros(2, np.float32), np.zeros((2, 2), np.int32)])
def test_an_array_that_a_kernel_does_not_take_is_refused(mixed, wrong):
    good = np.zeros((2, 2, 1), np.float32), np.zeros(2, np.bool_), np.zeros(1, np.int64)
    with pytest.raises(TypeError, match="a kernel takes"):
        TaskGraph([KernelCall(mixed, wrong, *good, 1, 1.0)])
    with pytest.raises(TypeError, match="strides"):
        TaskGraph([KernelCall(mixed, good[0][0], good[0], np.zeros(4, np.bool_)[::2], good[2], 1, 1.0)])


@pytest.mark.parametrize("n", [1, 2, 3, 7])
def test_stages_follow_each_other_and_every_call_is_made_once(count, twice, threads, n):
    """A chain through one element after the other: a stage that began too early would double a wrong number."""
    threads(n)
    counts = np.zeros(40, np.int64)
    tasks = [ParallelFor(KernelCall(count, counts, at, at + 1) for at in range(20))]
    tasks += [KernelCall(count, counts, 0, 1), ParallelFor(KernelCall(twice, counts, at, 20 + at) for at in range(20))]
    tasks += [ParallelFor([KernelCall(twice, counts, 20 + at, at) for at in range(20)])]
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


def test_several_threads_take_part(see_each_other):
    """Each of two parts waits a while for the other to begin: both see that only if two threads do them at once."""
    for _ in range(50):
        seen = np.zeros(4, np.int64)
        TaskGraph([ParallelFor(KernelCall(see_each_other, seen, index, thread_pool._spins(0.2)) for index in range(2))])()
        if seen.all():
            return
    pytest.fail("one thread did both parts, fifty times")


def test_the_caller_does_everything_where_all_workers_are_busy(busy, count):
    counts = np.zeros(5, np.int64)
    TaskGraph([ParallelFor(KernelCall(count, counts, at, 1) for at in range(5))] * 4)()
    np.testing.assert_array_equal(counts, 4)


def test_workers_go_to_sleep_and_wake_again(count):
    counts = np.zeros(3, np.int64)
    graph = TaskGraph([ParallelFor(KernelCall(count, counts, at, 1) for at in range(3))])
    for turn in range(1, 4):
        graph()
        np.testing.assert_array_equal(counts, turn)
        for _ in range(1000):
            if thread_pool._workers.sleeping == len(thread_pool._workers.threads) > 1:
                break
            time.sleep(0.005)
        else:
            pytest.fail(f"{thread_pool._workers.sleeping} of {len(thread_pool._workers.threads)} workers sleep")


def test_task_graphs_of_eight_concurrent_callers(count, linger):
    answers = []

    def call():
        counts, others = np.zeros(30, np.int64), np.zeros(16, np.int64)
        tasks = [
            ParallelFor(KernelCall(count, counts, at, 1) for at in range(30)),
            ParallelFor([KernelCall(linger, others, 8, 200)] * 3),
        ]
        graph = TaskGraph(tasks)
        for _ in range(200):
            graph()
        answers.append(counts)

    callers = [threading.Thread(target=call, daemon=True) for _ in range(8)]
    for caller in callers:
        caller.start()
    for caller in callers:
        caller.join(SECONDS)
    assert len(answers) == 8
    for counts in answers:
        np.testing.assert_array_equal(counts, 200)


def test_a_task_graph_serves_one_thread_at_a_time(linger):
    counts = np.zeros(8, np.int64)
    graph = TaskGraph([KernelCall(linger, counts, 0, 200_000_000)])
    first = threading.Thread(target=graph)
    first.start()
    while not graph._lock.locked() and first.is_alive():
        time.sleep(0.001)
    with pytest.raises(RuntimeError, match="one at a time"):
        graph()
    first.join(SECONDS)


def _gathered(report, most):
    """What each member of a team was told of the number of members, and whether it was met by all."""
    seen, barrier_counter = np.zeros(2 * most, np.int64), aligned((1,), np.int64)
    TaskGraph([Team([KernelCall(report, seen, member, barrier_counter, 0) for member in range(most)], barrier_counter)])()
    return seen[:most], seen[most:]


def test_members_of_a_team_all_know_how_many_there_are_and_meet(report, monkeypatch):
    monkeypatch.setattr(thread_pool, "TEAM_WAIT_SECONDS", 0.5)  # on a busy machine a worker may come late
    sizes = set()
    for _ in range(100):
        told, met = _gathered(report, 3)
        members = int(told[0])
        sizes.add(members)
        assert list(told) == [members] * members + [0] * (3 - members)
        assert list(met) == [1] * members + [0] * (3 - members)
    assert max(sizes) > 1


def test_a_team_starts_without_those_who_are_busy(busy, report):
    told, _ = _gathered(report, 3)
    assert list(told) == [1, 0, 0]


def test_who_does_not_come_is_waited_for_once(busy, report, monkeypatch):
    """The job board says that two workers poll, and they do not: after its first team a graph expects nobody."""
    monkeypatch.setattr(thread_pool, "TEAM_WAIT_SECONDS", 0.1)
    seen = np.zeros(6, np.int64)
    meetings = [aligned((1,), np.int64) for _ in range(4)]
    graph = TaskGraph([Team([KernelCall(report, seen, member, m, 0) for member in range(3)], m) for m in meetings])
    looks = []
    monkeypatch.setattr(thread_pool, "_spins", lambda seconds: looks.append(seconds) or 100_000)
    thread_pool._workers.job_board[executor.IDLE] += 2
    try:
        graph._words[executor.EXPECTED] = 2
        graph()
    finally:
        thread_pool._workers.job_board[executor.IDLE] -= 2
    assert looks == [0.1]  # it was told to wait
    assert graph._words[executor.EXPECTED] == 0
    assert list(seen[:3]) == [1, 0, 0]


def test_a_team_of_two_among_three_threads_has_two_members_at_most(count, report):
    """The third is there, since another stage has work for it."""
    for _ in range(100):
        counts, seen, barrier_counter = np.zeros(3, np.int64), np.zeros(4, np.int64), aligned((1,), np.int64)
        team = Team([KernelCall(report, seen, member, barrier_counter, 0) for member in range(2)], barrier_counter)
        tasks = ParallelFor(KernelCall(count, counts, at, 1) for at in range(3))
        TaskGraph([tasks, team, tasks, team])()
        assert list(seen[:2]) in ([1, 0], [2, 2], [2, 1], [1, 2])  # of the two teams each may have had one or two
        np.testing.assert_array_equal(counts, 2)


def test_partition_covers_everything_once():
    for n, count in ((10, 3), (3, 3), (64, 5), (2, 4)):
        ranges = [partition(n, index, count) for index in range(count)]
        assert [k for first, last in ranges for k in range(first, last)] == list(range(n))


def test_parallel_if_worthwhile_leaves_small_calls(count):
    counts = np.zeros(1, np.int64)
    calls = [KernelCall(count, counts, 0, 1)] * 2
    assert parallel_if_worthwhile(calls, 10) == calls
    assert [type(work) for work in parallel_if_worthwhile(calls, 100 * thread_pool.MIN_WORK_PER_THREAD)] == [ParallelFor]
    assert isinstance(parallel_for(5, 1, lambda part, rows: calls[0]), KernelCall)
