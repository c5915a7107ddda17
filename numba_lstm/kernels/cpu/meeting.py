"""Where the members of a gang (:func:`.pool.gang`) wait for each other, inside a kernel and without the interpreter.

A meeting is one 64-bit counter that starts at zero. Each member adds one and waits until all have: at the ``turn``-th meeting
of ``members`` that is ``members * turn``, so nobody ever sets it back. Waiting is spinning, since a step of an LSTM takes as
long as waking a thread; after a while a member lets other threads have its core.
"""

from __future__ import annotations

import os

from llvmlite import ir
from numba.core import cgutils, types
from numba.extending import intrinsic

from .host import HOST

#: Looks at the counter before a member gives way, some tens of microseconds.
PATIENCE = 1 << 12

#: What a member that fails leaves in the counter, so that nobody waits for it.
BROKEN_UP = 1 << 62

_GIVE_WAY = "SwitchToThread" if os.name == "nt" else "sched_yield"


@intrinsic
def meet(typingctx, counter, members, turn):
    """Wait at the counter (a pointer) until all ``members`` have come for the ``turn``-th time; turns count from 1."""

    def codegen(context, builder, sig, args):
        i64, i32 = ir.IntType(64), ir.IntType(32)
        counter_, members_, turn_ = args
        goal = builder.mul(members_, turn_)
        give_way = builder.module.globals.get(_GIVE_WAY) or ir.Function(builder.module, ir.FunctionType(i32, []), _GIVE_WAY)
        builder.atomic_rmw("add", counter_, i64(1), "acq_rel")
        before = builder.block
        look, yielding, after = (builder.append_basic_block(name) for name in ("look", "yield", "met"))
        again = builder.append_basic_block("again")
        builder.branch(look)
        builder.position_at_end(look)
        looks = builder.phi(i64)
        looks.add_incoming(i64(1), before)
        value = builder.load_atomic(counter_, "acquire", 8)
        waiting = builder.append_basic_block("waiting")
        builder.cbranch(builder.icmp_signed(">=", value, goal), after, waiting)
        builder.position_at_end(waiting)
        if HOST.x86:  # lets a thread that shares the core work meanwhile
            pause = cgutils.get_or_insert_function(builder.module, ir.FunctionType(ir.VoidType(), []), "llvm.x86.sse2.pause")
            builder.call(pause, [])
        tired = builder.icmp_unsigned("==", builder.and_(looks, i64(PATIENCE - 1)), i64(0))
        builder.cbranch(tired, yielding, again)
        builder.position_at_end(yielding)
        builder.call(give_way, [])
        builder.branch(again)
        builder.position_at_end(again)
        looks.add_incoming(builder.add(looks, i64(1)), again)
        builder.branch(look)
        builder.position_at_end(after)
        return context.get_dummy_value()

    return types.void(types.CPointer(types.int64), types.intp, types.intp), codegen
