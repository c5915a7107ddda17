"""Datasets: batches, or samples, by index. A class of a user's own needs no base to be taken as one."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Set
from typing import Any

from ...inputs.array_like import SEQUENCES, is_array, is_grouped


def yields_batches(x: Any) -> bool:
    """Whether ``x`` is an iterable or a dataset of batches, and no array, list, dict or set of them."""
    if is_array(x) or isinstance(x, (*SEQUENCES, str, bytes, Mapping, Set)) or is_grouped(x):
        return False
    return isinstance(x, Iterable) or is_dataset(x)


def is_dataset(x: Any) -> bool:
    """Whether the batches or samples of ``x`` are read by index: a PyDataset, a Dataset of PyTorch, or one of their kind."""
    if not hasattr(x, "__getitem__") or is_array(x) or isinstance(x, type):
        return False
    return is_keras_dataset(x) or (hasattr(x, "__len__") and not isinstance(x, Iterable))


def is_keras_dataset(x: Any) -> bool:
    """Whether a dataset has what only Keras's have, whose entries are batches."""
    return hasattr(x, "num_batches") or hasattr(x, "on_epoch_end")


def dataset_length(x: Any) -> int | None:
    """How many entries a dataset has now; None where they never end."""
    if hasattr(x, "num_batches"):
        count = x.num_batches
        return None if count is None else int(count)
    return len(x)
