"""Collation of single samples to batches, for datasets such as PyTorch's."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from ...inputs.array_like import as_array, is_array
from ..protocols import ModelStructure
from .datasets import is_keras_dataset
from .structures import batch_ranks, is_sample, rank, shape_of


def is_sample_entry(model: ModelStructure, dataset: Any, entry: Any) -> bool:
    """Return whether the first ``entry`` of a dataset is a sample without a batch axis, to be collated to batches.

    Where a model that is not built takes it as either, its targets decide: there is one for each sample of a batch. If they do
    not, it is a batch in a dataset of Keras's kind, whose entries always are batches.

    Raises
    ------
    ValueError
        Where it may be either.
    """
    if not model.has_one_input:
        return not is_keras_dataset(dataset) and is_sample(model, entry[0] if isinstance(entry, tuple) else entry)
    is_tuple = isinstance(entry, (tuple, list)) and len(entry) in (1, 2, 3) and is_array(entry[0])
    x, y = (entry[0], entry[1] if len(entry) > 1 else None) if is_tuple else (entry, None)
    ranks, axes = batch_ranks(model, x), rank(x)
    if not (axes in ranks and axes + 1 in ranks):
        return axes + 1 in ranks
    shape = shape_of(x)
    if y is not None and not (rank(y) and len(y) == shape[0]):
        return True
    if is_keras_dataset(dataset):
        return False
    n = shape[0]
    raise ValueError(
        f"the first entry of x has the shape {shape}, which {model.name} takes as a batch of {n} samples and as one sample of "
        f"{n} steps. Begin the model with Input({shape[1:]}) for batches, or with Input({shape}) for samples."
    )


def collate(entries: list[Any]) -> Any:
    """Collate samples ``x``, ``(x, y)`` or ``(x, y, sample_weight)`` to one batch: a tuple of lists."""
    first = entries[0]
    if isinstance(first, tuple) and isinstance(first[0], (list, tuple, Mapping)):
        return tuple(_each_batch(list(samples)) for samples in zip(*entries, strict=True))
    if not (isinstance(first, (tuple, list)) and is_array(first[0])):
        return (_batch(entries),)
    x, *others = (list(part) for part in zip(*entries, strict=True))
    return (_batch(x), *others)


def _each_batch(samples: list[Any]) -> Any:
    """Return samples of several inputs or outputs as batches of each, in their list or dict."""
    if isinstance(samples[0], Mapping):
        return {key: _each_batch([sample[key] for sample in samples]) for key in samples[0]}
    if isinstance(samples[0], (list, tuple)):
        return [_each_batch(list(entries)) for entries in zip(*samples, strict=True)]
    return samples


def _batch(x: list[Any]) -> Any:
    """Return samples as a batch. A list of one array would mean one input that is a batch already."""
    return as_array(x[0], "x")[None] if len(x) == 1 and is_array(x[0]) else x
