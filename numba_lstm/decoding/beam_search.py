"""Beam search: the most probable sequences of tokens, several for each sample."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
import numpy.typing as npt

from ..inputs import as_count, as_number
from .decoder import Array, Decoded, Decoder


def beam_search(
    model: Any,
    start: Any,
    states: Sequence[Any] = (),
    constants: Sequence[Any] = (),
    *,
    steps: int,
    width: int = 4,
    end: int | None = None,
    length_penalty: float = 0.0,
    logits: bool = False,
) -> Decoded:
    """Decode by the best ``width`` sequences of each step.

    Parameters
    ----------
    model, start, states, constants, steps, end, logits
        Those of :func:`numba_lstm.decoding.greedy`.
    width : int
        Sequences of each sample that are followed, its beams. With 1 the search is greedy.
    length_penalty : float
        Exponent a: sequences of L tokens are compared by their log probability divided by ``((5 + L) / 6) ** a`` (Wu et al.
        2016, equation 14). 0 compares log probabilities.

    Returns
    -------
    Decoded
        Tokens (N, width, L), the best sequence first. Where there are fewer sequences, the others have a score of minus
        infinity.

    Raises
    ------
    TypeError, ValueError
        For anything that does not fit the model.
    """
    steps, width = as_count(steps, "steps"), as_count(width, "width")
    exponent = as_number(length_penalty, "length_penalty", "[0, inf)")
    decoder = Decoder(model, start, states, constants, logits=logits, rows=width)
    beams = _Beams(len(decoder.start), width, end, exponent)
    tokens = np.repeat(decoder.start, width)
    for _ in range(steps):
        rows, tokens = beams.extend(decoder.step(tokens))
        decoder.select(rows)
        if beams.ended.all():
            break
    return beams.decoded()


class _Beams:
    """Sequences of all samples, ordered by their scores."""

    def __init__(self, samples: int, width: int, end: int | None, exponent: float) -> None:
        self.width, self.end, self.exponent = width, end, exponent
        self.sums = np.full((samples, width), -np.inf)  #: log probabilities
        self.sums[:, 0] = 0.0  # all beams begin alike, so one is enough
        self.lengths = np.zeros((samples, width), np.int64)
        self.ended = np.zeros((samples, width), np.bool_)
        self.tokens = np.zeros((samples, width, 0), np.int64)

    def extend(self, log_probabilities: Array) -> tuple[npt.NDArray[np.intp], npt.NDArray[np.int64]]:
        """Add a token to each sequence, and return the rows that the new sequences continue, with their last tokens."""
        samples, width = self.sums.shape
        scores = log_probabilities.reshape(samples, width, -1)
        size = scores.shape[-1]
        if self.end is not None:  # an ended sequence goes on by itself alone
            scores = np.where(self.ended[..., None], -np.inf, scores)
            scores[..., self.end] = np.where(self.ended, 0.0, scores[..., self.end])
        sums = self.sums[..., None] + scores
        lengths = np.broadcast_to((self.lengths + ~self.ended)[..., None], sums.shape)
        ranked = (sums / self._penalty(lengths)).reshape(samples, -1)
        best = _largest(ranked, width)
        parents, tokens = np.divmod(best, size)
        pick = np.arange(samples)[:, None], parents
        self.sums = np.take_along_axis(sums.reshape(samples, -1), best, axis=1)
        self.lengths = self.lengths[pick] + ~self.ended[pick]
        self.ended = self.ended[pick] | (tokens == self.end if self.end is not None else False)
        self.tokens = np.concatenate([self.tokens[pick], tokens[..., None]], axis=-1)
        return (np.arange(samples)[:, None] * width + parents).ravel(), tokens.ravel().astype(np.int64)

    def _penalty(self, lengths: Array) -> Any:
        return 1.0 if not self.exponent else ((5.0 + lengths) / 6.0) ** self.exponent

    def decoded(self) -> Decoded:
        """Return the sequences, which :meth:`extend` keeps in the order of their scores."""
        return Decoded(self.tokens, self.sums / self._penalty(self.lengths), self.lengths)


def _largest(scores: Array, count: int) -> npt.NDArray[np.intp]:
    """Return the indices of the ``count`` largest scores of each row, the largest first and the first of equals first."""
    if scores.shape[1] <= count * 4:
        return np.argsort(-scores, axis=1, kind="stable")[:, :count]
    limit = -np.partition(-scores, count - 1, axis=1)[:, count - 1]
    rows = []
    for row, least in zip(scores, limit, strict=True):
        candidates = np.flatnonzero(row >= least)
        rows.append(candidates[np.argsort(-row[candidates], kind="stable")[:count]])
    return np.stack(rows)
