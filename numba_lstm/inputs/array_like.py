"""Conversion of arrays, tensors, data frames and sequences to NumPy, without losing a mask or a missing value."""

from __future__ import annotations

import array
import datetime
import decimal
import numbers
from collections import UserList, deque
from collections.abc import Iterable, Mapping
from typing import Any

import numpy as np
import numpy.typing as npt

Array = npt.NDArray[Any]

#: Sequences of elements. Any other class with ``__len__`` and ``__getitem__`` is a dataset of batches.
SEQUENCES = (list, tuple, range, deque, UserList)
_SCALARS = (numbers.Number, np.generic, str, bytes, decimal.Decimal, datetime.date, datetime.timedelta, type(None))
_PLAIN = {int, float, bool, str, complex, bytes, np.ndarray, np.float64, np.float32, np.int64}


def is_array(x: Any) -> bool:
    """Return whether ``x`` is an array, a tensor, a data frame or a column of one: anything with the array protocol."""
    if isinstance(x, (np.ndarray, array.array, memoryview)):
        return True
    return not isinstance(x, type) and (hasattr(x, "__array__") or hasattr(x, "__array_interface__"))


def is_grouped(x: Any) -> bool:
    """Return whether ``x`` is a grouped data frame or column, which iterates over pairs of a key and a group."""
    return type(x).__name__.endswith("GroupBy") and isinstance(x, Iterable)


def axes_of(x: Any) -> int:
    """Return the number of axes of an array that is not converted yet, 0 for anything else."""
    return int(getattr(x, "ndim", 0) or len(getattr(x, "shape", ()))) if is_array(x) else 0


def as_array(x: Any, name: str, sequences: bool = False) -> Array:
    """Return ``x`` as a NumPy array of any dtype. A NumPy array is not copied.

    ``name`` is the name of the argument in errors. ``sequences`` says that it is a model's x, which may be masked or cut.

    Raises
    ------
    TypeError
        For anything but an array or a sequence of numbers, and for a tensor that NumPy cannot read.
    ValueError
        For masked entries and missing values, and for nested sequences of unequal lengths.
    """
    if type(x) is np.ndarray:
        return x
    if x is None:
        raise TypeError(f"{name} is None. Give an array of real numbers.")
    if is_array(x):
        return _read(x, name, sequences)
    if isinstance(x, SEQUENCES):
        elements = _converted(x, name, sequences)
        try:
            return np.asarray(elements)
        except ValueError as error:
            raise ValueError(_unequal(name)) from error
    if isinstance(x, _SCALARS):
        return np.asarray(x)
    raise TypeError(f"{name} must be an array of real numbers, got {type(x).__name__}. {_instead(x, name)}")


def _read(x: Any, name: str, sequences: bool) -> Array:
    if isinstance(x, np.ma.MaskedArray):
        return _unmasked(x, name, sequences)
    _refuse_missing(x, name)
    try:
        result = np.asarray(x)
        if result.dtype == object and hasattr(x, "dtypes") and all(isinstance(entry, numbers.Real) for entry in result.flat):
            return result.astype(np.float64)  # a table whose columns are numbers of several kinds
        return result
    except (TypeError, RuntimeError) as error:
        raise TypeError(f"{name} ({type(x).__name__}) cannot be read as a NumPy array: {error}") from error


def _converted(sequence: Iterable[Any], name: str, sequences: bool) -> list[Any]:
    """Return the elements of ``sequence``, arrays converted. Raise TypeError for an element that NumPy could not convert."""
    elements = list(sequence)
    if set(map(type, elements)) <= _PLAIN:
        return elements
    for i, entry in enumerate(elements):
        if is_array(entry) or isinstance(entry, SEQUENCES):
            read = _read if is_array(entry) else _converted
            elements[i] = read(entry, f"{name}[{i}]", sequences)
        elif (hasattr(entry, "__getitem__") or isinstance(entry, Iterable)) and not isinstance(entry, (*_SCALARS, Mapping)):
            raise TypeError(f"{name}[{i}] must be a number or an array, got {type(entry).__name__}.")
    return elements


def _unmasked(x: Any, name: str, sequences: bool) -> Array:
    """Return the data of a masked array without masked entries. Raise ValueError if entries are masked."""
    count = int(np.sum(np.ma.getmaskarray(x)))
    if not count:
        return np.asarray(x.data)
    base, rank = name.partition("[")[0], x.ndim + name.count("[")
    if sequences and rank == 3:
        hint = (
            f"Give each a value: {name}.filled(0.0). Steps of zeros are left out by Masking(0.0) as the first layer, and "
            "steps at the end by lengths= of fit, evaluate and predict"
        )
    elif base == "y":
        hint = f"Give each a value, {name}.filled(0.0), and sample_weight=, with 0 for what was masked"
    else:
        hint = f"Fill it: {name if base.isidentifier() else 'array'}.filled(value)"
    raise ValueError(f"{name} is a masked array, and its mask ({count} entries) would be lost. {hint}.")


def _refuse_missing(x: Any, name: str) -> None:
    """Raise ValueError for missing values of Pandas, Polars and Arrow, which NumPy would convert to NaN."""
    count, fill = 0, "fillna"
    if hasattr(x, "null_count"):
        nulls = x.null_count() if callable(x.null_count) else x.null_count
        count, fill = int(np.sum(np.asarray(nulls))), "fill_null"
    elif hasattr(x, "isna"):
        nullable = [not isinstance(dtype, np.dtype) for dtype in (x.dtypes if hasattr(x, "columns") else [x.dtype])]
        if any(nullable):
            missing = np.asarray(x.isna())
            count = int(np.sum(missing[:, nullable] if missing.ndim == 2 else missing))
    if count:
        raise ValueError(
            f"{name} has missing values ({count}), which would become NaN. Fill them, as {name}.{fill}(0) does, or leave their "
            "samples out."
        )


def _unequal(name: str) -> str:
    return (
        f"{name} must be a rectangular array of real numbers, got sequences of unequal lengths. Make each an array, in a list "
        f"of one a sample: [np.asarray(part) for part in {name}]."
    )


def _instead(x: Any, name: str) -> str:
    if isinstance(x, Mapping):
        keys = list(x)
        return f"Give one of its arrays, as {name}[{keys[0]!r}]." if keys else "Give an array."
    if is_grouped(x):
        return f"Give a list of one array a group: [part.to_numpy() for _, part in {name}]."
    if hasattr(x, "__getitem__") and hasattr(x, "__len__"):
        return "Datasets are the x of fit, evaluate and predict. Give the arrays of one batch."
    return f"Give a list of its entries: list({name})." if isinstance(x, Iterable) else "Give a list or an array."
