"""Streams of traced layers: whether the program of a layer computes each step by itself."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from ...ops.derivatives import ordered
from ...ops.program import DRAWS
from ...ops.tensor import Tensor
from ...ops.tracing import input_like
from ..base.results import StepValue
from .time_axis import STEPS, Fixed, Last, Place, TimeMixedError, check_alike, follow

#: Samples of a trial run, and two numbers of steps, primes: what differs between the runs depends on the number of steps.
SAMPLES, SOME, MORE = 3, 11, 13


def stepwise_values(layer: Any, values: Sequence[StepValue]) -> list[StepValue]:
    """Return what the outputs of a ``ComputedLayer`` are in a stream, for its inputs, some of which have steps.

    Raises
    ------
    NotImplementedError
        For a program that needs several steps at a time.
    """
    try:
        (some, mask, places), (more, *_) = (_followed(layer, values, T) for T in (SOME, MORE))
        check_alike(some, more)
        if mask not in (None, STEPS):
            raise TimeMixedError("its mask is not one for each step")
        return [_value(place, y, other, mask is not None) for place, y, other in zip(places, some, more, strict=True)]
    except Exception as error:  # a user's function may raise anything for sizes that it does not take
        reason = str(error) if isinstance(error, TimeMixedError) else "it takes a certain number of steps"
        raise NotImplementedError(f"{layer.name} ({type(layer).__name__}) cannot be streamed: {reason}.") from None


def _followed(layer: Any, values: Sequence[StepValue], T: int) -> tuple[Sequence[Tensor], Place | None, Sequence[Place]]:
    """Return the outputs of a trial run, where the steps of the mask that goes on are, None for no mask, and theirs."""
    inputs = [input_like((SAMPLES, T, *value.features) if value.has_steps else (SAMPLES, *value.features)) for value in values]
    masks = [input_like((SAMPLES, T), "b") if value.masked else None for value in values]
    weights = [input_like(variable.shape) for variable in layer.variables]
    y = layer.compute(tuple(inputs), tuple(masks), weights, False)
    if any(x.operation in DRAWS for x in ordered(y if isinstance(y, tuple) else (y,))):
        raise TimeMixedError("it draws random numbers, and a stream has none")
    mask = layer.compute_mask_of(tuple(inputs), tuple(masks))
    known: list[tuple[Tensor, Place]] = [
        (x, STEPS if value.has_steps else Last()) for x, value in zip(inputs, values, strict=True)
    ]
    known += [(x, STEPS) for x in masks if x is not None]
    known += [(x, Fixed(frozenset(k for k, n in enumerate(x.shape) if n != 1))) for x in weights]
    ys = y if isinstance(y, tuple) else (y,)
    places = follow([*ys, *([] if mask is None else [mask])], known, T)
    return ys, None if mask is None else places[-1], places[: len(ys)]


def _value(place: Place, y: Tensor, other: Tensor, masked: bool) -> StepValue:
    """Return what an output is, of which ``other`` has another number of steps."""
    grows = y.shape != other.shape
    if place == STEPS or (isinstance(place, Fixed) and grows and 1 not in place.axes):
        return StepValue(True, y.shape[2:], masked)
    if grows:
        raise TimeMixedError("its output has no step for each step of its input")
    return StepValue(False, y.shape[1:])
