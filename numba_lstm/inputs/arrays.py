"""Validation of arrays: real numbers only, with elements."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy.typing as npt

from .array_like import as_array
from .not_numbers import advice

#: Names of an input's axes in errors. An input of two axes has no steps.
INPUT_AXES = ("sample", "step", "feature")


def as_numbers(x: Any, name: str, sequences: bool = False) -> npt.NDArray[Any]:
    """Return ``x`` as a NumPy array of real numbers, which may be empty. A NumPy array is not copied.

    ``name`` and ``sequences`` are those of :func:`.array_like.as_array`.

    Raises
    ------
    TypeError
        For None, for strings, objects, times and complex numbers, and for anything but arrays.
    ValueError
        For ragged nested lists, masked entries and missing values.
    """
    array = as_array(x, name, sequences)
    if array.dtype.kind not in "fiub":
        raise TypeError(f"{name} must be an array of real numbers, got dtype {array.dtype}. {advice(array, name, x)}")
    return array


def as_real(x: Any, name: str, axes: Sequence[str] = ("sample",), *, sequences: bool = False) -> npt.NDArray[Any]:
    """Return ``x`` as a NumPy array of real numbers that is not empty. A NumPy array is not copied.

    Parameters
    ----------
    x : array
    name : str
        The name of the argument.
    axes : sequence of str
        Names of the first axes, for the error of an empty array.
    sequences : bool
        See :func:`.array_like.as_array`.

    Raises
    ------
    TypeError, ValueError
        As :func:`as_numbers`, and for empty arrays.
    """
    array = as_numbers(x, name, sequences)
    if array.size == 0:
        raise ValueError(_empty(array.shape, name, axes))
    return array


def _empty(shape: tuple[int, ...], name: str, axes: Sequence[str]) -> str:
    axis = shape.index(0)
    axes = [axes[0], axes[-1]] if len(shape) == 2 < len(axes) else axes
    if axis == 0:
        return f"{name} is empty, its shape is {shape}. Give at least one {axes[0]}."
    if axis >= len(axes):
        return f"{name} has no entries along axis {axis}, its shape is {shape}. Give at least one there."
    many = f"{shape[0]} {axes[0]}{'s' * (shape[0] > 1)}"
    return f"{name} has {many} but no {axes[axis]}s, its shape is {shape}. Give at least one {axes[axis]}."
