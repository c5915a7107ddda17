"""Structures around arrays: lists, tuples and dicts of one entry, and tuples of x, y and weights."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np

from ...inputs.array_like import axes_of, is_array
from ..protocols import ModelStructure

Unpacked = tuple[Any, Any, Any]  #: x, y and the weight or None


def unwrap_input(model: ModelStructure, x: Any) -> Any:
    """Return ``x`` out of a list, a tuple or a dict of one entry, as Keras takes them for a model of one input.

    A list of one sequence (T, D) stays a list: its entry has no batch axis.

    Raises
    ------
    ValueError
        For a dict of several entries.
    """
    if type(x) is np.ndarray:
        return x
    if isinstance(x, Mapping):
        return _entry(x, f"{model.name} has one input")
    if isinstance(x, (list, tuple)) and len(x) == 1 and is_array(x[0]) and rank(x[0]) in batch_ranks(model, x[0]):
        return x[0]
    return x


def unwrap_target(y: Any, samples: int, axes: int) -> Any:
    """Return targets or weights out of a list, a tuple or a dict of one entry; a target of ``samples`` has ``axes`` axes.

    Raises
    ------
    ValueError
        For a dict of several entries.
    """
    if isinstance(y, Mapping):
        return _entry(y, "the model has one output")
    if not isinstance(y, (list, tuple)) or len(y) != 1 or not (is_array(y[0]) or isinstance(y[0], (list, tuple))):
        return y
    inside = rank(y[0]) >= axes if samples == 1 else rank(y[0]) and len(y[0]) == samples
    return y[0] if inside else y


def _entry(entries: Mapping[Any, Any], sentence: str) -> Any:
    if len(entries) != 1:
        keys = ", ".join(map(repr, list(entries)[:10]))
        raise ValueError(f"{sentence}, got a dict of {len(entries)} entries ({keys}). Give one array.")
    return next(iter(entries.values()))


def unpack_batch(item: Any) -> Unpacked:
    """Return x, y and the weight or None of a batch ``(x, y)`` or ``(x, y, sample_weight)``, a tuple or a list.

    Raises
    ------
    ValueError
        For anything else.
    """
    if not isinstance(item, (tuple, list)) or len(item) not in (2, 3):
        what = f"{len(item)} parts" if isinstance(item, (tuple, list)) else type(item).__name__
        raise ValueError(f"expected (x, y) or (x, y, sample_weight), got {what}.")
    x, y, *weight = item
    return x, y, weight[0] if weight else None


def unpack_input(model: ModelStructure, item: Any) -> Any:
    """Return the x of a batch of ``predict``: ``(x,)``, ``(x, y)``, ``(x, y, sample_weight)`` or x itself.

    A list is a batch of parts, as those of PyTorch's DataLoader, where its first entry has a batch axis; else it is x.
    """
    if isinstance(item, tuple) and item:
        return item[0]
    if isinstance(item, list) and model.has_one_input and 0 < len(item) <= 3 and rank(item[0]) in batch_ranks(model, item[0]):
        return item[0]
    return item


def is_sample(model: ModelStructure, x: Any) -> bool:
    """Return whether ``x`` is one sample of the model's input, without the batch axis."""
    if not model.has_one_input:
        x = first_input(x)
    ranks = batch_ranks(model, x)
    return rank(x) not in ranks and rank(x) + 1 in ranks


def first_input(x: Any) -> Any:
    """Return the first of several inputs in a list, a tuple or a dict."""
    entries = list(x.values()) if isinstance(x, Mapping) else x
    return entries[0] if isinstance(entries, (list, tuple)) and len(entries) else x


def rank(x: Any) -> int:
    """Return the number of axes of an array or of nested lists, by their first entries."""
    if isinstance(x, Mapping) and len(x) == 1:
        return rank(next(iter(x.values())))
    if isinstance(x, (list, tuple)):
        return 1 + (rank(x[0]) if x else 0)
    return axes_of(x)


def batch_ranks(model: ModelStructure, x: Any) -> tuple[int, ...]:
    """Return the ranks that a batch may have, if ``x`` is a batch or a sample of one.

    The first layer of a model that is not built may take several; then those count that the layers behind it take too.
    """
    if model.readers and model.readers[0].converts_inputs:
        return (1, 2)
    if model.built:
        return (len(model.input_shape if model.has_one_input else model.input_shape[0]),)
    if model.traced or not model.layers:
        return (2, 3)
    first = model.layers[0]
    if first.takes_indices:
        return (2,)
    shape = shape_of(x)
    shapes = {axes: ((1,) * (axes - len(shape)) + shape)[-axes:] for axes in first.ranks}
    return tuple(axes for axes in first.ranks if _takes(model, shapes[axes])) or first.ranks


def shape_of(x: Any) -> tuple[int, ...]:
    """Return the shape of an array or of nested lists, by their first entries."""
    if isinstance(x, Mapping) and len(x) == 1:
        return shape_of(next(iter(x.values())))
    if isinstance(x, (list, tuple)):
        return (len(x), *(shape_of(x[0]) if x else ()))
    return tuple(getattr(x, "shape", ())) if is_array(x) else ()


def _takes(model: ModelStructure, shape: tuple[int, ...]) -> bool:
    """Return whether the layers of a model that is not built take a batch of ``shape``."""
    try:
        model.compute_shapes(shape)
    except (TypeError, ValueError):
        return False
    return True
