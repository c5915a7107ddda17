"""The processor's peak: a loop of fused multiply-adds that never leaves the registers.

No product can be faster, so a fraction of it says how much of the machine an engine uses, whatever clock the machine runs at.
"""

from __future__ import annotations

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import numba
import numpy as np
from llvmlite import ir
from numba import njit, types
from numba.core import cgutils
from numba.extending import intrinsic

from numba_lstm.kernels.cpu.host import HOST

from .engine import Engine, Values
from .problem import Problem

LANES = HOST.lanes(4)
#: Independent chains: at least latency (4 or 5 cycles) times instructions a cycle (2), and all in registers.
CHAINS = 24 if HOST.registers == 32 else 12
ROUNDS = 100_000
FLOPS = 2 * LANES * CHAINS * ROUNDS

_VECTOR = ir.VectorType(ir.FloatType(), LANES)
_INDEX = ir.IntType(64)


@intrinsic
def _spin(typingctx: Any, array: Any, rounds: Any) -> Any:
    """``chain[k] = chain[k] * m + a``, ``rounds`` times. Chains, m and a come from ``array``, so that no two chains are one."""

    def codegen(context: Any, builder: Any, sig: Any, args: Any) -> Any:
        base = context.make_array(array)(context, builder, args[0]).data

        def place(k: int) -> Any:
            return builder.bitcast(builder.gep(base, [_INDEX(k * LANES)]), _VECTOR.as_pointer())

        def load(k: int) -> Any:
            value = builder.load(place(k))
            value.align = 4
            return value

        before, loop, after = builder.block, builder.append_basic_block("spin"), builder.append_basic_block("spun")
        first, m, a = [load(k) for k in range(CHAINS)], load(CHAINS), load(CHAINS + 1)
        builder.branch(loop)
        builder.position_at_end(loop)
        count, chains = builder.phi(_INDEX), [builder.phi(_VECTOR) for _ in first]
        following = builder.add(count, _INDEX(1))
        results = [_multiply_add(builder, chain, m, a) for chain in chains]
        for phi, start, end in zip([count, *chains], [_INDEX(0), *first], [following, *results], strict=True):
            phi.add_incoming(start, before)
            phi.add_incoming(end, loop)
        builder.cbranch(builder.icmp_signed("<", following, args[1]), loop, after)
        builder.position_at_end(after)
        for k, result in enumerate(results):
            builder.store(result, place(k)).align = 4
        return context.get_dummy_value()

    return types.void(array, types.intp), codegen


def _multiply_add(builder: Any, x: Any, y: Any, z: Any) -> Any:
    if not HOST.fma:
        return builder.fadd(builder.fmul(x, y), z)
    name = f"llvm.fma.v{LANES}f32"
    return builder.call(
        cgutils.get_or_insert_function(builder.module, ir.FunctionType(_VECTOR, [_VECTOR] * 3), name), [x, y, z]
    )


@njit("void(f4[::1], intp)", nogil=True)
def _loop(array: Any, rounds: Any) -> None:
    _spin(array, rounds)


class FmaPeak(Engine):
    """Not an engine to compare with: whatever the mode, each thread does ``FLOPS`` operations a call."""

    def __init__(self, threads: int) -> None:
        super().__init__(threads)
        self.flops = FLOPS * threads
        # m just below 1 and a small: the chains stay normal numbers for ever
        start = np.linspace(0.5, 1.5, (CHAINS + 2) * LANES).astype(np.float32)
        start[CHAINS * LANES :] = np.repeat(np.array([0.999, 0.001], np.float32), LANES)
        self._arrays = [start.copy() for _ in range(threads)]
        self._pool = ThreadPoolExecutor(threads)

    def versions(self) -> dict[str, str]:
        return {"numba": numba.__version__, "vectors": HOST.isa}

    def infer(self, problem: Problem) -> Callable[[], Values]:
        return self.spin

    def train(self, problem: Problem) -> Callable[[], float]:
        return self.spin  # type: ignore[return-value]

    def fit(self, problem: Problem) -> Callable[[], float]:
        return self.spin  # type: ignore[return-value]

    def stream(self, problem: Problem) -> Callable[[Values], Values]:
        return lambda _: self.spin()

    def spin(self) -> Values:
        if self.threads == 1:
            _loop(self._arrays[0], ROUNDS)
        else:
            list(self._pool.map(lambda array: _loop(array, ROUNDS), self._arrays))
        return self._arrays[0][:1]
