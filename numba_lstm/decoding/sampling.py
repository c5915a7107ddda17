"""Greedy decoding and sampling: one sequence of tokens for each sample."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import numpy as np
import numpy.typing as npt

from ..inputs import as_count, as_number
from .decoder import Array, Decoded, Decoder

Tokens = npt.NDArray[np.int64]


def greedy(
    model: Any,
    start: Any,
    states: Sequence[Any] = (),
    constants: Sequence[Any] = (),
    *,
    steps: int,
    end: int | None = None,
    logits: bool = False,
) -> Decoded:
    """Decode by the most probable token of each step, the first of equals.

    Parameters
    ----------
    model, start, states, constants, logits
        Those of :class:`numba_lstm.decoding.Decoder`.
    steps : int
        The most tokens of a sequence.
    end : int, optional
        Token that ends a sequence.

    Returns
    -------
    Decoded
        Tokens (N, L), without ``start``, where L is ``steps`` or the longest sequence.

    Raises
    ------
    TypeError, ValueError
        For anything that does not fit the model.
    """
    return _decode(Decoder(model, start, states, constants, logits=logits), steps, end, lambda scores: scores.argmax(axis=-1))


def sample(
    model: Any,
    start: Any,
    states: Sequence[Any] = (),
    constants: Sequence[Any] = (),
    *,
    steps: int,
    end: int | None = None,
    temperature: float = 1.0,
    top_k: int | None = None,
    top_p: float | None = None,
    seed: int | None = None,
    logits: bool = False,
) -> Decoded:
    """Decode by drawing each token from the probabilities of the model.

    Parameters
    ----------
    model, start, states, constants, steps, end, logits
        Those of :func:`greedy`.
    temperature : float
        Log probabilities are divided by it: below 1 probable tokens become more probable.
    top_k : int, optional
        Draw from so many most probable tokens.
    top_p : float, optional
        Draw from the smallest set of most probable tokens whose probabilities add up to this (nucleus sampling, Holtzman et al.
        2020), in (0, 1].
    seed : int, optional
        Of the draws. The same seed gives the same tokens.

    Returns
    -------
    Decoded
        As :func:`greedy`; scores are those of the model, before temperature and limits.

    Raises
    ------
    TypeError, ValueError
        For anything that does not fit the model, and for limits outside of their ranges.
    """
    heat = as_number(temperature, "temperature", "(0, inf)")
    count = None if top_k is None else as_count(top_k, "top_k")
    share = None if top_p is None else as_number(top_p, "top_p", "(0, 1]")
    generator = np.random.default_rng(seed)

    def draw(scores: Array) -> Tokens:
        probabilities = _limited(scores / heat, count, share)
        edges = probabilities.cumsum(axis=-1)
        points = generator.random((len(scores), 1)) * edges[:, -1:]
        return np.asarray(np.minimum((edges <= points).sum(axis=-1), scores.shape[-1] - 1))

    return _decode(Decoder(model, start, states, constants, logits=logits), steps, end, draw)


def _limited(scores: Array, top_k: int | None, top_p: float | None) -> Array:
    """Return probabilities in proportion to ``exp(scores)``, 0 for tokens that are not among the first ones."""
    order = np.argsort(-scores, axis=-1, kind="stable")
    ordered = np.exp(np.take_along_axis(scores, order, axis=-1) - scores.max(axis=-1, keepdims=True))
    ordered /= ordered.sum(axis=-1, keepdims=True)
    if top_k is not None:
        ordered[:, top_k:] = 0
    if top_p is not None:
        before = ordered.cumsum(axis=-1) - ordered
        ordered[before >= top_p * ordered.sum(axis=-1, keepdims=True)] = 0
    probabilities = np.zeros_like(ordered)
    np.put_along_axis(probabilities, order, ordered, axis=-1)
    return np.asarray(probabilities)


def _decode(decoder: Decoder, steps: int, end: int | None, choose: Callable[[Array], Tokens]) -> Decoded:
    """Decode one sequence a sample by a choice at each step."""
    steps = as_count(steps, "steps")
    tokens = decoder.start
    ended = np.zeros(len(tokens), np.bool_)
    scores, lengths = np.zeros(len(tokens)), np.zeros(len(tokens), np.int64)
    chosen: list[Tokens] = []
    for _ in range(steps):
        log_probabilities = decoder.step(tokens)
        tokens = np.asarray(choose(log_probabilities), np.int64)
        scores += np.where(ended, 0.0, log_probabilities[np.arange(len(tokens)), tokens])
        lengths += ~ended
        if end is not None:
            tokens = np.where(ended, end, tokens)
            ended |= tokens == end
        chosen.append(tokens)
        if ended.all():
            break
    decoder.close()
    return Decoded(np.stack(chosen, axis=1), scores, lengths)
