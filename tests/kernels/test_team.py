"""Teams: the members of a stage all know how many they are and meet, and who does not come is not waited for for long."""

from __future__ import annotations

import numpy as np
import pytest
from task_kernels import COUNT, REPORT, busy_workers

import numba_lstm
from numba_lstm.kernels.cpu.runtime import executor, thread_pool
from numba_lstm.kernels.cpu.runtime.graph import TaskGraph
from numba_lstm.kernels.cpu.runtime.memory import aligned
from numba_lstm.kernels.cpu.runtime.task import KernelCall, ParallelFor, Team


@pytest.fixture(autouse=True)
def _three_threads():
    numba_lstm.set_num_threads(3)


def run_team(most):
    """Run a team; return what each member was told of the number of members, and whether it passed their barrier."""
    seen, barrier_counter = np.zeros(2 * most, np.int64), aligned((1,), np.int64)
    TaskGraph([Team([KernelCall(REPORT, seen, member, barrier_counter, 0) for member in range(most)], barrier_counter)])()
    return seen[:most], seen[most:]


def test_members_of_a_team_know_how_many_there_are_and_meet(monkeypatch):
    """However many come. On a busy machine a worker may miss several teams, but not all of them."""
    monkeypatch.setattr(thread_pool, "TEAM_WAIT_SECONDS", 0.5)
    largest = 0
    for turn in range(200):
        team_sizes, passed = run_team(3)
        members = int(team_sizes[0])
        assert 1 <= members <= 3
        assert list(team_sizes) == [members] * members + [0] * (3 - members)
        assert list(passed) == [1] * members + [0] * (3 - members)
        largest = max(largest, members)
        if turn >= 20 and largest > 1:
            return
    pytest.fail("no worker joined any of 200 teams")


def test_a_team_starts_without_workers_that_are_busy():
    with busy_workers():
        team_sizes, _ = run_team(3)
    assert list(team_sizes) == [1, 0, 0]


def test_a_team_waits_once_for_a_worker_that_does_not_come(monkeypatch):
    """The job board says that two workers poll, and they do not: after its first team a graph expects nobody."""
    monkeypatch.setattr(thread_pool, "TEAM_WAIT_SECONDS", 0.1)
    seen = np.zeros(6, np.int64)
    counters = [aligned((1,), np.int64) for _ in range(4)]
    graph = TaskGraph([Team([KernelCall(REPORT, seen, member, m, 0) for member in range(3)], m) for m in counters])
    waits = []
    monkeypatch.setattr(thread_pool, "spins", lambda seconds: waits.append(seconds) or 100_000)
    with busy_workers():
        thread_pool._workers.job_board[executor.IDLE] += 2
        try:
            graph._words[executor.EXPECTED] = 2
            graph()
        finally:
            thread_pool._workers.job_board[executor.IDLE] -= 2
    assert waits == [0.1]  # it was told to wait
    assert graph._words[executor.EXPECTED] == 0
    assert list(seen[:3]) == [1, 0, 0]


def test_a_team_of_two_among_three_threads_has_two_members_at_most():
    """The third is there, since another stage has work for it."""
    for _ in range(50):
        counts, seen, barrier_counter = np.zeros(3, np.int64), np.zeros(4, np.int64), aligned((1,), np.int64)
        team = Team([KernelCall(REPORT, seen, member, barrier_counter, 0) for member in range(2)], barrier_counter)
        counting = ParallelFor(KernelCall(COUNT, counts, at, 1) for at in range(3))
        TaskGraph([counting, team, counting, team])()
        assert list(seen[:2]) in ([1, 0], [2, 2], [2, 1], [1, 2])  # of the two teams each may have had one or two
        np.testing.assert_array_equal(counts, 2)
