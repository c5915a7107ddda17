"""Validation of the batches of an iterable or a dataset."""

from __future__ import annotations

from typing import Any

from ..batches import Ragged, Samples
from ..protocols import ModelStructure
from .array_validation import lacks_losses, validate_arrays, validate_input
from .structures import is_sample, unpack_batch, unpack_input


def validate_batch(model: ModelStructure, class_weight: Any, item: Any) -> Samples | Ragged:
    """Return a validated batch of training or evaluation.

    Raises
    ------
    TypeError, ValueError
        For anything that fits neither the model nor each other.
    """
    alone = lacks_losses(model) and not (isinstance(item, (tuple, list)) and len(item) in (2, 3))
    x, y, weight = (unpack_input(model, item), None, None) if alone else unpack_batch(item)
    try:
        return validate_arrays(model, x, y, weight, class_weight)
    except ValueError as error:
        raise ValueError(_of_samples(model, x) or str(error)) from error


def validate_input_batch(model: ModelStructure, item: Any) -> Samples:
    """Return a validated batch of ``predict``.

    Raises
    ------
    TypeError, ValueError
        For anything that does not fit the model, and for sequences of unequal lengths.
    """
    x = unpack_input(model, item)
    try:
        samples = validate_input(model, x)
    except ValueError as error:
        raise ValueError(_of_samples(model, x) or str(error)) from error
    if isinstance(samples, Ragged) and not samples.lengths.any():
        if samples.stepwise:
            raise ValueError("x brings a batch of sequences without steps. Leave it out, or give predict one list of all.")
        return samples.batch(slice(None)).samples
    if isinstance(samples, Ragged):
        raise ValueError("x brings a batch of sequences of unequal lengths. Give predict one list of all sequences.")
    return samples


def _of_samples(model: ModelStructure, x: Any) -> str:
    """Return advice if an iterable yields single samples; empty if something else is wrong."""
    if not is_sample(model, x):
        return ""
    return "x brings single samples. Bring batches, as torch.utils.data.DataLoader(x, batch_size=32) or x.batch(32) makes them."
