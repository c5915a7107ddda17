"""Flushing to zero: small values become zero, since denormal operands take the processor tens of times longer.

Each bound follows from the scale of the values. It is one test of the highest bits of the exponent.
"""

# Intrinsics take (typing context, types...) and return (signature, code generator): Numba's convention.
from __future__ import annotations

from numba.extending import intrinsic

from ..compiler.jit import inlined
from .arithmetic import select
from .vector import MANTISSA, Mask, constant


def _below(exponent_bits):
    """Return a test whether this many of the highest bits of the exponent are 0, or all for None: one test with AVX-512."""

    @intrinsic
    def below(typingctx, v):
        bits = exponent_bits or v.dtype.bitwidth - 1 - MANTISSA[v.dtype]

        def codegen(context, builder, sig, args):
            highest = constant(v.integers, ((1 << bits) - 1) << (v.dtype.bitwidth - 1 - bits))
            found = builder.and_(builder.bitcast(args[0], v.integers), highest)
            return builder.icmp_unsigned("==", found, constant(v.integers, 0))

        return Mask(v.n)(v), codegen

    return below


#: Whether the magnitude is below 2**-63, in float64 2**-511; below 2**-95 and 2**-767; denormal or 0.
tiny, very_tiny, denormal = _below(2), _below(3), _below(None)


@inlined
def flush(x):
    """A state, or zero where its square would be denormal: below 2**-63, in float64 2**-511. States have a scale of one."""
    return select(tiny(x), 0.0, x)


@inlined
def flush_gradient(x):
    """A share of a gradient, or zero below 2**-95, in float64 2**-767.

    Gradients have any scale. The square of a weight's gradient is denormal below 2**-63; shares below 2**-95 are nothing beside
    that even where 2**32 of them are added. Their products with weights above 2**-31 are not denormal.
    """
    return select(very_tiny(x), 0.0, x)


@inlined
def flush_denormal(x):
    """x, or zero where x itself is denormal: below 2**-126, in float64 2**-1022."""
    return select(denormal(x), 0.0, x)
