"""Philox4x32-10 random words (Salmon, Moraes, Dror & Shaw 2011) as a device function."""

from __future__ import annotations

from ...specs import Key
from ..recording import KeyStep
from ..runtime.compiler import device, uint32, uint64

M0, M1 = 0xD2511F53, 0xCD9E8D57
W0, W1 = 0x9E3779B9, 0xBB67AE85


@device
def philox(block, step, tag, low, high):
    """Return the four words of a block. ``low`` and ``high`` are the words of the seed."""
    c0, c1, c2, c3 = uint32(block), uint32(uint64(block) >> uint64(32)), uint32(step), uint32(tag)
    k0, k1 = uint32(low), uint32(high)
    for _ in range(10):
        p0, p1 = uint64(M0) * uint64(c0), uint64(M1) * uint64(c2)
        c0, c1 = uint32((p1 >> uint64(32)) ^ uint64(c1 ^ k0)), uint32(p1)
        c2, c3 = uint32((p0 >> uint64(32)) ^ uint64(c3 ^ k1)), uint32(p0)
        k0, k1 = uint32(k0 + uint32(W0)), uint32(k1 + uint32(W1))
    return c0, c1, c2, c3


@device
def first_word(section, begin, total, size):
    """Return the number of the first word of a section."""
    return (begin + section * total) * size


def key_words(key: Key) -> tuple[int, int, int, int]:
    """Return the kernel arguments of a key: step, tag and the two words of the seed."""
    return KeyStep(key.step % 2**32), key.tag % 2**32, key.seed % 2**32, key.seed >> 32
