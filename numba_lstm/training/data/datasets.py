"""Recognition of iterables and datasets. A dataset reads batches or samples by index; it needs no base class."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Set
from typing import Any

from ...inputs.array_like import SEQUENCES, is_array, is_grouped


def yields_batches(x: Any) -> bool:
    """Return whether ``x`` is an iterable or a dataset, and no array, list, dict or set."""
    if is_array(x) or isinstance(x, (*SEQUENCES, str, bytes, Mapping, Set)) or is_grouped(x):
        return False
    return isinstance(x, Iterable) or is_dataset(x)


def is_dataset(x: Any) -> bool:
    """Return whether ``x`` is read by index, as a PyDataset or a Dataset of PyTorch."""
    if not hasattr(x, "__getitem__") or is_array(x) or isinstance(x, type):
        return False
    return is_keras_dataset(x) or (hasattr(x, "__len__") and not isinstance(x, Iterable))


def is_keras_dataset(x: Any) -> bool:
    """Return whether a dataset has methods that only Keras's have, whose entries are batches."""
    return hasattr(x, "num_batches") or hasattr(x, "on_epoch_end")


def dataset_length(x: Any) -> int | None:
    """Return the present number of entries of a dataset; None if they never end."""
    if hasattr(x, "num_batches"):
        count = x.num_batches
        return None if count is None else int(count)
    return len(x)
