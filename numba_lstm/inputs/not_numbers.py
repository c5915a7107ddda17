"""Advice about arrays of anything but real numbers: the last sentence of an error."""

from __future__ import annotations

import datetime
import decimal
import numbers
from typing import Any

import numpy as np
import numpy.typing as npt

Array = npt.NDArray[Any]


def advice(array: Array, label: str, argument: Any) -> str:
    """Return a sentence that says how to convert an argument to an array of real numbers of the same meaning.

    Parameters
    ----------
    array : array
        The argument as a NumPy array, of a dtype that holds no real numbers.
    label : str
        The name of the argument.
    argument : object
        The argument as the user passed it.
    """
    name = label if label.partition("[")[0].isidentifier() else "x"
    if array.dtype.kind == "c":
        return "Take .real, or give real and imaginary parts as two features."
    if array.dtype.kind in "UST":
        return _of_texts(array, name)
    if array.dtype.kind == "M":
        return _of_times(name, int(np.isnat(array).sum()))
    if array.dtype.kind == "m":
        return f"Give a number of days: {name} / np.timedelta64(1, 'D')."
    if array.dtype.names:
        return "Give its fields as columns: np.lib.recfunctions.structured_to_unstructured."
    if array.dtype != object:
        return f"Convert it first: {name}.astype('float32')."
    return _of_columns(argument, name) or _of_objects(array, name)


def _of_texts(array: Array, name: str) -> str:
    try:
        values = array.astype(np.float64)
    except ValueError:
        pass
    else:
        if not np.isnan(values).any():
            return f"Convert it first: np.asarray({name}, dtype='float64')."
        return f"Some stand for no number, as {str(array[np.isnan(values)].flat[0])!r}. Replace these first."
    code = f"classes, {name} = np.unique({name}, return_inverse=True)"
    if array.ndim > 1:
        code = f"classes, n = np.unique({name}, return_inverse=True); {name} = n.reshape(np.shape({name}))"
    use = " and let the model begin with Embedding(len(classes), ...)" if name.startswith("x") else ""
    return f"Number the classes{use}: {code}. In other data they are np.searchsorted(classes, {name})."


def _of_times(name: str, missing: int) -> str:
    if missing:
        return f"Some times are missing ({missing} NaT). Leave their samples out."
    return f"Give the days since the first: t = np.asarray({name}); {name} = (t - t.min()) / np.timedelta64(1, 'D')."


def _of_columns(table: Any, name: str) -> str:
    """Return a sentence about the columns of a data frame without numbers or with missing values, ``""`` for anything else."""
    if not hasattr(table, "columns") or not hasattr(table, "dtypes"):
        return ""
    columns = {column: np.asarray(table[column]) for column in table.columns}
    wrong = {column: values for column, values in columns.items() if not _real(values)}
    missing = {column: [entry for entry in values.flat if _is_missing(entry)] for column, values in wrong.items()}
    incomplete = [column for column, values in wrong.items() if missing[column] and _real(_present(values))]
    not_numeric = [column for column in wrong if column not in incomplete]
    sentences = []
    if not_numeric:
        sentences.append(f"There are no numbers in the columns {_listed(not_numeric)}. Leave them out, or convert each.")
    if incomplete:
        example = f"{sum(len(missing[column]) for column in incomplete)}, as {missing[incomplete[0]][0]!r}"
        sentences.append(
            f"Values are missing in the columns {_listed(incomplete)} ({example}). Fill them, as {name}.fillna(0) does, or "
            "leave their samples out."
        )
    return " ".join(sentences)


def _listed(names: list[Any]) -> str:
    return ", ".join(map(repr, names[:10])) + (" and more" if len(names) > 10 else "")


def _is_missing(entry: Any) -> bool:
    return entry is None or type(entry).__name__ in ("NAType", "NaTType")


def _present(column: Array) -> Array:
    return np.array([entry for entry in column.flat if not _is_missing(entry)], object)


def _real(array: Array) -> bool:
    return array.dtype.kind in "fiub" or (array.dtype == object and all(isinstance(e, numbers.Real) for e in array.flat))


def _of_objects(array: Array, name: str) -> str:
    entries = list(array.flat)
    missing = [entry for entry in entries if _is_missing(entry)]
    if missing:
        return f"Some entries are missing ({len(missing)}, as {missing[0]!r}). Fill them, or leave their samples out."
    if array.ndim and all(isinstance(entry, np.ndarray) for entry in entries):
        return f"It is an array of arrays. Give a list of them: list({name})."
    if array.ndim and all(isinstance(entry, (np.ndarray, list, tuple)) for entry in entries):
        return f"It is an array of lists. Give a list of arrays: [np.asarray(part) for part in {name}]."
    if all(isinstance(entry, (numbers.Real, decimal.Decimal)) for entry in entries):
        return f"Convert it first: np.asarray({name}, dtype='float64')."
    if all(isinstance(entry, str) for entry in entries):
        return _of_texts(array.astype(str), name)
    if all(isinstance(entry, datetime.date) for entry in entries):
        times = f"np.asarray({name}, dtype='datetime64[us]')"
        return f"Convert it first: {name} = {times}. {_of_times(name, 0)}"
    wrong = next(entry for entry in entries if not isinstance(entry, (numbers.Real, decimal.Decimal)))
    return f"It holds objects of type {type(wrong).__name__}. Give numbers alone."
