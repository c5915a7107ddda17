"""Runs a kernel's compiled LLVM IR on this processor, thread by thread, with CUDA's barriers, shuffles and grids.

Every GPU thread is a context (``makecontext``), and all threads of a launch share one thread of this process. A context runs
until it reaches a barrier, a shuffle or an atomic. A seed determines the next thread and the next block, and now and then a
part of the threads of a block to run ahead of the others. So a run is reproducible, and races of a missing barrier do occur. A
deadlock or an endless loop is an error that lists what threads wait for: different barriers, a barrier that some threads never
reach, a block that never runs. An access to unmapped memory is an error too, and does not end this process.

Shared memory is NaN (all bits one) when a block begins. Memory beyond the size of the launch must be unchanged after it.
"""

import ctypes
import threading

import numpy as np
from emulation import (
    ANSWER,
    BLOCK,
    CTAID,
    DYNAMIC,
    ENDED,
    EVENT,
    FAULT,
    GRID,
    LATE,
    OPERANDS,
    POLL,
    RECORD,
    SHUFFLE,
    SITE,
    VOTE,
)  # fmt: skip
from machine import CONTEXT, LIBC, Shared, Stacks, Watch, begin, words
from orders import FULL_WARP, alone_or_in_pairs, leave, part, who

LIMIT = 60.0  #: seconds of processor time after which a launch is aborted
POLLS = 2000  #: turns of each block in which all runnable threads only poll


class Deadlock(RuntimeError):
    """All threads wait, or a thread never ends."""


_stacks = Stacks()
_lock = threading.Lock()


def run(code, blocks, threads, args, shared=0, cooperative=False, seed=0):
    """Launch a kernel's :class:`~machine.Code` on NumPy arrays and numbers, and return when all threads have ended.

    All blocks of a ``cooperative`` launch run concurrently. Others do alone or in pairs: to wait for more blocks is an error.
    """
    if shared > DYNAMIC:
        raise ValueError(f"{shared} bytes of shared memory: a block has at most {DYNAMIC}.")
    with _lock:
        given = words(code.kernel.types, args)
        ctypes.memmove(code.arguments, given.ctypes.data, given.nbytes)
        code.sizes[0][:], code.sizes[1][:], code.size.value = blocks, threads, shared
        ids = [(x, y, z) for z in range(blocks[2]) for y in range(blocks[1]) for x in range(blocks[0])]
        memory = Shared(code, shared)
        order = np.random.default_rng(seed)
        order.shuffle(ids)
        with Watch(code, LIMIT):
            for concurrent_blocks in [ids] if cooperative else alone_or_in_pairs(ids, order):
                _Launch(code, concurrent_blocks, threads, memory, order).run()
                memory.forget()
        memory.check()


class _Launch:
    """Blocks that run concurrently."""

    def __init__(self, code, blocks, threads, memory, order):
        self.code, self.memory, self.order = code, memory, order
        self.size = threads[0] * threads[1] * threads[2]
        self.blocks = len(blocks)
        self.records = np.zeros((self.blocks * self.size, RECORD), np.int64)
        lanes = np.arange(self.size)
        for b, block in enumerate(blocks):
            records = self.records[b * self.size : (b + 1) * self.size]
            records[:, 0], records[:, 1] = lanes % threads[0], lanes // threads[0] % threads[1]
            records[:, 2] = lanes // (threads[0] * threads[1])
            records[:, CTAID : CTAID + 3] = block
            records[:, RECORD - 1] = lanes % FULL_WARP
        self.at = self.records.ctypes.data + 8 * RECORD * np.arange(len(self.records))
        self.state = {}  # thread -> what it waits at: (event, site)

    def run(self):
        """Run all threads to their end."""
        main = ctypes.create_string_buffer(CONTEXT)
        self.code.main.value = ctypes.addressof(main)
        if not self.code.waits:
            for b in range(self.blocks):
                self._straight(b)
            return
        contexts = _stacks.take(len(self.records))
        for context in contexts:
            begin(context, self.code.thread)
        self.contexts = np.array([context for context, _ in contexts])
        self.ready = [self._shuffled(range(b * self.size, (b + 1) * self.size)) for b in range(self.blocks)]
        self.alive = [self.size] * self.blocks
        self.arrived = [[] for _ in range(self.blocks)]
        self.came = {}  # (first thread of a warp, event, mask) -> those of the mask who wait
        self.at_grid, idle = [], 0
        while any(self.alive):
            ready_blocks = [b for b in range(self.blocks) if self.ready[b]]
            if not ready_blocks:
                raise Deadlock(f"{self.code.kernel!r} stands still: {self._who()}.")
            idle = 0 if self._turn(ready_blocks[self.order.integers(len(ready_blocks))]) else idle + 1
            if idle > POLLS * len(ready_blocks):
                raise Deadlock(f"{self.code.kernel!r} waits for a value that nobody writes: {self._who()}.")

    def _straight(self, b):
        """Run a block whose threads never wait, one thread after another in one context."""
        addresses = self.at[self._shuffled(range(b * self.size, (b + 1) * self.size))]
        self.code.records.value, self.code.count.value = addresses.ctypes.data, self.size
        self.memory.load(b)
        (context,) = _stacks.take(1)
        begin(context, self.code.threads)
        LIBC.swapcontext(self.code.main.value, context[0])
        self.code.self.value = None
        self._refuse(self.records[:, EVENT])

    def _refuse(self, events):
        """Raise the error for which a thread was stopped."""
        if np.any(events == LATE):
            raise Deadlock(f"{self.code.kernel!r} ran for {LIMIT:.0f} s of processor time: a thread's loop has no end.")
        if np.any(events == FAULT):
            raise IndexError(f"{self.code.kernel!r} touched what is no memory: an index far beyond an array.")

    def _turn(self, b):
        """Run the threads of a block until all wait or poll, or a part of them. Returns whether any made progress."""
        moved = False
        while self.ready[b]:
            batch, self.ready[b] = self.ready[b], []
            batch, behind = part(self.order, batch)
            events = self._each(b, batch)
            if len(batch) == self.size and self._release_block(self.records[b * self.size : (b + 1) * self.size]):
                self.ready[b], moved = self._shuffled(batch), True
                if self.blocks > 1 and leave(self.order):
                    break
                continue
            for k, event in zip(batch, events.tolist(), strict=True):
                if event == POLL:
                    self.ready[b].append(k)
                else:
                    self._wait(b, k, event)
            self.ready[b] += behind
            if np.all(events == POLL):
                break
            moved = True
            if behind and self.blocks > 1:
                break
        return moved

    def _release_block(self, block):
        """Release a whole block from one barrier, or one shuffle of whole warps, if all threads wait there: the usual case."""
        event, site = (int(word) for word in block[0, [EVENT, SITE]])
        if np.any(block[:, EVENT] != event) or np.any(block[:, SITE] != site):
            return False
        if event != SHUFFLE:
            return event == BLOCK
        if self.size % FULL_WARP or site != 2**FULL_WARP - 1:
            return False
        mode, value, by = block[:, OPERANDS : OPERANDS + 3].T
        thread_ids = np.arange(self.size)
        lane = thread_ids % FULL_WARP
        source = np.choose(mode, (by, lane - by, lane + by, lane ^ by))
        inside = (source >= 0) & (source < FULL_WARP)
        block[:, ANSWER] = value[np.where(inside, thread_ids - lane + source, thread_ids)] | inside.astype(np.int64) << 32
        return True

    def _each(self, b, batch):
        """Run each of some threads until it yields. Returns the events that they wait for."""
        contexts, records = self.contexts[batch], self.at[batch]
        self.memory.load(b)
        ran = self.code.turn(contexts.ctypes.data, records.ctypes.data, len(batch))
        events = self.records[batch[:ran], EVENT]
        self._refuse(events)
        return events

    def _wait(self, b, k, event):
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
        """Complete a shuffle or vote of a warp when all threads of its mask have arrived."""
        first = k - (k - b * self.size) % FULL_WARP
        warp = range(first, min(first + FULL_WARP, (b + 1) * self.size))
        mask = int(self.records[k, SITE])
        came = self.came.setdefault((first, event, mask), [])
        came.append(k)
        if len(came) < min(mask.bit_count(), len(warp)):
            return
        members = [j for j in warp if mask >> (j - first) & 1]
        if sorted(came) != members:
            return
        del self.came[first, event, mask]
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
        return self.order.permutation(threads).tolist()

    def _who(self):
        return who(self.state, len(self.records))
