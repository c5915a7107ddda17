"""Runs a kernel's compiled LLVM IR on this processor, thread by thread, with CUDA's barriers, shuffles and grids.

Every GPU thread is a context of its own (``makecontext``); all of a launch share one thread of this process. A context runs
until it reaches a barrier, a shuffle or an atomic, and the next one is drawn by a fixed seed. So a run repeats exactly, what a
missing barrier lets happen out of order does happen out of order, and what never ends is an error that says who waits for what:
threads at different barriers, a barrier that some have left behind, a wait for a block that never runs, a loop without an end.

Shared memory is NaN (all bits one) when a block begins. Memory that a launch did not ask for must be untouched after it.
"""

import ctypes
import random
import threading
from collections import Counter, deque

import numpy as np
from emulation import (
    ANSWER,
    BLOCK,
    CTAID,
    DYNAMIC,
    ENDED,
    EVENT,
    GRID,
    LATE,
    OPERANDS,
    POLL,
    RECORD,
    SHUFFLE,
    SITE,
    VOTE,
    WARP,
)  # fmt: skip
from machine import CONTEXT, LIBC, Shared, Stacks, Watch, begin, words

LIMIT = 60.0  #: seconds of processor time after which a launch is given up
POLLS = 2000  #: rounds in which all that can run only asks again
FULL_WARP = 32
WAITS = {BLOCK: "syncthreads", GRID: "grid.sync", SHUFFLE: "a shuffle", VOTE: "a vote", WARP: "syncwarp"}


class Deadlock(RuntimeError):
    """Threads that wait for what never comes."""


_stacks = Stacks()
_lock = threading.Lock()


def run(code, blocks, threads, args, shared=0, cooperative=False, seed=0):
    """Launch a kernel's :class:`~machine.Code` on NumPy arrays and numbers, and return when all threads have ended.

    Blocks of a ``cooperative`` launch run side by side, others one after another: a wait of one for another is an error.
    """
    if shared > DYNAMIC:
        raise ValueError(f"{shared} bytes of shared memory: a block has at most {DYNAMIC}.")
    with _lock:
        given = words(code.kernel.types, args)
        ctypes.memmove(code.arguments, given.ctypes.data, given.nbytes)
        code.sizes[0][:], code.sizes[1][:], code.size.value = blocks, threads, shared
        ids = [(x, y, z) for z in range(blocks[2]) for y in range(blocks[1]) for x in range(blocks[0])]
        memory = Shared(code, shared)
        with Watch(code, LIMIT):
            for together in [ids] if cooperative else [[i] for i in ids]:
                _Launch(code, together, threads, memory, random.Random(seed)).run()
                memory.turn = None
        memory.check()


class _Launch:
    """Blocks whose threads all begin, and end when they have all ended."""

    def __init__(self, code, blocks, threads, memory, order):
        self.code, self.memory, self.order = code, memory, order
        self.size = threads[0] * threads[1] * threads[2]
        self.blocks = len(blocks)
        self.records = np.zeros((self.blocks * self.size, RECORD), np.int64)
        lanes = np.arange(self.size)
        for b, block in enumerate(blocks):
            own = self.records[b * self.size : (b + 1) * self.size]
            own[:, 0], own[:, 1] = lanes % threads[0], lanes // threads[0] % threads[1]
            own[:, 2] = lanes // (threads[0] * threads[1])
            own[:, CTAID : CTAID + 3] = block
            own[:, RECORD - 1] = lanes % FULL_WARP
        self.at = [self.records.ctypes.data + k * RECORD * 8 for k in range(len(self.records))]
        self.state = {}  # thread -> what it waits at: (event, site)

    def run(self):
        """All threads, from their first line to their last."""
        main = ctypes.create_string_buffer(CONTEXT)
        self.code.main.value = ctypes.addressof(main)
        if not self.code.waits:
            for b in range(self.blocks):
                self._straight(b)
            return
        self.contexts = _stacks.take(len(self.records))
        for context in self.contexts:
            begin(context, self.code.thread)
        self.ready = [deque(self._shuffled(range(b * self.size, (b + 1) * self.size))) for b in range(self.blocks)]
        self.alive = [self.size] * self.blocks
        self.arrived = [[] for _ in range(self.blocks)]
        self.at_grid, self.idle = [], 0
        while any(self.alive):
            if not any(self.ready):
                raise Deadlock(f"{self.code.kernel!r} stands still: {self._who()}.")
            moved = False
            for b in range(self.blocks):
                moved |= self._turn(b)
            self.idle = 0 if moved else self.idle + 1
            if self.idle > POLLS:
                raise Deadlock(f"{self.code.kernel!r} waits for a value that nobody writes: {self._who()}.")

    def _straight(self, b):
        """A block whose threads never wait: one after another, in one context."""
        drawn = self._shuffled(range(b * self.size, (b + 1) * self.size))
        addresses = np.array([self.at[k] for k in drawn])
        self.code.records.value, self.code.count.value = addresses.ctypes.data, self.size
        self.memory.give(b)
        (context,) = _stacks.take(1)
        begin(context, self.code.threads)
        self._switch(context)
        if np.any(self.records[drawn, EVENT] == LATE):
            raise self._too_late()

    def _switch(self, context):
        """Run a context until it comes back."""
        code = self.code
        code.here.value = context[0]
        LIBC.swapcontext(code.main.value, context[0])
        code.self.value = None

    def _too_late(self):
        return Deadlock(f"{self.code.kernel!r} ran for {LIMIT:.0f} s of processor time: a thread's loop has no end.")

    def _turn(self, b):
        """Let a block's threads run until all wait or ask again; whether any got further."""
        ready, moved, asked = self.ready[b], False, set()
        while ready and ready[0] not in asked:
            k = ready.popleft()
            self.memory.give(b)
            self.code.self.value = self.at[k]
            self._switch(self.contexts[k])
            event = int(self.records[k, EVENT])
            if event == POLL:
                asked.add(k)
                ready.append(k)
                continue
            moved = True
            asked.clear()
            self._wait(b, k, event)
        return moved

    def _wait(self, b, k, event):
        if event == LATE:
            raise self._too_late()
        if event == ENDED:
            self.alive[b] -= 1
            self.state[k] = (ENDED, 0)
            return
        self.state[k] = (event, int(self.records[k, SITE]) if event == BLOCK else 0)
        if event == BLOCK:
            self.arrived[b].append(k)
            if len(self.arrived[b]) == self.size:
                if len({self.state[j] for j in self.arrived[b]}) > 1:
                    raise Deadlock(f"{self.code.kernel!r}: threads of a block meet at different barriers: {self._who()}.")
                self._go(b, self.arrived[b])
                self.arrived[b] = []
        elif event == GRID:
            self.at_grid.append(k)
            if len(self.at_grid) == len(self.records):
                for every in range(self.blocks):
                    self._go(every, [j for j in self.at_grid if j // self.size == every])
                self.at_grid = []
        else:
            self._exchange(b, k, event)

    def _exchange(self, b, k, event):
        """A warp's shuffle or vote, when all of its mask have come."""
        first = k - (k - b * self.size) % FULL_WARP
        warp = range(first, min(first + FULL_WARP, (b + 1) * self.size))
        mask = int(self.records[k, SITE])
        members = [j for j in warp if mask >> (j - first) & 1]
        if any(self.state.get(j, (None,))[0] != event or int(self.records[j, SITE]) != mask for j in members):
            return
        operands = self.records[:, OPERANDS:ANSWER]
        answers = {}
        for j in members:
            if event == SHUFFLE:
                mode, value, by = (int(v) for v in operands[j, :3])
                lane = j - first
                source = (by, lane - by, lane + by, lane ^ by)[mode]
                inside = 0 <= source < FULL_WARP
                if inside and first + source not in members:
                    raise IndexError(f"{self.code.kernel!r}: a shuffle reads lane {source}, which takes no part.")
                answers[j] = (int(operands[first + source, 1]) if inside else value) | inside << 32
            elif event == VOTE:
                votes = [int(operands[i, 1]) for i in members]
                ballot = sum(v << (i - first) for i, v in zip(members, votes, strict=True))
                answers[j] = (all(votes), any(votes), len(set(votes)) == 1, ballot)[int(operands[j, 0])]
        for j, answer in answers.items():
            self.records[j, ANSWER] = answer
        self._go(b, members)

    def _go(self, b, threads):
        for k in threads:
            self.state[k] = (POLL, 0)
        self.ready[b].extend(self._shuffled(threads))

    def _shuffled(self, threads):
        drawn = list(threads)
        self.order.shuffle(drawn)
        return drawn

    def _who(self):
        where = Counter(self.state.values())
        said = [
            f"{count} at {WAITS[event]}" + (f" number {site}" if event == BLOCK else "")
            for (event, site), count in sorted(where.items())
            if event in WAITS
        ]
        ended = sum(count for (event, _), count in where.items() if event == ENDED)
        return ", ".join([*said, f"{ended} of {len(self.records)} threads have ended"])
