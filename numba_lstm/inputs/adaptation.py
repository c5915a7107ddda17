"""Data of ``adapt``: one array, or the batches of an iterable."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import islice
from typing import Any

from . import as_count
from .array_like import SEQUENCES, is_array


def batches_of(data: Any, steps: int | None = None) -> Iterator[Any]:
    """Yield the batches of x in ``data``.

    Parameters
    ----------
    data : array, list, dataset or iterable
        An array, or a list of anything but arrays, is one batch. Everything else yields batches ``x``, ``(x, y)`` or
        ``(x, y, sample_weight)``.
    steps : int, optional
        Batches to take instead of all.

    Raises
    ------
    TypeError
        For anything else.
    """
    is_list = isinstance(data, (*SEQUENCES, str, bytes)) and not (len(data) and all(map(is_array, data)))
    if is_array(data) or is_list:
        yield data
        return
    if not hasattr(data, "__iter__"):
        raise TypeError(f"adapt takes an array, a list or a dataset of batches, got {type(data).__name__}.")
    for batch in islice(data, None if steps is None else as_count(steps, "steps")):
        yield batch[0] if isinstance(batch, tuple) else batch
