"""What a user hands in, settled before anything is computed: real numbers, a rank, a feature count, a length."""

from __future__ import annotations

import numbers
from collections.abc import Sequence
from typing import Any

import numpy as np
import numpy.typing as npt

from .array_like import as_array
from .not_numbers import advice

Shape = tuple[int | None, ...]


#: What the axes of an input count; one of two axes has no steps.
INPUT_AXES = ("sample", "step", "feature")


def as_numbers(x: Any, what: str, sequences: bool = False) -> npt.NDArray[Any]:
    """``x`` as a NumPy array of real numbers, not copied where it is one; it may be empty.

    ``sequences`` is that of :func:`.array_like.as_array`.

    Raises
    ------
    TypeError
        For None, for strings, objects, times and complex numbers, and for what is no array.
    ValueError
        For ragged nested lists, masked entries and missing values.
    """
    array = as_array(x, what, sequences)
    if array.dtype.kind not in "fiub":
        raise TypeError(f"{what} must be an array of real numbers, got dtype {array.dtype}. {advice(array, what, x)}")
    return array


def as_real(x: Any, what: str, axes: Sequence[str] = ("sample",), *, sequences: bool = False) -> npt.NDArray[Any]:
    """``x`` as a NumPy array of real numbers with elements, not copied where it is one.

    Parameters
    ----------
    x : array
    what : str
        The name of the argument.
    axes : sequence of str
        What the first axes count, for the error of an empty array.
    sequences : bool
        As in :func:`.array_like.as_array`.

    Raises
    ------
    TypeError, ValueError
        As :func:`as_numbers`, and for arrays without elements.
    """
    array = as_numbers(x, what, sequences)
    if array.size == 0:
        raise ValueError(_empty(array.shape, what, axes))
    return array


def _empty(shape: tuple[int, ...], what: str, axes: Sequence[str]) -> str:
    axis = shape.index(0)
    axes = [axes[0], axes[-1]] if len(shape) == 2 < len(axes) else axes
    if axis == 0:
        return f"{what} is empty, its shape is {shape}. Give at least one {axes[0]}."
    if axis >= len(axes):
        return f"{what} has no entries along axis {axis}, its shape is {shape}. Give at least one there."
    many = f"{shape[0]} {axes[0]}{'s' * (shape[0] > 1)}"
    return f"{what} has {many} but no {axes[axis]}s, its shape is {shape}. Give at least one {axes[axis]}."


def check_shape(layer: str, shape: Shape, expected: Shape, built: Shape | None = None) -> None:
    """Compare an input's shape with the one that a layer was built for; None fits every size.

    ``built`` is what is known of all axes, which may be more than what is compared.

    Raises
    ------
    ValueError
        Naming the layer, what it expects, what came and what to do.
    """
    names = {2: "(batch, features)", 3: "(batch, time, features)"}.get(len(expected), str(expected))
    if len(shape) != len(expected):
        raise ValueError(f"{layer} expects {names}, got shape {shape}.{axis_advice(shape, built or expected)}")
    for axis, (size, wanted) in enumerate(zip(shape, expected, strict=True)):
        if wanted is not None and size != wanted:
            name = names.strip("()").split(", ")[axis]
            raise ValueError(
                f"{layer} was built for {name} = {wanted}, got shape {shape} with {size}. "
                f"Give {wanted}, or make a new layer for the new shape."
            )


def axis_advice(shape: Shape, expected: Shape) -> str:
    """What to do with an x of ``shape`` where one of the rank of ``expected`` is expected: an axis to add or to take off.

    Only what leads to a shape that fits is advised.
    """
    if len(shape) == len(expected) - 1 and shape and shape[0] is not None:
        return _axis_to_add(shape, expected)
    if len(shape) == len(expected) + 1:
        for axis, size in enumerate(shape):
            if size == 1 and _fits((*shape[:axis], *shape[axis + 1 :]), expected):
                return f" Take off the axis of size 1: np.squeeze(x, axis={axis})."
        if shape[0] is None:
            return f" Give the shape of one sample, without the batch axis: {shape[2:]}."
    if len(shape) == 2 and len(expected) == 3 and shape[0] is None:
        size = shape[1]
        return f" A sample has the shape (time, features): ({size}, 1) for one feature, (None, {size}) for {size} of them."
    return "" if expected[-1] is None else f" Give x of shape {_named(expected)}."


def _axis_to_add(shape: Shape, expected: Shape) -> str:
    new = "x[..., None]" if len(expected) == 3 else "x[:, None]"
    sample, feature = _fits((1, *shape), expected), _fits((*shape, 1), expected)
    if sample and feature and expected[-1] is None and len(expected) == 3:
        return (
            f" Add a feature axis if these are {shape[0]} series of {shape[1]} steps: {new}. "
            f"Add a batch axis if this is one sample of {shape[0]} steps: x[None]."
        )
    if sample and expected[-1] is not None:
        return " This is the shape of one sample. Add a batch axis: x[None]."
    if feature:
        return f" Add a feature axis: {new}."
    return f" Give x of shape {_named(expected)}."


def _fits(shape: Shape, expected: Shape) -> bool:
    return all(wanted is None or size == wanted for size, wanted in zip(shape[1:], expected[1:], strict=True))


def _named(expected: Shape) -> str:
    names = ("batch", *(("time",) if len(expected) == 3 else ()), "features")
    sizes = [name if size is None else str(size) for name, size in zip(names, expected, strict=True)]
    return f"({', '.join(['batch', *sizes[1:]])})"


def as_count(value: Any, what: str, at_least: int = 1) -> int:
    """``value`` as a whole number of at least ``at_least``; a bool is none.

    Raises
    ------
    TypeError
        For anything but a whole number.
    ValueError
        For a smaller one.
    """
    if isinstance(value, bool) or not isinstance(value, numbers.Integral):
        raise TypeError(f"{what} must be a whole number of at least {at_least}, got {value!r}.")
    if value < at_least:
        raise ValueError(f"{what} must be at least {at_least}, got {value}.")
    return int(value)


def as_number(value: Any, what: str, interval: str = "(-inf, inf)") -> float:
    """``value`` as a float inside ``interval``, written as in mathematics: ``"[0, 1)"`` holds 0 but not 1.

    Raises
    ------
    TypeError
        For anything but a real number.
    ValueError
        For a number outside the interval, and for NaN.
    """
    if isinstance(value, (bool, np.bool_)) or not isinstance(value, numbers.Real):
        raise TypeError(f"{what} must be a number in {interval}, got {value!r}.")
    number = float(value)
    low, high = (float(bound) for bound in interval[1:-1].split(","))
    above = number >= low if interval[0] == "[" else number > low
    below = number <= high if interval[-1] == "]" else number < high
    if not (above and below):
        raise ValueError(f"{what} must be a number in {interval}, got {value}.")
    return number
