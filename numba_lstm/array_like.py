"""What may become a NumPy array: nothing else is handed to ``np.asarray``, and no mask or missing value is lost on the way."""

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

#: Sequences that hold elements; any other class with ``__len__`` and ``__getitem__`` is a dataset of batches.
SEQUENCES = (list, tuple, range, deque, UserList)
_SCALARS = (numbers.Number, np.generic, str, bytes, decimal.Decimal, datetime.date, datetime.timedelta, type(None))
_PLAIN = {int, float, bool, str, complex, bytes, np.ndarray, np.float64, np.float32, np.int64}


def is_array(x: Any) -> bool:
    """Whether ``x`` is an array, a tensor, or a column or a table of a data frame: anything with the protocol of arrays."""
    if isinstance(x, (np.ndarray, array.array, memoryview)):
        return True
    return not isinstance(x, type) and (hasattr(x, "__array__") or hasattr(x, "__array_interface__"))


def is_grouped(x: Any) -> bool:
    """Whether ``x`` is a data frame or a column in groups, which iterates over pairs of a key and a part."""
    return type(x).__name__.endswith("GroupBy") and isinstance(x, Iterable)


def axes_of(x: Any) -> int:
    """The number of axes of an array that is not read yet; 0 for what is none."""
    return int(getattr(x, "ndim", 0) or len(getattr(x, "shape", ()))) if is_array(x) else 0


def as_array(x: Any, what: str, sequences: bool = False) -> Array:
    """``x`` as a NumPy array of any dtype, not copied where it is one.

    ``sequences`` says that it is the x of a model, whose steps can be left out.

    Raises
    ------
    TypeError
        For what is no array and no sequence of numbers, and for a tensor that NumPy cannot read.
    ValueError
        For masked entries and missing values, and for nested sequences of unequal lengths.
    """
    if type(x) is np.ndarray:
        return x
    if x is None:
        raise TypeError(f"{what} is None. Give an array of real numbers.")
    if is_array(x):
        return _read(x, what, sequences)
    if isinstance(x, SEQUENCES):
        parts = _readable(x, what, sequences)
        try:
            return np.asarray(parts)
        except ValueError as error:
            raise ValueError(_unequal(what)) from error
    if isinstance(x, _SCALARS):
        return np.asarray(x)
    raise TypeError(f"{what} must be an array of real numbers, got {type(x).__name__}. {_instead(x, what)}")


def _read(x: Any, what: str, sequences: bool) -> Array:
    if isinstance(x, np.ma.MaskedArray):
        return _unmasked(x, what, sequences)
    _refuse_missing(x, what)
    try:
        result = np.asarray(x)
        if result.dtype == object and hasattr(x, "dtypes") and all(isinstance(entry, numbers.Real) for entry in result.flat):
            return result.astype(np.float64)  # a table whose columns are numbers of several kinds
        return result
    except (TypeError, RuntimeError) as error:
        raise TypeError(f"{what} ({type(x).__name__}) cannot be read as a NumPy array: {error}") from error


def _readable(parts: Iterable[Any], what: str, sequences: bool) -> list[Any]:
    """``parts`` with all arrays among them read; TypeError for any that NumPy could not read to its end."""
    given = list(parts)
    if set(map(type, given)) <= _PLAIN:
        return given
    for i, part in enumerate(given):
        if is_array(part) or isinstance(part, SEQUENCES):
            read = _read if is_array(part) else _readable
            given[i] = read(part, f"{what}[{i}]", sequences)
        elif (hasattr(part, "__getitem__") or isinstance(part, Iterable)) and not isinstance(part, (*_SCALARS, Mapping)):
            raise TypeError(f"{what}[{i}] must be a number or an array, got {type(part).__name__}.")
    return given


def _unmasked(x: Any, what: str, sequences: bool) -> Array:
    """The data of a masked array of which nothing is masked."""
    count = int(np.sum(np.ma.getmaskarray(x)))
    if not count:
        return np.asarray(x.data)
    name, rank = what.partition("[")[0], x.ndim + what.count("[")
    if sequences and rank == 3:
        hint = (
            f"Give each a value: {what}.filled(0.0). Steps of zeros are left out by Masking(0.0) as the first layer, and "
            "steps at the end by lengths= of fit, evaluate and predict"
        )
    elif name == "y":
        hint = f"Give each a value, {what}.filled(0.0), and sample_weight=, with 0 for what was masked"
    else:
        hint = f"Fill it: {what if name.isidentifier() else 'array'}.filled(value)"
    raise ValueError(f"{what} is a masked array, and its mask ({count} entries) would be lost. {hint}.")


def _refuse_missing(x: Any, what: str) -> None:
    """Raise ValueError for missing values of Pandas, Polars and Arrow, which NumPy would read as NaN."""
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
            f"{what} has missing values ({count}), which would become NaN. Fill them, as {what}.{fill}(0) does, or leave their "
            "samples out."
        )


def _unequal(what: str) -> str:
    return (
        f"{what} must be a rectangular array of real numbers, got sequences of unequal lengths. Make each an array, in a list "
        f"of one a sample: [np.asarray(part) for part in {what}]."
    )


def _instead(x: Any, what: str) -> str:
    if isinstance(x, Mapping):
        keys = list(x)
        return f"Give one of its arrays, as {what}[{keys[0]!r}]." if keys else "Give an array."
    if is_grouped(x):
        return f"Give a list of one array a group: [part.to_numpy() for _, part in {what}]."
    if hasattr(x, "__getitem__") and hasattr(x, "__len__"):
        return "Datasets are the x of fit, evaluate and predict. Give the arrays of one batch."
    return f"Give a list of its entries: list({what})." if isinstance(x, Iterable) else "Give a list or an array."
