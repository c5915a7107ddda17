"""The two loops that a roofline is made of, with vectors of the host's width: multiply-adds in registers, and reads."""

from __future__ import annotations

from typing import Any

from llvmlite import ir
from numba import njit, types
from numba.core import cgutils
from numba.extending import intrinsic

from numba_lstm.kernels.cpu.compiler.cpu_info import HOST

LANES = HOST.lanes(4)
#: Independent chains: at least latency (4 or 5 cycles) times instructions a cycle (2), and all in registers.
CHAINS = 24 if HOST.registers == 32 else 12

_VECTOR = ir.VectorType(ir.FloatType(), LANES)
_INDEX = ir.IntType(64)


def _place(builder: Any, base: Any, vector: Any) -> Any:
    return builder.bitcast(builder.gep(base, [builder.mul(vector, _INDEX(LANES))]), _VECTOR.as_pointer())


def _load(builder: Any, base: Any, vector: Any) -> Any:
    value = builder.load(_place(builder, base, vector))
    value.align = 4
    return value


def _multiply_add(builder: Any, x: Any, y: Any, z: Any) -> Any:
    if not HOST.fma:
        return builder.fadd(builder.fmul(x, y), z)
    ternary = ir.FunctionType(_VECTOR, [_VECTOR] * 3)
    return builder.call(cgutils.get_or_insert_function(builder.module, ternary, f"llvm.fma.v{LANES}f32"), [x, y, z])


def _repeat(builder: Any, count: Any, values: list[Any], body: Any) -> list[Any]:
    """``for k in range(count): values = body(k, values)`` with the values in registers; count is at least 1."""
    before, loop, after = builder.block, builder.append_basic_block("loop"), builder.append_basic_block("after")
    builder.branch(loop)
    builder.position_at_end(loop)
    k, phis = builder.phi(_INDEX), [builder.phi(_VECTOR) for _ in values]
    results = body(k, phis)
    following = builder.add(k, _INDEX(1))
    for phi, first, last in zip([k, *phis], [_INDEX(0), *values], [following, *results], strict=True):
        phi.add_incoming(first, before)
        phi.add_incoming(last, loop)
    builder.cbranch(builder.icmp_signed("<", following, count), loop, after)
    builder.position_at_end(after)
    return results


def _loop(emit: Any) -> Any:
    """An intrinsic ``loop(array, rounds)``: starts CHAINS chains from the array, and leaves their ends there."""

    @intrinsic
    def loop(typingctx: Any, array: Any, rounds: Any) -> Any:
        def codegen(context: Any, builder: Any, sig: Any, args: Any) -> Any:
            base = context.make_array(array)(context, builder, args[0]).data
            # each from other memory, else LLVM would make one of them
            chains = [_load(builder, base, _INDEX(k)) for k in range(CHAINS)]
            for k, chain in enumerate(_repeat(builder, args[1], chains, emit(builder, base))):
                builder.store(chain, _place(builder, base, _INDEX(k))).align = 4
            return context.get_dummy_value()

        return types.void(array, types.intp), codegen

    return loop


@_loop
def _spin(builder: Any, base: Any) -> Any:
    m, a = _load(builder, base, _INDEX(CHAINS)), _load(builder, base, _INDEX(CHAINS + 1))
    return lambda k, chains: [_multiply_add(builder, chain, m, a) for chain in chains]


@_loop
def _read(builder: Any, base: Any) -> Any:
    def body(k: Any, chains: list[Any]) -> list[Any]:
        first = builder.mul(k, _INDEX(CHAINS))
        return [builder.fadd(c, _load(builder, base, builder.add(first, _INDEX(i)))) for i, c in enumerate(chains)]

    return body


@njit("void(f4[::1], intp)", nogil=True)
def spin(array: Any, rounds: Any) -> None:
    """``chain = chain * m + a`` for CHAINS chains, ``rounds`` times. m and a are the vectors behind the chains."""
    _spin(array, rounds)


@njit("void(f4[::1], intp, intp)", nogil=True)
def read(array: Any, rounds: Any, times: Any) -> None:
    """Read the first ``rounds * CHAINS`` vectors, again and again."""
    for _ in range(times):
        _read(array, rounds)
