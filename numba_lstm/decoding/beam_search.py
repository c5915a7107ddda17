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

    Notes
    -----
    On the CPU a search records the step of the model, and later searches with as many samples and beams use it until the
    weights change. A step is then one call of compiled code. Models on other devices, and models with layers of users, are
    called step by step, and NumPy ranks the sequences. Both find the same sequences; the last bits of scores may differ. Of
    equal sequences the first one by its parent and its token comes first. Those whose score is NaN come last.
    """
    steps, width = as_count(steps, "steps"), as_count(width, "width")
    exponent = as_number(length_penalty, "length_penalty", "[0, inf)")
    decoder = Decoder(model, start, states, constants, logits=logits, rows=width)
    penalties = ((5.0 + np.arange(steps + 2)) / 6.0) ** exponent  # of each number of tokens
    found = decoder.search(steps, end, penalties)
    if found is not None:
        decoder.close()
        rows, sums, lengths = found
        return Decoded(rows.reshape(*sums.shape, -1), sums / penalties[lengths], lengths)
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
        self._first_rows = np.arange(samples)[:, None] * width
        self._steps: list[tuple[npt.NDArray[np.intp], npt.NDArray[np.int64]]] = []  #: the parents of rows, and their tokens

    def extend(self, log_probabilities: Array) -> tuple[npt.NDArray[np.intp], npt.NDArray[np.int64]]:
        """Add a token to each sequence, and return the rows that the new sequences continue, with their last tokens."""
        samples, width = self.sums.shape
        scores = log_probabilities.reshape(samples, width, -1)
        size = scores.shape[-1]
        if self.end is not None:  # an ended sequence goes on by itself alone
            scores = np.where(self.ended[..., None], -np.inf, scores)
            scores[..., self.end] = np.where(self.ended, 0.0, scores[..., self.end])
        sums = (self.sums[..., None] + scores).reshape(samples, -1)
        ranked = sums
        if self.exponent:
            ranked = sums / np.repeat(self._penalty(self.lengths + ~self.ended), size, axis=1)
        best = _largest(np.where(np.isnan(ranked), -np.inf, ranked), width)
        parents = best // size
        tokens = best - parents * size
        rows = (self._first_rows + parents).ravel()
        self.sums = sums.ravel()[best + self._first_rows * size]
        self.lengths += ~self.ended
        if self.end is not None:
            self.lengths, ended = (array.ravel()[rows].reshape(samples, width) for array in (self.lengths, self.ended))
            self.ended = ended | (tokens == self.end)
        tokens = tokens.ravel().astype(np.int64, copy=False)
        self._steps.append((rows, tokens))
        return rows, tokens

    def _penalty(self, lengths: Array) -> Any:
        return 1.0 if not self.exponent else ((5.0 + lengths) / 6.0) ** self.exponent

    def decoded(self) -> Decoded:
        """Return the sequences, which :meth:`extend` keeps in the order of their scores."""
        tokens = np.empty((self.sums.size, len(self._steps)), np.int64)
        rows = np.arange(self.sums.size)
        for step in reversed(range(len(self._steps))):
            parents, last = self._steps[step]
            tokens[:, step] = last[rows]
            rows = parents[rows]
        return Decoded(tokens.reshape(*self.sums.shape, -1), self.sums / self._penalty(self.lengths), self.lengths)


def _largest(scores: Array, count: int) -> npt.NDArray[np.intp]:
    """Return the indices of the ``count`` largest scores of each row, the largest first and the first of equals first."""
    size = scores.shape[1]
    if size <= count * 4:
        return np.argsort(-scores, axis=1, kind="stable")[:, :count]
    found = scores.argpartition(size - count, axis=1)[:, size - count :]
    found.sort(axis=1)
    first = np.arange(0, scores.size, size)[:, None]
    values = scores.ravel()[found + first]
    limit = values.min(axis=1)
    if np.count_nonzero(scores >= limit[:, None]) == found.size:
        order = (-values).argsort(axis=1, kind="stable")
        return np.asarray(found.ravel()[order + np.arange(0, found.size, count)[:, None]])
    rows = []
    for row, least in zip(scores, limit, strict=True):  # equals are among those that come last
        candidates = np.flatnonzero(row >= least)
        rows.append(candidates[np.argsort(-row[candidates], kind="stable")[:count]])
    return np.stack(rows)
