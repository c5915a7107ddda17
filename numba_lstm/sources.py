"""Sources: arrays or iterables, split into training and validation, as the Batches that the loops take."""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping, Sequence
from functools import partial
from typing import TYPE_CHECKING, Any

import numpy as np

from . import random
from .batches import ArrayBatches, Batches, IteratedBatches, Samples, settle_all, settle_input
from .inputs import as_count, as_number, check_shape

if TYPE_CHECKING:
    from .models import Sequential

BATCH_SIZE = 32  #: Keras's default


def brings_batches(x: Any) -> bool:
    """Whether ``x`` is an iterable of batches, and no array or list."""
    return isinstance(x, Iterable) and not isinstance(x, (Sequence, Mapping)) and not hasattr(x, "__array__")


def evaluation_batches(
    model: Sequential,
    x: Any,
    y: Any = None,
    sample_weight: Any = None,
    *,
    batch_size: int | None = None,
    steps: int | None = None,
) -> Batches:
    """Batches with targets in their order, each epoch from the start.

    Raises
    ------
    TypeError, ValueError
        For anything that fits neither the model nor each other.
    """
    steps = _steps(steps, "steps")
    if brings_batches(x):
        _refuse_beside_batches(y=y, sample_weight=sample_weight, batch_size=batch_size)
        return IteratedBatches(model, x, partial(_settle_item, model, None), steps)
    return ArrayBatches(model, settle_all(model, x, y, sample_weight), _size(batch_size), steps)


def input_batches(model: Sequential, x: Any, batch_size: int | None = None, steps: int | None = None) -> Batches:
    """Batches of inputs alone, for predict.

    Raises
    ------
    TypeError, ValueError
        For anything that does not fit the model.
    """
    steps = _steps(steps, "steps")
    if brings_batches(x):
        _refuse_beside_batches(batch_size=batch_size)
        return IteratedBatches(model, x, lambda item: Samples(settle_input(model, _first(item))[0]), steps)
    return ArrayBatches(model, Samples(settle_input(model, x)[0]), _size(batch_size), steps)


def fit_batches(
    model: Sequential,
    x: Any,
    y: Any,
    *,
    batch_size: int | None,
    validation_split: float,
    validation_data: Any,
    shuffle: bool,
    class_weight: Any,
    sample_weight: Any,
    steps_per_epoch: int | None,
    validation_steps: int | None,
    validation_batch_size: int | None,
) -> tuple[Batches, Batches | None]:
    """What fit learns from, and what it validates with; the arguments are fit's.

    Raises
    ------
    TypeError, ValueError
        For anything that fits neither the model nor each other.
    """
    share = as_number(validation_split, "validation_split", "[0, 1)")
    steps = _steps(steps_per_epoch, "steps_per_epoch")
    size = _size(batch_size, "batch_size")
    validation_size = size if validation_batch_size is None else _size(validation_batch_size, "validation_batch_size")
    validation_steps = _steps(validation_steps, "validation_steps")
    if not isinstance(shuffle, (bool, np.bool_)):
        raise TypeError(f"shuffle must be True or False, got {shuffle!r}.")
    train: Batches
    validation: Batches | None = None
    if brings_batches(x):
        _refuse_beside_batches(y=y, sample_weight=sample_weight, batch_size=batch_size, validation_split=share or None)
        train = IteratedBatches(model, x, partial(_settle_item, model, class_weight), steps)
    else:
        samples = settle_all(model, x, y, sample_weight, class_weight)
        if share and validation_data is None:
            samples, held_out = _split(samples, share, weighted=sample_weight is not None)
            validation = ArrayBatches(model, held_out, validation_size, validation_steps)
        n = len(samples.x)
        order = (lambda: random.permutation(model.random.next_key(), n)) if shuffle else None
        train = ArrayBatches(model, samples, size, steps, order, endless=True)
    if validation_data is not None:
        validation = _validation(model, validation_data, train.input_shape, validation_size, validation_steps)
    return train, validation


def _split(samples: Samples, share: float, weighted: bool) -> tuple[Samples, Samples]:
    """The first and the last part; class weights do not count in validation, as in Keras."""
    n = len(samples.x)
    kept = math.floor(n * (1 - share))
    if kept in (0, n):
        raise ValueError(f"validation_split={share} of {n} samples leaves one part empty. Give more samples or another share.")
    x, target, weight, labels = samples
    assert target is not None
    first = Samples(x[:kept], target[:kept], None if weight is None else weight[:kept], labels)
    return first, Samples(x[kept:], target[kept:], None if weight is None or not weighted else weight[kept:], labels)


def _validation(model: Sequential, data: Any, train_shape: tuple[int, ...], size: int, steps: int | None) -> Batches:
    try:
        if brings_batches(data):
            batches = evaluation_batches(model, data, steps=steps)
        else:
            batches = evaluation_batches(model, *_parts(data), batch_size=size, steps=steps)
        # What the model will be built for: it may not be built yet.
        check_shape("the model", batches.input_shape, (*(None,) * (len(train_shape) - 1), train_shape[-1]))
    except (TypeError, ValueError) as error:
        raise type(error)(f"validation_data: {error}") from error
    return batches


def _settle_item(model: Sequential, class_weight: Any, item: Any) -> Samples:
    return settle_all(model, *_parts(item), class_weight)


def _parts(item: Any) -> tuple[Any, Any, Any]:
    """x, y and the weight or None."""
    if not isinstance(item, (tuple, list)) or len(item) not in (2, 3):
        what = f"{len(item)} parts" if isinstance(item, (tuple, list)) else type(item).__name__
        raise ValueError(f"expected (x, y) or (x, y, sample_weight), got {what}.")
    x, y, *weight = item
    return x, y, weight[0] if weight else None


def _first(item: Any) -> Any:
    return item[0] if isinstance(item, tuple) and item else item


def _size(value: int | None, what: str = "batch_size") -> int:
    return BATCH_SIZE if value is None else as_count(value, what)


def _steps(value: int | None, what: str) -> int | None:
    return None if value is None else as_count(value, what)


def _refuse_beside_batches(**given: Any) -> None:
    for name, value in given.items():
        if value is not None:
            raise ValueError(f"{name} cannot be given beside an iterable x, which brings (x, y) or (x, y, sample_weight).")
