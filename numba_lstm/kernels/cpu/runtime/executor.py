"""The executor: how compiled code runs a task graph, and how workers join it, without the interpreter.

A lowered *graph* is a table of words. Its *stages* follow on one another: a stage begins when all calls of the one before have
ended. A thread runs its share of a stage's calls first, then those that nobody has begun. So a thread that comes late, or
never, costs time and never a deadlock. A stage may also be a team's: then the threads that have come when it begins are its
members.

A caller publishes its graph in a queue entry of the job board. Idle workers poll the entries for a while before they go to
sleep, since waking a thread takes 50 microseconds and a poll a tenth of one. The caller removes the entry when the graph has
run.
"""

from __future__ import annotations

from array import array
from collections.abc import Sequence
from functools import cache
from typing import Any

from numba import types

from ..compiler.entry_point import entry_point
from ..compiler.jit import inlined, kernel
from .atomics import compare_exchange, fetch_add, load_acquire, pause, spin_until, store_release, words
from .indirect_call import call

LINE = 8  #: words of a cache line: the distance between what one thread writes and what others poll

# -- words of a graph -------------------------------------------------------------------------------------------------------
JOINED, LEFT, STAGES, WANTED, EXPECTED, SPIN_LIMIT = 0, LINE, 2 * LINE, 2 * LINE + 1, 2 * LINE + 2, 2 * LINE + 3
HEADER = 3 * LINE
# -- words of a stage: calls that have ended, members that have arrived, the team's size once it is closed
ENDED, ARRIVED, TEAM_SIZE, FIRST, NUMBER, BARRIER, STAGE = 0, 1, 2, LINE, LINE + 1, LINE + 2, 2 * LINE
# -- words of a call
TAKEN, CALLER, BLOCK, LENGTH, CALL = 0, 1, 2, 3, LINE

#: In ARRIVED: nobody may join any more.
CLOSED = 1 << 40

# -- words of the job board -------------------------------------------------------------------------------------------------
IDLE, INTERRUPT = 0, 1  #: the number of workers that poll, and whether something else waits for them
ENTRIES, JOB_BOARD = LINE, 2 * LINE

#: In an entry while a worker joins its graph. Addresses are even, and stand there with one added where nobody else is wanted.
JOINING = 1


def lower(stages: Sequence[tuple[int, Sequence[tuple[int, int, int]]]]) -> array[int]:
    """A graph of stages ``(barrier, calls)``; ``barrier`` is the address of a team's counter, and 0 for any other stage.

    A call is a C function, the address of the block of words that it takes, and their number.
    """
    made, calls = [0] * HEADER, []
    made[STAGES] = len(stages)
    for barrier_counter, calls_of_stage in stages:
        made += [0] * LINE + [len(calls), len(calls_of_stage), barrier_counter] + [0] * (LINE - 3)
        calls += calls_of_stage
    for call_ in calls:
        made += [0, *call_] + [0] * (LINE - 4)
    return array("q", made)


def lower_list(stages: Sequence[tuple[int, Sequence[tuple[int, int, int]]]]) -> array[int]:
    """The calls of all stages, two words each, for :func:`run_calls`."""
    return array("q", [word for _, calls in stages for function, block, _ in calls for word in (function, block)])


@inlined
def try_acquire(p, i, limit):
    """Take the next number of word i, from 1 on; 0 if it is closed or ``limit`` numbers are taken."""
    while True:
        before = load_acquire(p, i)
        if before >= limit:
            return 0
        if compare_exchange(p, i, before, before + 1):
            return before + 1


@inlined
def run_team_stage(p, stage, first, number, thread):
    """Run a team's stage as its first member (thread 0) or as another thread."""
    if thread == 0:
        spins, wanted = 0, min(max(p[EXPECTED], load_acquire(p, JOINED)), number - 1)
        while load_acquire(p, stage + ARRIVED) < wanted and spins < p[SPIN_LIMIT]:
            pause(spins)
            spins += 1
        p[EXPECTED] = 0  # a worker that has not joined by now is not waited for again
        member, team_size = 0, fetch_add(p, stage + ARRIVED, CLOSED) + 1
        store_release(p, stage + TEAM_SIZE, team_size)
        fetch_add(p, stage + ENDED, number - team_size)
    else:
        member = try_acquire(p, stage + ARRIVED, number - 1)
        if member == 0:
            return
        spin_until(p, stage + TEAM_SIZE, 1)
        team_size = load_acquire(p, stage + TEAM_SIZE)
    at = first + member * CALL
    block = words(p[at + BLOCK])
    block[p[at + LENGTH] - 1] = team_size
    call(p[at + CALLER], (p[at + BLOCK],))
    fetch_add(p, stage + ENDED, 1)


@inlined
def run_stages(p, thread):
    """Run all stages, as the ``thread``-th thread that has joined."""
    stages = p[STAGES]
    for s in range(stages):
        stage = HEADER + s * STAGE
        number = p[stage + NUMBER]
        first = HEADER + stages * STAGE + p[stage + FIRST] * CALL
        if p[stage + BARRIER] != 0:
            run_team_stage(p, stage, first, number, thread)
        elif number > 1 or thread == 0:
            share = thread * number // (p[WANTED] + 1)
            for k in range(number):
                at = first + (share + k) % number * CALL
                if load_acquire(p, at + TAKEN) == 0 and compare_exchange(p, at + TAKEN, 0, 1):
                    call(p[at + CALLER], (p[at + BLOCK],))
                    fetch_add(p, stage + ENDED, 1)
        spin_until(p, stage + ENDED, number)


@inlined
def reset_graph(p):
    """Mark all of a graph as not begun."""
    stages, calls = p[STAGES], 0
    for s in range(stages):
        stage = HEADER + s * STAGE
        p[stage + ENDED], p[stage + ARRIVED], p[stage + TEAM_SIZE] = 0, 0, 0
        calls += p[stage + NUMBER]
        if p[stage + BARRIER] != 0:
            counter = words(p[stage + BARRIER])
            counter[0] = 0
    for k in range(calls):
        p[HEADER + stages * STAGE + k * CALL + TAKEN] = 0
    p[JOINED], p[LEFT] = 0, 0


@inlined
def publish(b, graph):
    """Put a graph in a free entry of the job board and return the entry, or 0 where none is free."""
    for entry in range(ENTRIES, JOB_BOARD):
        if load_acquire(b, entry) == 0 and compare_exchange(b, entry, 0, graph):
            return entry
    return 0


def run_graph(graph, job_board, wanted, expected, spin_limit):
    """Run a graph with up to ``wanted`` workers. When it returns, nobody uses the graph any more.

    A team waits for ``expected`` workers, for ``spin_limit`` spins at most.
    """
    p, b, entry = words(graph), words(job_board), 0
    reset_graph(p)
    p[WANTED], p[EXPECTED], p[SPIN_LIMIT] = wanted, expected, spin_limit
    if wanted > 0:
        entry = publish(b, graph)
    run_stages(p, 0)
    if entry > 0:
        spins = 0
        while not (compare_exchange(b, entry, graph, 0) or compare_exchange(b, entry, graph + 1, 0)):
            pause(spins)
            spins += 1
    spin_until(p, LEFT, load_acquire(p, JOINED))


def run_calls(calls, count):
    """Run calls one after the other, each of two words, its C function and its block: a graph of which one thread runs all."""
    p = words(calls)
    for k in range(count):
        call(p[2 * k], (p[2 * k + 1],))


@inlined
def join(b, entry, graph):
    """Join a graph that is in an entry, if another thread is wanted."""
    p = words(graph)
    if compare_exchange(b, entry, graph, JOINING):
        thread = try_acquire(p, JOINED, p[WANTED])
        store_release(b, entry, graph if thread < p[WANTED] else graph + 1)
        fetch_add(b, IDLE, -1)
        run_stages(p, thread)
        fetch_add(p, LEFT, 1)
        fetch_add(b, IDLE, 1)


def worker_loop(job_board, spin_limit):
    """Poll the job board and join graphs, until so many polls in a row were in vain or an interrupt comes."""
    b = words(job_board)
    fetch_add(b, IDLE, 1)
    spins = 0
    while spins < spin_limit and load_acquire(b, INTERRUPT) == 0:
        for entry in range(ENTRIES, JOB_BOARD):
            graph = load_acquire(b, entry)
            if graph != 0 and graph & 1 == 0:
                join(b, entry, graph)
                spins = 0
        pause(spins)
        spins += 1
    fetch_add(b, IDLE, -1)


def spin(spins):
    """Pause so many times."""
    for k in range(spins):
        pause(k)


@cache
def compiled(function: Any) -> Any:
    """One of the functions above that are not inlined into others; its arguments are all integers."""
    code = function.__code__  # which keeps the name that a kernel's function loses
    return entry_point(kernel(function, code.co_name, types.int64, " ".join("i" * code.co_argcount)))
