"""How compiled code does the works of a score, and how threads come to help: without the interpreter.

A *score* is a table of words. Its *stages* follow on one another: a stage begins when all calls of the one before have ended.
Of a stage's calls a thread takes its own first, then those that nobody has begun. So whoever comes late, or never, costs time
and never a deadlock. A stage may also be a gang's: then those who have come when it begins are its members.

A worker that waits is seen on its *board*: it looks at it for a while before it goes to sleep, since waking a thread takes 50
microseconds and a look a tenth of one. Whoever wants help claims it there.
"""

from __future__ import annotations

from array import array
from collections.abc import Sequence
from functools import cache
from typing import Any

from numba import types

from .calls import call
from .jit import inlined, kernel
from .meeting import add, look_again, read, swap, until, words, write

LINE = 8  #: words of a cache line: what one thread writes and others look at has a line of its own

# -- words of a score -------------------------------------------------------------------------------------------------------
JOINED, LEFT, STAGES, EXPECTED, PATIENCE = 0, LINE, 2 * LINE, 2 * LINE + 1, 2 * LINE + 2
HEADER = 3 * LINE
DONE, COME, GO, FIRST, NUMBER, MEETING, STAGE = 0, 1, 2, LINE, LINE + 1, LINE + 2, 2 * LINE
TAKEN, CALLER, BLOCK, LENGTH, CALL = 0, 1, 2, 3, LINE

#: In JOINED and COME: nobody may come any more.
CLOSED = 1 << 40

# -- words of a board -------------------------------------------------------------------------------------------------------
STATE, SCORE, MEMBER, BOARD = 0, 1, 2, LINE
ASLEEP, WAITING, CLAIMED, CALLED, BUSY = 0, 1, 2, 3, 4


def table(stages: Sequence[tuple[int, Sequence[tuple[int, int, int]]]]) -> array[int]:
    """A closed score of stages ``(meeting, calls)``: a gang's where there is the address of a counter for its meetings.

    A call is a C function, the address of the block of words that it takes, and their number.
    """
    made, calls = [0] * HEADER, []
    made[JOINED], made[STAGES] = CLOSED, len(stages)
    for meeting, own in stages:
        made += [0] * LINE + [len(calls), len(own), meeting] + [0] * (LINE - 3)
        calls += own
    for call_ in calls:
        made += [0, *call_] + [0] * (LINE - 4)
    return array("q", made)


@inlined
def come_in(p, i, most):
    """Count oneself in at word i, unless it is closed or ``most`` have come; answers one's number from 1 on, or 0."""
    while True:
        before = read(p, i)
        if before >= most:
            return 0
        if swap(p, i, before, before + 1):
            return before + 1


@inlined
def as_member(p, stage, first, number, me):
    """A gang's stage, for its first member (0) or another thread."""
    if me == 0:
        looks, wanted = 0, min(p[EXPECTED], number - 1)
        while read(p, stage + COME) < wanted and looks < p[PATIENCE]:
            look_again(looks)
            looks += 1
        member, all_ = 0, add(p, stage + COME, CLOSED) + 1
        write(p, stage + GO, all_)
        add(p, stage + DONE, number - all_)
    else:
        member = come_in(p, stage + COME, number - 1)
        if member == 0:
            return
        until(p, stage + GO, 1)
        all_ = read(p, stage + GO)
    at = first + member * CALL
    block = words(p[at + BLOCK])
    block[p[at + LENGTH] - 1] = all_
    call(p[at + CALLER], (p[at + BLOCK],))
    add(p, stage + DONE, 1)


@inlined
def walk(p, me):
    """All stages, as the ``me``-th thread that has joined."""
    stages = p[STAGES]
    for s in range(stages):
        stage = HEADER + s * STAGE
        number = p[stage + NUMBER]
        first = HEADER + stages * STAGE + p[stage + FIRST] * CALL
        if p[stage + MEETING] != 0:
            as_member(p, stage, first, number, me)
        elif number > 1 or me == 0:
            for k in range(number):
                at = first + (me + k) % number * CALL
                if read(p, at + TAKEN) == 0 and swap(p, at + TAKEN, 0, 1):
                    call(p[at + CALLER], (p[at + BLOCK],))
                    add(p, stage + DONE, 1)
        until(p, stage + DONE, number)


@inlined
def open_(p):
    """Make all of a score as if nothing of it had begun, and let others join."""
    stages, calls = p[STAGES], 0
    for s in range(stages):
        stage = HEADER + s * STAGE
        p[stage + DONE], p[stage + COME], p[stage + GO] = 0, 0, 0
        calls += p[stage + NUMBER]
        if p[stage + MEETING] != 0:
            meeting = words(p[stage + MEETING])
            meeting[0] = 0
    for k in range(calls):
        p[HEADER + stages * STAGE + k * CALL + TAKEN] = 0
    p[LEFT] = 0
    write(p, JOINED, 0)


@inlined
def claim(p, score, b, workers, wanted):
    """Call up to ``wanted`` of the workers that wait; answers how many come."""
    came = 0
    for k in range(workers):
        if came < wanted and swap(b, k * BOARD, WAITING, CLAIMED):
            came += 1
            b[k * BOARD + SCORE] = score
            b[k * BOARD + MEMBER] = add(p, JOINED, 1) + 1
            write(b, k * BOARD, CALLED)
    return came


def play(score, boards, workers, wanted, woken, patience):
    """Do all of a score with up to ``wanted`` workers that wait and those, ``woken`` as a rule, that join.

    When it returns nobody uses the score any more. A gang begins without those who have not come after ``patience`` looks.
    """
    p = words(score)
    open_(p)
    p[PATIENCE], p[EXPECTED] = patience, woken + claim(p, score, words(boards), workers, wanted)
    walk(p, 0)
    until(p, LEFT, add(p, JOINED, CLOSED))


def join(score):
    """Help with a score, if it is still open."""
    p = words(score)
    me = come_in(p, JOINED, CLOSED)
    if me > 0:
        walk(p, me)
        add(p, LEFT, 1)


def serve(board, patience):
    """Wait at one's board and help whoever calls, until so many looks in a row were in vain or somebody sends one to sleep."""
    b = words(board)
    write(b, STATE, WAITING)
    looks = 0
    while True:
        state = read(b, STATE)
        if state == CALLED:
            p = words(b[SCORE])
            walk(p, b[MEMBER])
            add(p, LEFT, 1)
            write(b, STATE, WAITING)
            looks = 0
        elif state == ASLEEP or (looks >= patience and swap(b, STATE, WAITING, ASLEEP)):
            return
        else:
            look_again(looks)
            looks += 1


def rest(looks):
    """Wait for so many looks."""
    for k in range(looks):
        look_again(k)


def dismiss(boards, number):
    """Send all who wait to sleep."""
    b = words(boards)
    for k in range(number):
        swap(b, k * BOARD, WAITING, ASLEEP)


@cache
def compiled(function: Any) -> Any:
    """One of the functions above that are no part of others; its arguments are all integers."""
    count = function.__code__.co_argcount
    return kernel(function, function.__name__, types.int64, " ".join("i" * count))
