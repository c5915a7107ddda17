"""Sequences of unequal lengths: padding, masks, and batches of similar lengths."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import Any

import numpy as np
import numpy.typing as npt

from .. import philox
from ..kernels.specs import Key
from . import as_count, as_numbers, as_real
from .array_like import as_array, axes_of

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
    """Pad sequences of any lengths to one array, as ``keras.utils.pad_sequences``.

    Parameters
    ----------
    sequences : sequence of sequences
        Sequences of shapes (T_i,) or (T_i, ...). Any may be empty.
    maxlen : int, optional
        T, the steps of the result. Default: those of the longest sequence.
    dtype : dtype
        Dtype of the result. Keras's default, ``"int32"``, is for the indices that ``Embedding`` takes.
    padding, truncating : "pre" or "post"
        Side on which shorter sequences are padded, and on which longer ones are cut.
    value : number or str
        Value of the padding.

    Returns
    -------
    array (N, T) or (N, T, ...)

    Raises
    ------
    TypeError, ValueError
        For no sequences, for elements of unequal shapes, and for values that ``dtype`` cannot hold: text for numbers, fractions
        and values out of range for whole numbers. (Keras truncates these.)
    """
    for name, side in (("padding", padding), ("truncating", truncating)):
        if side not in _SIDES:
            raise ValueError(f"{name} must be 'pre' or 'post', got {side!r}.")
    try:
        entries = list(sequences)
    except TypeError as error:
        raise ValueError("sequences must be a list with one sequence of equal elements a sample.") from error
    kind = np.dtype(dtype).kind
    read = as_numbers if kind in "fiub" else as_array  # a result of text, objects or complex numbers
    arrays = [read(sequence, f"sequences[{i}]") for i, sequence in enumerate(entries)]
    if not arrays or any(array.ndim == 0 for array in arrays):
        raise ValueError(f"sequences must be a list with at least one sequence, got {sequences!r}.")
    steps = max(map(len, arrays)) if maxlen is None else as_count(maxlen, "maxlen")
    shape = next((array.shape[1:] for array in [*filter(len, arrays), *arrays]), ())
    if kind in "fiub":
        value = as_numbers(value, "value")
        _check_whole(value, "value", np.dtype(dtype))
    result = np.full((len(arrays), steps, *shape), value, dtype)
    for row, (target, array) in enumerate(zip(result, arrays, strict=True)):
        if not len(array):
            continue
        if array.shape[1:] != shape:
            raise ValueError(f"sequence {row} has elements of shape {array.shape[1:]}, others of {shape}. Make them equal.")
        cut = array[-steps:] if truncating == "pre" else array[:steps]
        _check_whole(cut, f"sequences[{row}]", result.dtype)
        target[steps - len(cut) if padding == "pre" else 0 :][: len(cut)] = cut
    return result


def _check_whole(array: Host, name: str, dtype: np.dtype[Any]) -> None:
    """Raise ValueError for values that a dtype of whole numbers would change: fractions, NaN, and values out of range."""
    if dtype.kind not in "iu" or np.can_cast(array.dtype, dtype):
        return
    if array.dtype.kind == "f" and np.any(wrong := ~np.isfinite(array) | (array != np.floor(array))):
        raise ValueError(f"{name} has {array[wrong].flat[0]}, which {dtype} cannot hold. Give dtype='float32'.")
    bounds, wide = np.iinfo(dtype), np.iinfo("int64")
    for extreme in (array.min(), array.max()):
        if not bounds.min <= extreme <= bounds.max:
            larger = "int64" if wide.min <= extreme <= wide.max else "float64"
            raise ValueError(f"{name} has {extreme}, and {dtype} holds {bounds.min} to {bounds.max}. Give dtype={larger!r}.")


def as_lengths(lengths: Any, samples: int, steps: int) -> npt.NDArray[np.intp]:
    """Return ``lengths`` (N,) of right-padded sequences as whole numbers from 0 to ``steps``.

    Raises
    ------
    TypeError
        For anything but whole numbers.
    ValueError
        For another number of lengths, and for a length below 0 or above ``steps``.
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


def length_mask(lengths: npt.NDArray[np.intp], steps: int) -> npt.NDArray[np.bool_]:
    """Return the mask (N, T) that is True in the first ``lengths[i]`` of ``steps`` steps."""
    return np.arange(steps) < lengths[:, None]


def is_ragged(x: Any) -> bool:
    """Return whether ``x`` is a list of arrays with unequal numbers of steps, or of arrays without steps.

    A list of arrays of one shape is not ragged.
    """
    if not isinstance(x, (list, tuple)) or not all(map(axes_of, x)):
        return False
    lengths = {len(sequence) for sequence in x}
    return len(lengths) > 1 or lengths == {0}


def pad_arrays(sequences: Sequence[Host], steps: int, dtype: npt.DTypeLike) -> Host:
    """Pad ``sequences`` of shapes (T_i, ...) with zeros at the end to an array (N, T, ...), which is stored time-major."""
    rows = np.zeros((steps, len(sequences), *sequences[0].shape[1:]), dtype).swapaxes(0, 1)
    for row, sequence in zip(rows, sequences, strict=True):
        row[: len(sequence)] = sequence
    return rows


def batches_by_length(lengths: npt.NDArray[np.intp], size: int, key: Key | None = None) -> list[npt.NDArray[np.intp]]:
    """Return the indices of all samples in batches of ``size`` and similar lengths, so that little of a batch is padding.

    Without a ``key``, samples are sorted by length. With one, samples are shuffled among those of similar lengths, each by at
    most ``size`` places, and the batches are shuffled too.
    """
    n = len(lengths)
    starts = np.arange(0, n, size)
    if key is None:
        order = np.argsort(lengths, kind="stable")
    else:
        order = philox.permutation(key, n)  # shuffles samples of equal length
        order = order[np.argsort(lengths[order], kind="stable")]
        order = order[np.argsort(np.arange(n) + size * philox.uniform(replace(key, tag=1), (n,)))]
        starts = starts[philox.permutation(replace(key, tag=2), len(starts))]
    return [order[start : start + size] for start in starts]
