"""Adapters of data: arrays, iterables and datasets as batches, for training, validation and prediction."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable, Iterator
from functools import partial
from typing import Any, NamedTuple

import numpy as np

from ...inputs import as_count, as_number, check_shape
from ...inputs.sequences import batches_by_length
from ..batches import Ragged, Rows, Samples, Shape
from ..protocols import ModelStructure
from .array_validation import validate_arrays, validate_input
from .collation import collate, is_sample_entry
from .dataset_items import validate_batch, validate_input_batch
from .datasets import dataset_length, is_dataset, yields_batches
from .epochs import ArrayBatches, Batches, IteratedBatches, in_order, shuffled
from .indexed_batches import IndexedBatches
from .structures import unpack_batch

BATCH_SIZE = 32  #: Keras's default


def evaluation_batches(
    model: ModelStructure,
    x: Any,
    y: Any = None,
    sample_weight: Any = None,
    *,
    batch_size: int | None = None,
    sample_size: int | None = None,
    steps: int | None = None,
    lengths: Any = None,
) -> Batches:
    """Return batches with targets, in their order (sequences of unequal lengths by length), each epoch from the start.

    Raises
    ------
    TypeError, ValueError
        For anything that fits neither the model nor each other.
    """
    steps = _steps(steps, "steps")
    if yields_batches(x):
        _refuse_beside_batches(y=y, sample_weight=sample_weight, lengths=lengths)
        return _iterated(model, x, partial(validate_batch, model, None), steps, batch_size, sample_size=sample_size)
    return _all_of(model, validate_arrays(model, x, y, sample_weight, lengths=lengths), _size(batch_size), steps)


def input_batches(
    model: ModelStructure, x: Any, batch_size: int | None = None, steps: int | None = None, lengths: Any = None
) -> Batches:
    """Return batches of inputs without targets, for predict.

    Raises
    ------
    TypeError, ValueError
        For anything that does not fit the model.
    """
    steps = _steps(steps, "steps")
    if yields_batches(x):
        _refuse_beside_batches(lengths=lengths)
        return _iterated(model, x, partial(validate_input_batch, model), steps, batch_size)
    return _all_of(model, validate_input(model, x, lengths), _size(batch_size), steps)


def _iterated(
    model: ModelStructure,
    x: Any,
    validate: Callable[[Any], Samples | Ragged],
    steps: int | None,
    batch_size: int | None,
    *,
    sample_size: int | None = None,
    train: bool = False,
    shuffle: bool = False,
) -> Batches:
    """Return batches of an iterable or of a dataset; single samples are collated, ``sample_size`` by default."""
    if not is_dataset(x):
        _refuse_beside_batches(batch_size=batch_size)
        return IteratedBatches(x, validate, steps, endless=train)
    first = x[0] if dataset_length(x) != 0 else None
    groups = (lambda n, size: shuffled(model.random.next_key(), n, size)) if shuffle else in_order
    if is_sample_entry(model, x, first):
        size = _size(sample_size if batch_size is None else batch_size)
        return IndexedBatches(x, lambda entries: validate(collate(entries)), steps, size, groups, train, first)
    _refuse_beside_batches(batch_size=batch_size)
    return IndexedBatches(x, validate, steps, None, groups, train, first)


def _all_of(model: ModelStructure, samples: Samples | Ragged, size: int, steps: int | None) -> Batches:
    """Return batches that are not shuffled."""
    if isinstance(samples, Ragged) and steps is not None:
        raise ValueError("sequences of unequal lengths come by length, so that the first batches say little. Leave steps out.")
    _check_stateful(model, samples, size)
    return ArrayBatches(samples, size, steps, _groups(model, samples, size, shuffle=False))


def _groups(
    model: ModelStructure, samples: Samples | Ragged, size: int, *, shuffle: bool
) -> Callable[[], Iterable[Rows]] | None:
    """Return a function that returns the samples of each batch of the next pass; None keeps their order."""
    n = samples.size
    if isinstance(samples, Ragged):
        lengths = samples.lengths
        return lambda: batches_by_length(lengths, size, model.random.next_key() if shuffle else None)
    return (lambda: shuffled(model.random.next_key(), n, size)) if shuffle else None


def _check_stateful(model: ModelStructure, samples: Samples | Ragged, size: int) -> None:
    n = samples.size
    if model.stateful and n > size and n % size:
        raise ValueError(
            f"{model.name} is stateful, so all batches must have one size, but {n} samples make batches of {size} and one of "
            f"{n % size}. Give a batch_size that divides {n}."
        )


class ValidationArguments(NamedTuple):
    """The arguments of ``fit`` for validation; ``split`` is ``validation_split``."""

    split: float
    data: Any
    steps: int | None
    batch_size: int | None
    lengths: Any


def fit_batches(
    model: ModelStructure,
    x: Any,
    y: Any,
    *,
    batch_size: int | None,
    shuffle: bool,
    class_weight: Any,
    sample_weight: Any,
    steps_per_epoch: int | None,
    lengths: Any,
    validation: ValidationArguments,
) -> tuple[Batches, Batches | None]:
    """Return the batches of training and those of validation or None; the arguments are those of ``fit``.

    Raises
    ------
    TypeError, ValueError
        For anything that fits neither the model nor each other.
    """
    share = as_number(validation.split, "validation_split", "[0, 1)")
    steps = _steps(steps_per_epoch, "steps_per_epoch")
    size = _size(batch_size, "batch_size")
    validation_size = size if validation.batch_size is None else _size(validation.batch_size, "validation_batch_size")
    validation_steps = _steps(validation.steps, "validation_steps")
    if not isinstance(shuffle, (bool, np.bool_)):
        raise TypeError(f"shuffle must be True or False, got {shuffle!r}.")
    train: Batches
    held_out: Batches | None = None
    if yields_batches(x):
        _refuse_beside_batches(y=y, sample_weight=sample_weight, lengths=lengths, validation_split=share or None)
        validate = partial(validate_batch, model, class_weight)
        train = _iterated(model, x, validate, steps, batch_size, train=True, shuffle=bool(shuffle))
    else:
        samples = validate_arrays(model, x, y, sample_weight, class_weight, lengths)
        if share and validation.data is None:
            samples, last = _split(samples, share, weighted=sample_weight is not None)
            held_out = _all_of(model, last, validation_size, validation_steps)
        _check_stateful(model, samples, size)
        train = ArrayBatches(samples, size, steps, _groups(model, samples, size, shuffle=bool(shuffle)), endless=True)
    if validation.data is not None:
        if isinstance(validation.data, Iterator) and validation_steps is None:
            raise ValueError(
                "validation_data is an iterator, which one epoch would read. Give validation_steps, or what can be read again."
            )
        given = {"batch_size": validation_size, "steps": validation_steps, "lengths": validation.lengths}
        held_out = _validation(model, validation.data, train, given)
    elif validation.lengths is not None:
        raise ValueError("validation_lengths belong to validation_data, and there is none. Give both, or neither.")
    if held_out is not None:
        _check_sizes(model, train, held_out)
    return train, held_out


def _check_sizes(model: ModelStructure, train: Batches, validation: Batches) -> None:
    """Raise ValueError if a stateful model would validate with batches of another size."""
    a, b = train.first_size, validation.first_size
    if model.stateful and a != b:
        raise ValueError(
            f"{model.name} is stateful, so all batches must have one size, but those of training have {a} samples and those "
            f"of validation {b}. Validate with a multiple of {a} samples and validation_batch_size={a}."
        )


def _split(samples: Samples | Ragged, share: float, weighted: bool) -> tuple[Samples | Ragged, Samples | Ragged]:
    """Split samples for training and validation; class weights do not count in validation, as in Keras."""
    n = samples.size
    num_training = math.floor(n * (1 - share))
    if num_training in (0, n):
        raise ValueError(f"validation_split={share} of {n} samples leaves one part empty. Give more samples or another share.")
    held_out = samples.subset(slice(num_training, n))
    return samples.subset(slice(0, num_training)), held_out if weighted else held_out._replace(weight=None)


def _validation(model: ModelStructure, data: Any, train: Batches, given: dict[str, Any]) -> Batches:
    try:
        if yields_batches(data):
            size, steps, lengths = given["batch_size"], given["steps"], given["lengths"]
            batches = evaluation_batches(model, data, sample_size=size, steps=steps, lengths=lengths)
        else:
            batches = evaluation_batches(model, *unpack_batch(data), **given)
        _check_fits(model, batches.input_shape, train.input_shape)
    except (TypeError, ValueError) as error:
        raise type(error)(f"validation_data: {error}") from error
    return batches


def _check_fits(model: ModelStructure, shape: Shape, train_shape: Shape) -> None:
    """Raise ValueError unless the model, which may not be built yet, takes ``shape`` when it is built for ``train_shape``."""
    if model.built:
        return  # each was compared with the shape of the model
    features = None if model.takes_indices else train_shape[-1]  # the last axis of indices has steps
    check_shape("the model", shape, (*(None,) * (len(train_shape) - 1), features))
    pairs = zip(model.layers, model.compute_shapes(shape), model.compute_shapes(train_shape), strict=False)
    for layer, came, wanted in pairs:
        if None not in (came[-1], wanted[-1]) and came[-1] != wanted[-1] and not layer.takes_indices:
            raise ValueError(
                f"x of shape {shape} becomes {came} before {layer.name}, but that of training {wanted}. "
                "Give both as many steps."
            )


def _size(value: int | None, what: str = "batch_size") -> int:
    return BATCH_SIZE if value is None else as_count(value, what)


def _steps(value: int | None, what: str) -> int | None:
    return None if value is None else as_count(value, what)


def _refuse_beside_batches(**given: Any) -> None:
    for name, value in given.items():
        if value is not None:
            raise ValueError(f"{name} cannot be given beside an iterable x, which brings (x, y) or (x, y, sample_weight).")
