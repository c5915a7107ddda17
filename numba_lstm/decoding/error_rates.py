"""Errors of decoded sequences: edit distances, and the rates of wrong sequences and wrong labels."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any, NamedTuple


class ErrorRates(NamedTuple):
    """Rates of errors of decoded sequences."""

    sequences: float  #: share of the sequences that equal none of their references: of words, the word error rate
    labels: float  #: edits a label of the references: of phonemes, the phoneme error rate; of words, the WER of recognition


def edit_distance(found: Sequence[Any], expected: Sequence[Any]) -> int:
    """Return the least number of insertions, deletions and substitutions that make one sequence of another (Levenshtein 1966).

    Parameters
    ----------
    found, expected : sequences
        Of labels that can be compared: numbers, strings; or two strings.
    """
    before = list(range(len(expected) + 1))
    for i, label in enumerate(found, 1):
        now = [i]
        for j, other in enumerate(expected, 1):
            now.append(min(before[j] + 1, now[-1] + 1, before[j - 1] + (label != other)))
        before = now
    return int(before[-1])


def error_rates(found: Sequence[Sequence[Any]], references: Sequence[Sequence[Sequence[Any]]]) -> ErrorRates:
    """Return the rates of wrong sequences and of wrong labels, where each sample may have several right sequences.

    The edits of a sample are those to its nearest reference, whose length counts (the first of equally near ones).

    Parameters
    ----------
    found : sequence of sequences
        The decoded sequence of each sample, without padding.
    references : sequence of sequences of sequences
        The right sequences of each sample, at least one: ``[["abc"], ["xy", "xyz"]]`` for two samples.

    Raises
    ------
    ValueError
        For no samples, another number of them, and samples without a reference.
    TypeError
        For a sequence in the place of a list of sequences.
    """
    if not len(found) or len(found) != len(references):
        raise ValueError(f"error_rates expects references for each sequence, got {len(found)} and {len(references)}.")
    wrong = edits = labels = 0
    for n, (one, right) in enumerate(zip(found, references, strict=True)):
        if isinstance(right, str) or not all(isinstance(reference, Iterable) for reference in right):
            raise TypeError(f"references[{n}] must be a list of right sequences, got one, {right!r}. Put it in a list.")
        if not len(right):
            raise ValueError(f"references[{n}] is empty. Give at least one right sequence.")
        distance, length = min(
            ((edit_distance(one, reference), len(reference)) for reference in right), key=lambda pair: pair[0]
        )
        wrong += distance > 0
        edits += distance
        labels += length
    return ErrorRates(wrong / len(found), edits / max(labels, 1))
