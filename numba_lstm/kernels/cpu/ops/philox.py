"""CPU: Philox4x32-10 (Salmon, Moraes, Dror & Shaw 2011): four random words for each block of a key."""

from __future__ import annotations

from typing import Any

import numpy as np
import numpy.typing as npt

from ...specs import Key, Sections
from ..compiler.jit import inlined
from ..runtime import recording

LOW = np.uint64(0xFFFFFFFF)
HIGH = np.uint64(32)
MULTIPLIER_0, MULTIPLIER_1 = np.uint64(0xD2511F53), np.uint64(0xCD9E8D57)
WEYL_0, WEYL_1 = np.uint64(0x9E3779B9), np.uint64(0xBB67AE85)

#: Places among the words of a key: of the step, and of the sections of a draw.
STEP, BEGIN, TOTAL, SIZE = 2, 4, 5, 6


@inlined
def philox(block, step, tag, k0, k1):
    """The four words of a block, as uint64."""
    c0, c1, c2, c3 = block & LOW, block >> HIGH, step, tag
    for _ in range(10):
        p0, p1 = c0 * MULTIPLIER_0, c2 * MULTIPLIER_1
        c0, c1, c2, c3 = (p1 >> HIGH) ^ c1 ^ k0, p1 & LOW, (p0 >> HIGH) ^ c3 ^ k1, p0 & LOW
        k0, k1 = (k0 + WEYL_0) & LOW, (k1 + WEYL_1) & LOW
    return c0, c1, c2, c3


@inlined
def first_word(key, section):
    """The number of the first word of a section."""
    return np.int64((key[BEGIN] + np.uint64(section) * key[TOTAL]) * key[SIZE])


def key_words(key: Key, sections: Sections) -> npt.NDArray[Any]:
    """Return the words of a key for kernels: its seed's lower and upper half, its step, its tag, and where sections begin.

    A plan overwrites the step at each run, and for a part of a batch where it begins.
    """
    words = np.array([key.seed & 0xFFFFFFFF, key.seed >> 32, key.step, key.tag, *sections[1:]], np.uint64)
    active = recording.active()
    if active is not None:
        active.keys.append((words, key))
    return words
