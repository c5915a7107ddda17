"""The time axis of tensors: which of them compute each step by itself."""

from __future__ import annotations

from collections.abc import Sequence
from math import prod
from typing import NamedTuple

import numpy as np

from ...ops.derivatives import ordered
from ...ops.tensor import ELEMENTWISE, Shape, Tensor

_REDUCTIONS = frozenset({"sum", "max", "min", "argmax", "argmin"})


class TimeMixedError(ValueError):
    """An element of a tensor depends on several steps; the message is a clause."""


class Time(NamedTuple):
    """Where the steps of a tensor are: on an axis, whose index is ``(outer * T + t) * inner + inside``."""

    axis: int
    outer: int = 1
    inner: int = 1


class Last(NamedTuple):
    """A tensor without steps, which depends on the last one alone."""


class Fixed(NamedTuple):
    """A tensor that depends on no step; its elements differ along ``axes`` alone."""

    axes: frozenset[int]


Place = Time | Last | Fixed

#: The axis of time of an input.
STEPS = Time(1)


def follow(outputs: Sequence[Tensor], inputs: Sequence[tuple[Tensor, Place]], T: int) -> list[Place]:
    """Return where the steps of ``outputs`` are, for inputs of T steps.

    Parameters
    ----------
    outputs : sequence of Tensor
        Functions of the inputs.
    inputs : sequence of pairs
        The inputs, and where their steps are.
    T : int
        The number of steps, a prime that no other axis has.

    Raises
    ------
    TimeMixedError
        For an operation that combines steps.
    """
    places = {id(x): place for x, place in inputs}
    for x in ordered(outputs):
        if id(x) not in places:
            places[id(x)] = _place(x, [places[id(operand)] for operand in x.operands], T)
    return [places[id(x)] for x in outputs]


def check_alike(some: Sequence[Tensor], others: Sequence[Tensor]) -> None:
    """Raise TimeMixedError if a function that was traced for two numbers of steps has numbers that depend on them."""
    for x, y in zip(ordered(some), ordered(others), strict=False):
        same = x.operation == y.operation
        if same and x.operation in ("constant", "array"):
            same = x.detail == y.detail if x.is_constant else np.array_equal(x.detail, y.detail)
        if not same:
            raise TimeMixedError("it depends on the number of steps")


def _place(x: Tensor, places: list[Place], T: int) -> Place:
    """Return where the steps of a tensor are, by those of its operands."""
    if all(isinstance(place, Fixed) for place in places):
        return _fixed(x, places)
    if x.operation == "matmul":
        return _of_product(x, places)
    place = _common(places)
    if not isinstance(place, Time) or x.operation in ELEMENTWISE or x.operation == "stop":
        return place
    axis, before = place.axis, x.operands[0].shape
    if x.operation == "broadcast":
        return place._replace(axis=axis + x.ndim - len(before))
    if x.operation == "permute":
        return place._replace(axis=x.detail.index(axis))
    if x.operation == "reshape":
        return _reshaped(place, before, x.shape, T)
    if x.operation == "slice":
        return _sliced(place, x.detail[axis], before[axis])
    if x.operation in _REDUCTIONS and axis not in x.detail:
        return place._replace(axis=axis - sum(k < axis for k in x.detail))
    if (x.operation == "join" and before[axis] == x.shape[axis]) or (x.operation == "softmax" and axis < x.ndim - 1):
        return place
    raise TimeMixedError(f"it combines steps by {x.operation}")


def _sliced(place: Time, limits: tuple[int, int, int], size: int) -> Place:
    """Return where the steps are of a slice of their axis: of all of them, or of the last one."""
    if limits == (0, size, 1):
        return place
    if limits == (size - 1, size, 1) and place.outer == place.inner == 1:
        return Last()
    raise TimeMixedError("it takes some of the steps")


def _fixed(x: Tensor, places: Sequence[Place]) -> Fixed:
    """Return along which axes a tensor differs that depends on no step."""
    shift = [x.ndim - operand.ndim for operand in x.operands]
    if x.is_constant:
        return Fixed(frozenset())
    if x.operation == "broadcast" or x.operation in ELEMENTWISE:
        return Fixed(frozenset(k + by for by, place in zip(shift, places, strict=True) for k in place.axes))  # type: ignore[union-attr]
    return Fixed(frozenset(k for k, n in enumerate(x.shape) if n != 1))


def _common(places: Sequence[Place]) -> Place:
    """Return the one place of all operands that depend on steps."""
    found = {place for place in places if not isinstance(place, Fixed)}
    if len(found) > 1:
        raise TimeMixedError(
            "it combines one step with others" if Last() not in found else "it needs the last step at all steps"
        )
    (place,) = found
    if isinstance(place, Time) and any(isinstance(other, Fixed) and place.axis in other.axes for other in places):
        raise TimeMixedError("it has numbers for each step")
    return place


def _of_product(x: Tensor, places: Sequence[Place]) -> Place:
    """Return where the steps of a product of matrices are: rows of the first, columns of the second, or a leading axis."""
    n = x.ndim
    if any(isinstance(place, Time) and place.axis == summed for place, summed in zip(places, (n - 1, n - 2), strict=True)):
        raise TimeMixedError("its product sums over steps")
    found = {place for place in places if not isinstance(place, Fixed)}
    if len(found) > 1:
        raise TimeMixedError("its product combines steps with each other")
    (place,) = found
    if isinstance(place, Time) and place.axis < n - 2:
        return _common(places)
    return place


def _reshaped(place: Time, before: Shape, after: Shape, T: int) -> Time:
    outer, inner = prod(before[: place.axis]) * place.outer, prod(before[place.axis + 1 :]) * place.inner
    for axis, size in enumerate(after):
        leading, trailing = prod(after[:axis]), prod(after[axis + 1 :])
        if outer % leading == 0 and inner % trailing == 0 and size == outer // leading * T * (inner // trailing):
            return Time(axis, outer // leading, inner // trailing)
    raise TimeMixedError("it reshapes steps")
