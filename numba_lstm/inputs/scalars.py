"""Validation of scalar arguments: whole numbers and real numbers inside an interval."""

from __future__ import annotations

import numbers
from typing import Any

import numpy as np


def as_count(value: Any, name: str, at_least: int = 1) -> int:
    """Return ``value`` as a whole number of at least ``at_least``. A bool is no number.

    Raises
    ------
    TypeError
        For anything but a whole number.
    ValueError
        For a smaller number.
    """
    if isinstance(value, bool) or not isinstance(value, numbers.Integral):
        raise TypeError(f"{name} must be a whole number of at least {at_least}, got {value!r}.")
    if value < at_least:
        raise ValueError(f"{name} must be at least {at_least}, got {value}.")
    return int(value)


def as_whole(value: Any, name: str) -> int:
    """Return ``value`` as a whole number of any sign. A bool is no number; anything else raises TypeError."""
    if isinstance(value, bool) or not isinstance(value, numbers.Integral):
        raise TypeError(f"{name} must be a whole number, got {value!r}.")
    return int(value)


def as_number(value: Any, name: str, interval: str = "(-inf, inf)") -> float:
    """Return ``value`` as a float inside ``interval``, which is written as in mathematics: ``"[0, 1)"`` has 0 but not 1.

    Raises
    ------
    TypeError
        For anything but a real number.
    ValueError
        For a number outside of the interval, and for NaN.
    """
    if isinstance(value, (bool, np.bool_)) or not isinstance(value, numbers.Real):
        raise TypeError(f"{name} must be a number in {interval}, got {value!r}.")
    number = float(value)
    low, high = (float(bound) for bound in interval[1:-1].split(","))
    above = number >= low if interval[0] == "[" else number > low
    below = number <= high if interval[-1] == "]" else number < high
    if not (above and below):
        raise ValueError(f"{name} must be a number in {interval}, got {value}.")
    return number
