"""timeseries_dataset_from_array: batches of windows of a series, copied one batch at a time."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import numpy as np
import numpy.typing as npt

from ... import philox
from ...inputs import as_count
from ...inputs.array_like import as_array
from .batch_dataset import BatchDataset, batch_array

Array = npt.NDArray[Any]


def timeseries_dataset_from_array(
    data: npt.ArrayLike,
    targets: npt.ArrayLike | None,
    sequence_length: int,
    sequence_stride: int = 1,
    sampling_rate: int = 1,
    batch_size: int | None = 128,
    shuffle: bool = False,
    seed: int | None = None,
    start_index: int | None = None,
    end_index: int | None = None,
    format: str = "tf",
) -> BatchDataset:
    """Return batches of windows of a series, as ``keras.utils.timeseries_dataset_from_array``.

    Window ``i`` has the steps ``s = start_index + i * sequence_stride``, ``s + sampling_rate`` and so on; its target is
    ``targets[s]``. Nothing but the windows of one batch is copied.

    Parameters
    ----------
    data : array (T, ...)
    targets : array (T', ...) or None
        Target of the window that begins at the same index; None yields windows alone.
    sequence_length, sequence_stride, sampling_rate : int
        Steps of a window; steps between the beginnings of two windows, and between two steps of a window.
    batch_size : int or None
        Windows of a batch; the last one may be smaller. None yields single windows.
    shuffle, seed : bool, int, optional
        Yield windows in random order, another one in each pass; the seed of these orders, by default a random one.
    start_index, end_index : int, optional
        First step to use, and the step after the last one. Default: all.
    format : "tf" or "grain"
        Keras's kinds of datasets. Here they are the same.

    Returns
    -------
    BatchDataset
        Of ``(windows, targets)`` or ``windows``: (N, sequence_length, ...) and (N, ...), of the dtypes of the arrays.

    Raises
    ------
    TypeError, ValueError
        For numbers out of range, and if there is no window.
    """
    if format not in ("tf", "grain"):
        raise ValueError(f"format must be 'tf' or 'grain', got {format!r}.")
    arrays = [as_array(data, "data")] + ([] if targets is None else [as_array(targets, "targets")])
    used = _bounds(start_index, end_index, len(arrays[0]))
    windows = _windows([array[used] for array in arrays], sequence_length, sequence_stride, sampling_rate)
    size = None if batch_size is None else as_count(batch_size, "batch_size")
    stream = None if not shuffle else philox.default_stream().spawn() if seed is None else philox.Stream(seed)
    count = len(windows[0])
    return BatchDataset(lambda: _batches(windows, size, stream), count if size is None else -(-count // size))


def _bounds(start: int | None, end: int | None, steps: int) -> slice:
    """Return the steps of the series to use."""
    first = 0 if start is None else as_count(start, "start_index", at_least=0)
    last = steps if end is None else as_count(end, "end_index")
    if not first < last <= steps:
        raise ValueError(f"start_index and end_index must be 0 <= start < end <= {steps}, the steps of data: {first}, {last}.")
    return slice(first, last)


def _windows(arrays: list[Array], length: int, stride: int, rate: int) -> list[Array]:
    """Return all windows of the series, and their targets if there are any, as views."""
    series, *targets = arrays
    span = (as_count(length, "sequence_length") - 1) * as_count(rate, "sampling_rate") + 1
    count = min([len(series) - span + 1, *map(len, targets)])
    if count < 1:
        came = f"{len(series)}{f' with {len(targets[0])} targets' if targets else ''}"
        raise ValueError(
            f"there is no window: each spans {span} steps, and there are {came}. Give a longer series or shorter windows."
        )
    windows = np.moveaxis(np.lib.stride_tricks.sliding_window_view(series, span, axis=0), -1, 1)[:, ::rate]
    return [array[: count : as_count(stride, "sequence_stride")] for array in (windows, *targets)]


def _batches(windows: list[Array], size: int | None, stream: philox.Stream | None) -> Iterator[Any]:
    """Yield copies of the windows of each batch of a pass."""
    count = len(windows[0])
    order = np.arange(count) if stream is None else philox.permutation(stream.next_key(), count)
    for place in range(0, count, size or 1):
        rows = order[place : place + (size or 1)]
        batch = tuple(batch_array(array[rows] if size is not None else array[rows[0]].copy()) for array in windows)
        yield batch if len(batch) > 1 else batch[0]
