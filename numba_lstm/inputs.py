"""What a user hands in, settled before anything is computed: real numbers, a rank, a feature count, a length."""

from __future__ import annotations

import numbers
from typing import Any

import numpy as np
import numpy.typing as npt


def as_real(x: Any, what: str) -> npt.NDArray[Any]:
    """``x`` as a NumPy array of real numbers, not copied where it is one.

    Raises
    ------
    TypeError
        For strings, objects and complex numbers.
    ValueError
        For ragged nested lists and arrays without elements.
    """
    try:
        array = np.asarray(x)
    except ValueError as error:
        raise ValueError(
            f"{what} must be a rectangular array of real numbers, got sequences of unequal lengths. Make each an array, in a "
            "list of one a sample, or pad them: numba_lstm.pad_sequences."
        ) from error
    if array.dtype.kind not in "fiub":
        hint = {
            "c": "Take .real, or give real and imaginary parts as two features.",
            "U": "Convert it first: x.astype('float32').",
            "S": "Convert it first: x.astype('float32').",
        }.get(array.dtype.kind, "Convert it first: np.asarray(x, dtype='float32').")
        raise TypeError(f"{what} must be an array of real numbers, got dtype {array.dtype}. {hint}")
    if array.size == 0:
        raise ValueError(f"{what} is empty, its shape is {array.shape}. Give at least one sample.")
    return array


def check_shape(layer: str, shape: tuple[int | None, ...], expected: tuple[int | None, ...]) -> None:
    """Compare an input's shape with the one that a layer was built for; None fits every size.

    Raises
    ------
    ValueError
        Naming the layer, what it expects, what came and what to do.
    """
    names = {2: "(batch, features)", 3: "(batch, time, features)"}.get(len(expected), str(expected))
    if len(shape) != len(expected):
        hint = ""
        if len(shape) == len(expected) - 1:
            hint = " Add a feature axis: x[..., None]." if len(expected) == 3 else " Add an axis: x[:, None]."
        raise ValueError(f"{layer} expects {names}, got shape {shape}.{hint}")
    for axis, (size, wanted) in enumerate(zip(shape, expected, strict=True)):
        if wanted is not None and size != wanted:
            name = names.strip("()").split(", ")[axis]
            raise ValueError(
                f"{layer} was built for {name} = {wanted}, got shape {shape} with {size}. "
                f"Give {wanted}, or make a new layer for the new shape."
            )


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
