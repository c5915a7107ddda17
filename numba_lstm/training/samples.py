"""Datasets whose entries are single samples, as PyTorch's are: what makes batches of them."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from ..array_like import is_array
from .structures import is_sample

if TYPE_CHECKING:
    from ..models.sequential import Sequential


def is_sample_entry(model: Sequential, entry: Any) -> bool:
    """Whether the ``entry`` of a dataset is a sample without a batch axis, to be put together to batches."""
    parts = isinstance(entry, (tuple, list)) and len(entry) in (1, 2, 3) and is_array(entry[0])
    return is_sample(model, entry[0] if parts else entry)


def together(entries: list[Any]) -> Any:
    """Samples ``x``, ``(x, y)`` or ``(x, y, sample_weight)`` as one batch of as many parts, each a list."""
    first = entries[0]
    if not (isinstance(first, (tuple, list)) and is_array(first[0])):
        return (entries,)
    return tuple(list(part) for part in zip(*entries, strict=True))
