"""Atomic words that threads share inside kernels: counters, spinning, and a barrier.

Waiting is spinning, since a step of an LSTM takes as long as waking a thread. A thread that has spun for a while yields its
core now and then.
"""

from __future__ import annotations

import os

from llvmlite import ir
from numba.core import cgutils, types
from numba.extending import intrinsic

from ..compiler.cpu_info import HOST
from ..compiler.jit import inlined

#: Spins after which a thread yields its core, some tens of microseconds.
SPINS_BEFORE_YIELD = 1 << 9

_YIELD = "SwitchToThread" if os.name == "nt" else "sched_yield"

_WORD = types.CPointer(types.int64)


@intrinsic
def words(typingctx, address):
    """The 64-bit words at an address."""

    def codegen(context, builder, sig, args):
        return builder.inttoptr(args[0], ir.IntType(64).as_pointer())

    return _WORD(types.intp), codegen


@intrinsic
def load_acquire(typingctx, p, i):
    """Word i, and after it all that its writer wrote before."""

    def codegen(context, builder, sig, args):
        return builder.load_atomic(builder.gep(args[0], [args[1]]), "acquire", 8)

    return types.int64(_WORD, types.intp), codegen


@intrinsic
def store_release(typingctx, p, i, value):
    """Write word i, after all that was written before."""

    def codegen(context, builder, sig, args):
        builder.store_atomic(args[2], builder.gep(args[0], [args[1]]), "release", 8)
        return context.get_dummy_value()

    return types.void(_WORD, types.intp, types.int64), codegen


@intrinsic
def fetch_add(typingctx, p, i, value):
    """Add to word i and return what it was."""

    def codegen(context, builder, sig, args):
        return builder.atomic_rmw("add", builder.gep(args[0], [args[1]]), args[2], "acq_rel")

    return types.int64(_WORD, types.intp, types.int64), codegen


@intrinsic
def compare_exchange(typingctx, p, i, expected, desired):
    """Write ``desired`` to word i if it is ``expected``; return whether it was. Of many threads one succeeds."""

    def codegen(context, builder, sig, args):
        at = builder.gep(args[0], [args[1]])
        return builder.extract_value(builder.cmpxchg(at, args[2], args[3], "acq_rel", "acquire"), 1)

    return types.boolean(_WORD, types.intp, types.int64, types.int64), codegen


@intrinsic
def pause(typingctx, spins):
    """Pause between two loads of a word, so that a thread on the same core works; yield the core now and then, by ``spins``."""

    def codegen(context, builder, sig, args):
        if HOST.x86:
            hint = cgutils.get_or_insert_function(builder.module, ir.FunctionType(ir.VoidType(), []), "llvm.x86.sse2.pause")
            builder.call(hint, [])
        yield_ = cgutils.get_or_insert_function(builder.module, ir.FunctionType(ir.IntType(32), []), _YIELD)
        last = ir.IntType(64)(SPINS_BEFORE_YIELD - 1)
        due = builder.icmp_unsigned("==", builder.and_(args[0], last), last)
        with builder.if_then(due, likely=False):
            builder.call(yield_, [])
        return context.get_dummy_value()

    return types.void(types.int64), codegen


@inlined
def spin_until(p, i, goal):
    """Spin until word i is ``goal`` or more."""
    spins = 0
    while load_acquire(p, i) < goal:
        pause(spins)
        spins += 1


@inlined
def barrier(counter, team_size, turn):
    """Wait at a counter until all members of a team have come for the ``turn``-th time, from 1 on.

    The counter starts at zero and each member adds one, so it is ``team_size * turn`` then, and nobody ever resets it.
    """
    fetch_add(counter, 0, 1)
    spin_until(counter, 0, team_size * turn)
