"""Sequences of unequal lengths: padded to one length, masked, and put into batches of near lengths."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import Any

import numpy as np
import numpy.typing as npt

from . import random
from .array_like import as_array, axes_of
from .inputs import as_count, as_numbers, as_real
from .kernels.specs import Key

Host = npt.NDArray[Any]

_SIDES = ("pre", "post")


def pad_sequences(
    sequences: Sequence[Any],
    maxlen: int | None = None,
    dtype: npt.DTypeLike = "int32",
    padding: str = "pre",
    truncating: str = "pre",
    value: Any = 0.0,
) -> Host:
    """Sequences of any lengths as one array, as ``keras.utils.pad_sequences``.

    Parameters
    ----------
    sequences : sequence of sequences
        Of shapes (T_i,) or (T_i, ...); any may be empty.
    maxlen : int, optional
        T, the steps of the answer. Default: those of the longest.
    dtype : dtype
        Of the answer; Keras's default, ``"int32"``, is meant for the indices that ``Embedding`` takes.
    padding, truncating : "pre" or "post"
        Where a shorter sequence is filled up, and where a longer one is cut.
    value : number or str
        What fills up.

    Returns
    -------
    array (N, T) or (N, T, ...)

    Raises
    ------
    TypeError, ValueError
        For no sequences, elements of unequal shapes, what is no number where ``dtype`` is one of numbers, and for fractions
        and numbers out of its bounds where it is one of whole numbers (Keras cuts them off).
    """
    for name, side in (("padding", padding), ("truncating", truncating)):
        if side not in _SIDES:
            raise ValueError(f"{name} must be 'pre' or 'post', got {side!r}.")
    try:
        given = list(sequences)
    except TypeError as error:
        raise ValueError("sequences must be a list with one sequence of equal elements a sample.") from error
    kind = np.dtype(dtype).kind
    read = as_numbers if kind in "fiub" else as_array  # an answer of text, objects or complex numbers holds such
    arrays = [read(sequence, f"sequences[{i}]") for i, sequence in enumerate(given)]
    if not arrays or any(array.ndim == 0 for array in arrays):
        raise ValueError(f"sequences must be a list with at least one sequence, got {sequences!r}.")
    steps = max(map(len, arrays)) if maxlen is None else as_count(maxlen, "maxlen")
    shape = next((array.shape[1:] for array in [*filter(len, arrays), *arrays]), ())
    if kind in "fiub":
        value = as_numbers(value, "value")
        _check_whole(value, "value", np.dtype(dtype))
    padded = np.full((len(arrays), steps, *shape), value, dtype)
    for row, (place, array) in enumerate(zip(padded, arrays, strict=True)):
        if not len(array):
            continue
        if array.shape[1:] != shape:
            raise ValueError(f"sequence {row} has elements of shape {array.shape[1:]}, others of {shape}. Make them equal.")
        kept = array[-steps:] if truncating == "pre" else array[:steps]
        _check_whole(kept, f"sequences[{row}]", padded.dtype)
        place[steps - len(kept) if padding == "pre" else 0 :][: len(kept)] = kept
    return padded


def _check_whole(array: Host, what: str, dtype: np.dtype[Any]) -> None:
    """Raise ValueError for what an answer of whole numbers would cut off: fractions, NaN, and numbers out of its bounds."""
    if dtype.kind not in "iu" or np.can_cast(array.dtype, dtype):
        return
    if array.dtype.kind == "f" and np.any(wrong := ~np.isfinite(array) | (array != np.floor(array))):
        raise ValueError(f"{what} has {array[wrong].flat[0]}, which {dtype} cannot hold. Give dtype='float32'.")
    bounds, wide = np.iinfo(dtype), np.iinfo("int64")
    for far in (array.min(), array.max()):
        if not bounds.min <= far <= bounds.max:
            larger = "int64" if wide.min <= far <= wide.max else "float64"
            raise ValueError(f"{what} has {far}, and {dtype} holds {bounds.min} to {bounds.max}. Give dtype={larger!r}.")


def as_lengths(lengths: Any, samples: int, steps: int) -> npt.NDArray[np.intp]:
    """``lengths`` (N,) of right-padded sequences, whole numbers from 0 to ``steps``.

    Raises
    ------
    TypeError
        For anything but whole numbers.
    ValueError
        For another number of them, and for a length below 0 or beyond the steps.
    """
    array = as_real(lengths, "lengths")
    if array.dtype.kind not in "iu":
        raise TypeError(f"lengths must be whole numbers, one a sample, got dtype {array.dtype}. Give x's steps a sample.")
    if array.shape != (samples,):
        raise ValueError(f"lengths must have the shape {(samples,)}, one a sample of x, got {array.shape}.")
    if array.min() < 0 or array.max() > steps:
        wrong = int(np.argmax((array < 0) | (array > steps)))
        raise ValueError(f"lengths must be from 0 to {steps}, the steps of x, got {array[wrong]} for sample {wrong}.")
    return array.astype(np.intp)


def steps_within(lengths: npt.NDArray[np.intp], steps: int) -> npt.NDArray[np.bool_]:
    """The mask (N, T) that is True in the first ``lengths[i]`` of ``steps`` steps."""
    return np.arange(steps) < lengths[:, None]


def is_ragged(x: Any) -> bool:
    """Whether ``x`` is a list of arrays with unequal numbers of steps, or of arrays without any.

    Arrays of one shape are a batch like any other.
    """
    if not isinstance(x, (list, tuple)) or not all(map(axes_of, x)):
        return False
    lengths = {len(part) for part in x}
    return len(lengths) > 1 or lengths == {0}


def padded(parts: Sequence[Host], steps: int, dtype: npt.DTypeLike) -> Host:
    """``parts`` of shapes (T_i, ...) as one array (N, T, ...) with zeros at the end, laid out time-major as devices want it."""
    rows = np.zeros((steps, len(parts), *parts[0].shape[1:]), dtype).swapaxes(0, 1)
    for row, part in zip(rows, parts, strict=True):
        row[: len(part)] = part
    return rows


def by_length(lengths: npt.NDArray[np.intp], size: int, key: Key | None = None) -> list[npt.NDArray[np.intp]]:
    """Samples in batches of ``size`` and of near lengths, so that little of a batch is padding; each sample once.

    Without a ``key`` they come in order of length. With one, samples are shuffled among those of near lengths (each may move
    up by as many places as a batch has), and the batches are shuffled too.
    """
    n = len(lengths)
    starts = np.arange(0, n, size)
    if key is None:
        order = np.argsort(lengths, kind="stable")
    else:
        order = random.permutation(key, n)  # so that equal lengths are in random order
        order = order[np.argsort(lengths[order], kind="stable")]
        order = order[np.argsort(np.arange(n) + size * random.uniform(replace(key, tag=1), (n,)))]
        starts = starts[random.permutation(replace(key, tag=2), len(starts))]
    return [order[start : start + size] for start in starts]
