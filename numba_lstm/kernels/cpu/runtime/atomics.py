"""Counters that threads share: how they wait for each other inside kernels, without the interpreter.

A counter is a 64-bit word. Waiting is spinning, since a step of an LSTM takes as long as waking a thread; after a while a
thread that waits lets others have its core.
"""

from __future__ import annotations

import os

from llvmlite import ir
from numba.core import cgutils, types
from numba.extending import intrinsic

from ..compiler.cpu_info import HOST
from ..compiler.jit import inlined

#: Looks at a counter before a thread gives way, some tens of microseconds.
PATIENCE = 1 << 9

_GIVE_WAY = "SwitchToThread" if os.name == "nt" else "sched_yield"

_WORD = types.CPointer(types.int64)


@intrinsic
def words(typingctx, address):
    """The 64-bit words at an address."""

    def codegen(context, builder, sig, args):
        return builder.inttoptr(args[0], ir.IntType(64).as_pointer())

    return _WORD(types.intp), codegen


@intrinsic
def read(typingctx, p, i):
    """Word i, with all that was written before it was."""

    def codegen(context, builder, sig, args):
        return builder.load_atomic(builder.gep(args[0], [args[1]]), "acquire", 8)

    return types.int64(_WORD, types.intp), codegen


@intrinsic
def write(typingctx, p, i, value):
    """Word i, after all that was written before."""

    def codegen(context, builder, sig, args):
        builder.store_atomic(args[2], builder.gep(args[0], [args[1]]), "release", 8)
        return context.get_dummy_value()

    return types.void(_WORD, types.intp, types.int64), codegen


@intrinsic
def add(typingctx, p, i, value):
    """Add to word i; answers what it was."""

    def codegen(context, builder, sig, args):
        return builder.atomic_rmw("add", builder.gep(args[0], [args[1]]), args[2], "acq_rel")

    return types.int64(_WORD, types.intp, types.int64), codegen


@intrinsic
def swap(typingctx, p, i, before, after):
    """``after`` into word i if it is ``before``; answers whether it was. Of many threads one succeeds."""

    def codegen(context, builder, sig, args):
        at = builder.gep(args[0], [args[1]])
        return builder.extract_value(builder.cmpxchg(at, args[2], args[3], "acq_rel", "acquire"), 1)

    return types.boolean(_WORD, types.intp, types.int64, types.int64), codegen


@intrinsic
def look_again(typingctx, looks):
    """What a thread does between two looks at a counter: lets one that shares its core work, and now and then any other."""

    def codegen(context, builder, sig, args):
        if HOST.x86:
            pause = cgutils.get_or_insert_function(builder.module, ir.FunctionType(ir.VoidType(), []), "llvm.x86.sse2.pause")
            builder.call(pause, [])
        give_way = cgutils.get_or_insert_function(builder.module, ir.FunctionType(ir.IntType(32), []), _GIVE_WAY)
        tired = builder.icmp_unsigned("==", builder.and_(args[0], ir.IntType(64)(PATIENCE - 1)), ir.IntType(64)(PATIENCE - 1))
        with builder.if_then(tired, likely=False):
            builder.call(give_way, [])
        return context.get_dummy_value()

    return types.void(types.int64), codegen


@inlined
def until(p, i, goal):
    """Wait until word i is ``goal`` or more."""
    looks = 0
    while read(p, i) < goal:
        look_again(looks)
        looks += 1


@inlined
def meet(counter, members, turn):
    """Wait at a counter until all ``members`` have come for the ``turn``-th time, from 1 on.

    It starts at zero, and each member adds one: at that meeting it is ``members * turn``, so nobody ever sets it back.
    """
    add(counter, 0, 1)
    until(counter, 0, members * turn)
