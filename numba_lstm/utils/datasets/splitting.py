"""split_dataset: the samples of arrays or of a dataset in two parts."""

from __future__ import annotations

import random as python_random
from collections.abc import Sequence
from typing import Any

import numpy as np

from ...inputs import as_count, as_number
from ...inputs.array_like import is_array
from .batch_dataset import BatchDataset


def split_dataset(
    dataset: Any,
    left_size: float | None = None,
    right_size: float | None = None,
    shuffle: bool = False,
    seed: int | None = None,
    preferred_backend: str | None = None,
) -> tuple[BatchDataset, BatchDataset]:
    """Return the first and the last samples as two datasets, as ``keras.utils.split_dataset``.

    Parameters
    ----------
    dataset : array, list or tuple of arrays of one length, or dataset
        Samples: rows of arrays, or entries of a dataset.
    left_size, right_size : int or float, optional
        Number of samples of a part, or its share of all. Default: the rest, and one of the two must be given.
    shuffle, seed
        Whether to shuffle the samples before, by Python's generator of this seed, by default a random one.
    preferred_backend
        In Keras's place, without effect.

    Returns
    -------
    left, right : BatchDataset
        Of single samples, tuples for several arrays. Their ``batch(32)`` is x of ``fit``.

    Raises
    ------
    TypeError, ValueError
        For sizes that are no parts of the samples, and for arrays of unequal lengths.
    """
    samples = _samples(dataset)
    left, right = _sizes(left_size, right_size, len(samples))
    if shuffle:
        python_random.Random(python_random.randint(0, 10**6) if seed is None else seed).shuffle(samples)
    return _dataset(samples[:left]), _dataset(samples[len(samples) - right :])


def _samples(dataset: Any) -> list[Any]:
    if isinstance(dataset, (list, tuple)) and dataset and all(map(is_array, dataset)):
        lengths = {len(array) for array in dataset}
        if len(lengths) > 1:
            raise ValueError(f"arrays must have one length, got {sorted(lengths)}. Give one entry a sample in each.")
        return list(zip(*map(np.asarray, dataset), strict=True))
    return list(np.asarray(dataset)) if is_array(dataset) else list(dataset)


def _sizes(left: Any, right: Any, total: int) -> tuple[int, int]:
    """Return the number of samples of each part."""
    if left is None and right is None:
        raise ValueError("split_dataset needs left_size or right_size. Give left_size=0.8, for example.")
    sizes = [None if size is None else _size(size, name, total) for size, name in ((left, "left_size"), (right, "right_size"))]
    first = total - sizes[1] if sizes[0] is None and sizes[1] is not None else sizes[0]
    last = total - sizes[0] if sizes[1] is None and sizes[0] is not None else sizes[1]
    assert first is not None
    assert last is not None
    if min(first, last) < 1 or first + last > total:
        raise ValueError(f"parts of {first} and {last} samples are none of {total}. Give sizes that add up to {total} at most.")
    return first, last


def _size(size: Any, name: str, total: int) -> int:
    return round(as_number(size, name, "(0, 1)") * total) if isinstance(size, float) else as_count(size, name)


def _dataset(samples: Sequence[Any]) -> BatchDataset:
    return BatchDataset(lambda: iter(samples), len(samples))
