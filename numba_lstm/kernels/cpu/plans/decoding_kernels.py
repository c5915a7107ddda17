"""Kernels of decoding: states and inputs of the next step, the best sequences of a step, and the tokens of sequences.

A *row* is a sequence of a sample. Its *parent* is the row whose states it continues.
"""

from __future__ import annotations

import math
from functools import cache
from typing import Any

from numba import types

from ..compiler.jit import inlined, kernel
from ..gemm.layout import NUMBA, vector_geometry
from ..runtime.atomics import words
from ..simd.vector import data, load, offset, pointer, store

#: The words that change from call to call: whether a step is the first one of a sequence, the number of a step, the token that
#: ends a sequence (-1: none), whether scores are logits, and the addresses of the penalties of all lengths, and of the parents
#: and the tokens of all steps.
FIRST, STEP, END, LOGITS, PENALTIES, PARENTS, TOKENS, WORDS = range(8)

#: The columns of the table of moves: what is moved, its address, the strides of its rows and of its blocks, the same of the
#: target, the number of blocks of a row, and their elements.
KIND, SOURCE, ROW, BLOCK, TARGET, TARGET_ROW, TARGET_BLOCK, BLOCKS, SIZE, COLUMNS = range(10)

#: Kinds of moves: the state of the parent, the row of a table for a token, and a token as a one-hot row.
STATE, LOOKUP, ONE_HOT = range(3)

#: Part of a bound on probabilities that covers the rounding of its logarithm.
MARGIN = 1e-6


@cache
def advance(dtype: str) -> Any:
    """Return the kernel that moves states, and the inputs for the last tokens, to rows ``first`` to ``last``.

    Rows are copied by vectors, since LLVM does not know that two addresses are apart: a tenth of the time.
    """
    V = vector_geometry(dtype).V

    def decoding_advance(control, moves, parents, tokens, like, first, last):
        for m in range(len(moves)):
            move = moves[m]
            kind, size = move[KIND], move[SIZE]
            if kind == STATE and control[FIRST] != 0:
                continue
            source, target = pointer(move[SOURCE], data(like)), pointer(move[TARGET], data(like))
            for row in range(first, last):
                to = offset(target, row * move[TARGET_ROW])
                if kind == ONE_HOT:
                    for k in range(size):
                        to[k] = 0
                    to[tokens[row]] = 1
                    continue
                at = offset(source, (parents[row] if kind == STATE else tokens[row]) * move[ROW])
                for block in range(move[BLOCKS]):
                    i, j = block * move[BLOCK], block * move[TARGET_BLOCK]
                    for k in range(0, size - V + 1, V):
                        store(to, j + k, load(at, i + k, V))
                    for k in range(size - size % V, size):
                        to[j + k] = at[i + k]

    return kernel(decoding_advance, f"decoding_advance_{dtype}", NUMBA[dtype], "n1 n2 n1 n1 f1 i i")


@inlined
def log_sum(p, V):
    """Return the largest of V logits, and the logarithm of the sum of the exponentials of their distances from it."""
    largest, total = -math.inf, 0.0
    for v in range(V):
        largest = max(largest, 1.0 * p[v])
    for v in range(V):
        total += math.exp(p[v] - largest)
    return largest, math.log(total)


@inlined
def insert(ranks, totals, indices, count, rank, total, index):
    """Insert a sequence into a list of ``count`` ones by its rank, behind equal ones; drop the last one of a full list."""
    at = min(count, len(ranks) - 1)
    while at > 0 and rank > ranks[at - 1]:
        ranks[at], totals[at], indices[at] = ranks[at - 1], totals[at - 1], indices[at - 1]
        at -= 1
    ranks[at], totals[at], indices[at] = rank, total, index
    return min(count + 1, len(ranks))


@inlined
def rank_of(total, penalty):
    """Return the number by which a sequence is ranked: NaN, as of a negative probability, is the last."""
    rank = total / penalty
    return rank if rank == rank else -math.inf


@inlined
def extend_ended(found, places, count, total, penalty, end, V, first):
    """Insert the V sequences behind an ended one, of which that with the token ``end`` alone is possible."""
    full = count == found.shape[1]
    for v in range(end if full else 0, end + 1 if full else V):
        value = total if v == end else -math.inf
        rank = rank_of(value, penalty)
        if count < found.shape[1] or rank > found[0, count - 1]:
            count = insert(found[0], found[1], places[0], count, rank, value, first + v)
    return count


@inlined
def extend_row(found, places, count, total, penalty, p, logits, V, first):
    """Insert the V sequences that continue one.

    What is below a bound is left out before its logarithm is computed: probabilities that cannot reach the last rank.
    """
    width, bound, largest, shift = found.shape[1], -math.inf, 0.0, 0.0
    if logits:
        largest, shift = log_sum(p, V)
    elif count == width:
        bound = math.exp(found[0, width - 1] * penalty - total) * (1 - MARGIN)
    for v in range(V):
        if not logits and p[v] < bound:
            continue
        value = total + (1.0 * p[v] - largest - shift if logits else math.log(1.0 * p[v]))
        rank = rank_of(value, penalty)
        if count == width and not rank > found[0, width - 1]:
            continue
        count = insert(found[0], found[1], places[0], count, rank, value, first + v)
        if count == width and not logits:
            bound = math.exp(found[0, width - 1] * penalty - total) * (1 - MARGIN)
    return count


@cache
def extend(dtype: str) -> Any:
    """Return the kernel that adds a token to the sequences of samples ``first`` to ``last``, and finds their best ones.

    ``scores`` (rows, V) are probabilities or logits of the next tokens. ``sums``, ``lengths`` and ``ended`` (samples, width)
    are those of the sequences, the best first. ``found`` and ``places`` (samples, 2, width) are scratch. Of sequences with
    equal sums the first one by its parent and its token comes first.
    """

    def decoding_extend(control, scores, sums, lengths, ended, parents, tokens, found, places, first, last):
        V, width, end, rows = scores.shape[1], sums.shape[1], control[END], sums.size
        penalties = pointer(control[PENALTIES], data(sums))
        all_parents, all_tokens = words(control[PARENTS]), words(control[TOKENS])
        for sample in range(first, last):
            best, place, count = found[sample], places[sample], 0
            for beam in range(width):
                total, is_ended = sums[sample, beam], ended[sample, beam]
                place[1, beam] = 2 * lengths[sample, beam] + is_ended
                if count == width and total == -math.inf:
                    continue
                penalty = penalties[lengths[sample, beam] + 1 - is_ended]
                if is_ended != 0:
                    count = extend_ended(best, place, count, total, penalty, end, V, beam * V)
                else:
                    p = offset(data(scores), (sample * width + beam) * (scores.strides[0] // scores.itemsize))
                    count = extend_row(best, place, count, total, penalty, p, control[LOGITS] != 0, V, beam * V)
            for beam in range(width):
                parent, token, row = place[0, beam] // V, place[0, beam] % V, sample * width + beam
                was_ended = place[1, parent] % 2
                sums[sample, beam], lengths[sample, beam] = best[1, beam], place[1, parent] // 2 + 1 - was_ended
                ended[sample, beam] = 1 if was_ended != 0 or token == end else 0
                parents[row], tokens[row] = sample * width + parent, token
                at = control[STEP] * rows + row
                all_parents[at], all_tokens[at] = parents[row], token

    return kernel(decoding_extend, f"decoding_extend_{dtype}", NUMBA[dtype], "n1 x2 e2 n2 n2 n1 n1 e3 n3 i i")


@cache
def backtrack() -> Any:
    """Return the kernel that follows the parents (steps, rows) from the last rows to the tokens of their sequences."""

    def decoding_backtrack(parents, tokens, sequences, steps):
        for n in range(len(sequences)):
            row = n
            for step in range(steps - 1, -1, -1):
                sequences[n, step] = tokens[step, row]
                row = parents[step, row]

    return kernel(decoding_backtrack, "decoding_backtrack", types.float64, "n2 n2 n2 i")
