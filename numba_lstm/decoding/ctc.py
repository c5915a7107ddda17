"""Decoding of sequences of logits that were trained with CTC: the best path, and the best labels over all paths.

A path has a symbol for each step. Equal neighbours become one, and blanks are dropped. The symbols that remain are its labels.
"""

from __future__ import annotations

from typing import Any

import numpy as np
import numpy.typing as npt

from ..inputs import as_count, as_real, as_whole

__all__ = ["ctc_beam_decode", "ctc_decode", "ctc_greedy_decode"]

Array = npt.NDArray[Any]


def ctc_greedy_decode(
    logits: npt.ArrayLike, input_lengths: npt.ArrayLike | None = None, *, blank: int = 0, merge_repeated: bool = True
) -> tuple[Array, Array]:
    """Return the labels of the most probable path of each sample.

    Parameters
    ----------
    logits : array (N, T, C)
        Outputs of a model.
    input_lengths : array (N,), optional
        Number of steps of each sample; all by default.
    blank : int
        Class that stands for no label. -1 is the last one.
    merge_repeated : bool
        Whether neighbours that are equal become one.

    Returns
    -------
    labels : int64 array (N, L)
        Labels, -1 after the last one of a sample.
    log_probabilities : array (N,)
        Logarithms of the probabilities of the paths.

    Raises
    ------
    TypeError, ValueError
        For arrays that do not fit.
    """
    log_p, lengths, blank = _checked(logits, input_lengths, blank)
    path, inside = log_p.argmax(axis=2), np.arange(log_p.shape[1]) < lengths[:, None]
    is_label = inside & (path != blank)
    if merge_repeated:
        is_label[:, 1:] &= path[:, 1:] != path[:, :-1]
    lines = [row[keep].tolist() for row, keep in zip(path, is_label, strict=True)]
    return _padded(lines), np.sum(np.where(inside, log_p.max(axis=2), 0), axis=1)


def ctc_beam_decode(
    logits: npt.ArrayLike,
    input_lengths: npt.ArrayLike | None = None,
    *,
    beam_width: int = 100,
    top_paths: int = 1,
    blank: int = 0,
) -> tuple[Array, Array]:
    """Return the most probable labels of each sample, by a search over their beginnings (Hannun et al. 2014).

    Parameters
    ----------
    logits : array (N, T, C)
        Outputs of a model.
    input_lengths : array (N,), optional
        Number of steps of each sample; all by default.
    beam_width : int
        Number of beginnings that the search remembers after each step.
    top_paths : int
        Number of results for each sample, at most ``beam_width``.
    blank : int
        Class that stands for no label. -1 is the last one.

    Returns
    -------
    labels : int64 array (N, top_paths, L)
        Labels, the most probable ones first, -1 after the last one of a sample.
    log_probabilities : array (N, top_paths)
        Logarithms of the probabilities of the labels, over all paths that the search has followed; -inf where there are fewer
        than ``top_paths`` results.

    Raises
    ------
    TypeError, ValueError
        For arrays and numbers that do not fit.
    """
    width, count = as_count(beam_width, "beam_width"), as_count(top_paths, "top_paths")
    if count > width:
        raise ValueError(f"top_paths must be at most beam_width = {width}, got {count}. Give a larger beam_width.")
    log_p, lengths, blank = _checked(logits, input_lengths, blank)
    lines: list[list[int]] = []
    found = np.full((len(log_p), count), -np.inf)
    for n, (rows, length) in enumerate(zip(log_p, lengths, strict=True)):
        best = _search(rows[:length], blank, width)[:count]
        found[n, : len(best)] = [value for _, value in best]
        lines += [list(line) for line, _ in best] + [[]] * (count - len(best))
    return _padded(lines).reshape(len(log_p), count, -1), found


def ctc_decode(
    inputs: npt.ArrayLike,
    sequence_lengths: npt.ArrayLike,
    strategy: str = "greedy",
    beam_width: int = 100,
    top_paths: int = 1,
    merge_repeated: bool = True,
    mask_index: int = 0,
) -> tuple[Array, Array]:
    """Return the labels of logits (N, T, C), with the arguments of ``keras.ops.ctc_decode``.

    Returns
    -------
    labels : int64 array (top_paths, N, T)
        Labels, -1 after the last one of a sample.
    values : array (N, 1) or (N, top_paths)
        With ``strategy="greedy"`` minus the sums of the largest logits, with ``"beam_search"`` logarithms of probabilities.

    Raises
    ------
    TypeError, ValueError
        For another strategy, and for arrays that do not fit.
    """
    if strategy == "greedy":
        labels, _ = ctc_greedy_decode(inputs, sequence_lengths, blank=mask_index, merge_repeated=merge_repeated)
        largest, lengths = as_real(inputs, "inputs").max(axis=2), np.asarray(sequence_lengths)
        inside = np.arange(largest.shape[1]) < lengths[:, None]
        return _widened(labels[None], largest.shape[1]), -np.sum(np.where(inside, largest, 0), axis=1, keepdims=True)
    if strategy != "beam_search":
        raise ValueError(f"strategy must be 'greedy' or 'beam_search', got {strategy!r}. Leave it out for 'greedy'.")
    labels, values = ctc_beam_decode(inputs, sequence_lengths, beam_width=beam_width, top_paths=top_paths, blank=mask_index)
    return _widened(labels.swapaxes(0, 1), np.shape(inputs)[1]), values


def _search(log_p: Array, blank: int, width: int) -> list[tuple[tuple[int, ...], float]]:
    """Return up to ``width`` labels of one sample with the logarithms of their probabilities, the most probable first."""
    beam: dict[tuple[int, ...], tuple[float, float]] = {(): (0.0, -np.inf)}  # paths that end in a blank, and in a label
    for row in log_p:
        after: dict[tuple[int, ...], tuple[float, float]] = {}
        for line, (in_blank, in_label) in beam.items():
            total = float(np.logaddexp(in_blank, in_label))
            _add(after, line, total + row[blank], -np.inf)
            for symbol in range(len(row)):
                if symbol == blank:
                    continue
                repeated = bool(line) and line[-1] == symbol
                if repeated:
                    _add(after, line, -np.inf, in_label + row[symbol])
                _add(after, (*line, symbol), -np.inf, (in_blank if repeated else total) + row[symbol])
        ordered = sorted(after.items(), key=lambda item: (-np.logaddexp(*item[1]), item[0]))
        beam = dict(ordered[:width])
    totals = ((line, float(np.logaddexp(*ends))) for line, ends in beam.items())
    return sorted((item for item in totals if item[1] > -np.inf), key=lambda item: (-item[1], item[0]))


def _add(beam: dict[tuple[int, ...], tuple[float, float]], line: tuple[int, ...], in_blank: float, in_label: float) -> None:
    before = beam.get(line, (-np.inf, -np.inf))
    beam[line] = float(np.logaddexp(before[0], in_blank)), float(np.logaddexp(before[1], in_label))


def _checked(logits: npt.ArrayLike, lengths: npt.ArrayLike | None, blank: int) -> tuple[Array, Array, int]:
    """Return the logarithms of probabilities (N, T, C), the lengths (N,) and the blank class, from 0."""
    y = as_real(logits, "logits")
    if y.ndim != 3:
        raise ValueError(f"logits must have the shape (batch, time, classes), got {y.shape}. Add the axes that are missing.")
    (N, T, C), blank = y.shape, as_whole(blank, "blank")
    if not -C <= blank < C:
        raise ValueError(f"blank must be a class from 0 to {C - 1}, or counted from the end, got {blank}.")
    steps = np.full(N, T) if lengths is None else as_real(lengths, "input_lengths")
    if steps.dtype.kind not in "iu" or steps.shape != (N,) or (N and (steps.min() < 0 or steps.max() > T)):
        raise ValueError(
            f"input_lengths must be {N} whole numbers from 0 to {T}, for logits of shape {y.shape}, got {lengths!r}."
        )
    shifted = y - y.max(axis=2, keepdims=True)
    return shifted - np.log(np.sum(np.exp(shifted), axis=2, keepdims=True)), steps, blank % C


def _widened(labels: Array, size: int) -> Array:
    """Return labels with -1 up to ``size`` along the last axis."""
    return np.pad(labels, [(0, 0), (0, 0), (0, size - labels.shape[2])], constant_values=-1)


def _padded(lines: list[list[int]]) -> Array:
    """Return lists of labels as the rows of an array, -1 after the last label of each."""
    padded = np.full((len(lines), max(map(len, lines), default=0)), -1, np.int64)
    for row, line in zip(padded, lines, strict=True):
        row[: len(line)] = line
    return padded
