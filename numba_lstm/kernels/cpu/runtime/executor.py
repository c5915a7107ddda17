"""How compiled code does the works of a score, and how threads come to help: without the interpreter.

A *score* is a table of words. Its *stages* follow on one another: a stage begins when all calls of the one before have ended.
Of a stage's calls a thread takes its own first, then those that nobody has begun. So whoever comes late, or never, costs time
and never a deadlock. A stage may also be a gang's: then those who have come when it begins are its members.

Who wants help puts the score's address in a *slot* of the bulletin, where workers look for a while before they go to sleep,
since waking a thread takes 50 microseconds and a look a tenth of one. It takes the address out when all is done.
"""

from __future__ import annotations

from array import array
from collections.abc import Sequence
from functools import cache
from typing import Any

from numba import types

from ..compiler.jit import inlined, kernel
from .atomics import add, look_again, read, swap, until, words, write
from .indirect_call import call

LINE = 8  #: words of a cache line: so far apart is what one thread writes from what others look at

# -- words of a score -------------------------------------------------------------------------------------------------------
JOINED, LEFT, STAGES, WANTED, EXPECTED, LOOKS = 0, LINE, 2 * LINE, 2 * LINE + 1, 2 * LINE + 2, 2 * LINE + 3
HEADER = 3 * LINE
DONE, COME, GO, FIRST, NUMBER, MEETING, STAGE = 0, 1, 2, LINE, LINE + 1, LINE + 2, 2 * LINE
TAKEN, CALLER, BLOCK, LENGTH, CALL = 0, 1, 2, 3, LINE

#: In COME: nobody may come any more.
CLOSED = 1 << 40

# -- words of the bulletin --------------------------------------------------------------------------------------------------
WAITING, ERRAND = 0, 1  #: how many workers look, and whether there is something else for them to do
SLOTS, BULLETIN = LINE, 2 * LINE

#: In a slot while a worker joins its score. Addresses are even, and stand there with one added where nobody else is wanted.
JOINING = 1


def table(stages: Sequence[tuple[int, Sequence[tuple[int, int, int]]]]) -> array[int]:
    """A score of stages ``(meeting, calls)``: a gang's where there is the address of a counter for its meetings.

    A call is a C function, the address of the block of words that it takes, and their number.
    """
    made, calls = [0] * HEADER, []
    made[STAGES] = len(stages)
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
        looks, wanted = 0, min(max(p[EXPECTED], read(p, JOINED)), number - 1)
        while read(p, stage + COME) < wanted and looks < p[LOOKS]:
            look_again(looks)
            looks += 1
        p[EXPECTED] = 0  # who has not joined by now is not waited for again
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
            mine = me * number // (p[WANTED] + 1)
            for k in range(number):
                at = first + (mine + k) % number * CALL
                if read(p, at + TAKEN) == 0 and swap(p, at + TAKEN, 0, 1):
                    call(p[at + CALLER], (p[at + BLOCK],))
                    add(p, stage + DONE, 1)
        until(p, stage + DONE, number)


@inlined
def begin(p):
    """Make all of a score as if nothing of it had begun."""
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
    p[JOINED], p[LEFT] = 0, 0


@inlined
def post(b, score):
    """Put a score in a free slot, and answer which, or 0 where none is free."""
    for slot in range(SLOTS, BULLETIN):
        if read(b, slot) == 0 and swap(b, slot, 0, score):
            return slot
    return 0


def play(score, bulletin, wanted, expected, patience):
    """Do all of a score with up to ``wanted`` workers. When it returns, nobody uses the score any more.

    Of a gang ``expected`` others will come; it begins without those who have not after ``patience`` looks.
    """
    p, b, slot = words(score), words(bulletin), 0
    begin(p)
    p[WANTED], p[EXPECTED], p[LOOKS] = wanted, expected, patience
    if wanted > 0:
        slot = post(b, score)
    walk(p, 0)
    if slot > 0:
        looks = 0
        while not (swap(b, slot, score, 0) or swap(b, slot, score + 1, 0)):
            look_again(looks)
            looks += 1
    until(p, LEFT, read(p, JOINED))


@inlined
def join(b, slot, score):
    """Help with a score that is in a slot, if somebody else is wanted."""
    p = words(score)
    if swap(b, slot, score, JOINING):
        me = come_in(p, JOINED, p[WANTED])
        write(b, slot, score if me < p[WANTED] else score + 1)
        add(b, WAITING, -1)
        walk(p, me)
        add(p, LEFT, 1)
        add(b, WAITING, 1)


def serve(bulletin, patience):
    """Look for scores and help with them, until so many looks in a row were in vain or there is something else to do."""
    b = words(bulletin)
    add(b, WAITING, 1)
    looks = 0
    while looks < patience and read(b, ERRAND) == 0:
        for slot in range(SLOTS, BULLETIN):
            score = read(b, slot)
            if score != 0 and score & 1 == 0:
                join(b, slot, score)
                looks = 0
        look_again(looks)
        looks += 1
    add(b, WAITING, -1)


def rest(looks):
    """Wait for so many looks."""
    for k in range(looks):
        look_again(k)


@cache
def compiled(function: Any) -> Any:
    """One of the functions above that are no part of others; its arguments are all integers."""
    code = function.__code__  # which keeps the name that a kernel's function loses
    return kernel(function, code.co_name, types.int64, " ".join("i" * code.co_argcount))
