"""chrF: how many characters in a row translations share with their references (Popović 2015)."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from typing import NamedTuple

from ..inputs import as_count


class _Counts(NamedTuple):
    """Numbers of n-grams of one n."""

    found: int
    expected: int
    shared: int


def chrf(hypotheses: Sequence[str], references: Sequence[str | Sequence[str]], *, order: int = 6, beta: float = 2.0) -> float:
    """Return the F score of character n-grams of texts, from 0 to 100, as sacreBLEU's chrF2.

    Precision and recall of the n-grams of 1 to ``order`` characters are means over n, of counts of all texts. Spaces do not
    count, and letters of both cases differ. The reference of a text is the one with the highest score.

    Parameters
    ----------
    hypotheses : sequence of str
        The texts that a model has written.
    references : sequence of str, or of sequences of str
        The right text of each, or several.
    order : int
        The largest n.
    beta : float
        How many times more recall counts than precision.

    Raises
    ------
    ValueError
        For no texts, another number of references, a text without a reference, or a ``beta`` that is not positive.

    Examples
    --------
    >>> round(chrf(["the cat sat"], ["the cat sits"]), 1)
    61.0
    """
    order = as_count(order, "order")
    if not beta > 0:
        raise ValueError(f"beta must be positive, got {beta}.")
    if not len(hypotheses) or len(hypotheses) != len(references):
        raise ValueError(f"chrf expects references for each text, got {len(hypotheses)} and {len(references)}.")
    totals = [_Counts(0, 0, 0)] * order
    for n, (text, right) in enumerate(zip(hypotheses, references, strict=True)):
        texts = [right] if isinstance(right, str) else list(right)
        if not texts:
            raise ValueError(f"references[{n}] is empty. Give at least one right text.")
        best = max((_counts(text, reference, order) for reference in texts), key=lambda counts: _score(counts, beta))
        totals = [_Counts(*map(sum, zip(total, more, strict=True))) for total, more in zip(totals, best, strict=True)]
    return _score(totals, beta)


def _counts(text: str, reference: str, order: int) -> list[_Counts]:
    counts = []
    for n in range(1, order + 1):
        found, expected = _ngrams(text, n), _ngrams(reference, n)
        counts.append(_Counts(found.total() if expected else 0, expected.total(), (found & expected).total()))
    return counts


def _ngrams(text: str, n: int) -> Counter[str]:
    letters = "".join(text.split())
    return Counter(letters[k : k + n] for k in range(len(letters) - n + 1))


def _score(counts: Sequence[_Counts], beta: float) -> float:
    """Return the F score of the mean precision and recall, over the n of which both sides have n-grams."""
    used = [one for one in counts if one.found and one.expected]
    precision = sum(one.shared / one.found for one in used) / max(len(used), 1)
    recall = sum(one.shared / one.expected for one in used) / max(len(used), 1)
    if not precision + recall:
        return 0.0
    return 100 * ((1 + beta**2) * precision * recall / (beta**2 * precision + recall))
