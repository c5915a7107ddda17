"""Learning-rate schedules: functions from the number of steps taken to a rate, as ``keras.optimizers.schedules``."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from ... import serialization
from ...absent import absent
from .base import LearningRateSchedule
from .cosine import CosineDecay, CosineDecayRestarts
from .decay import ExponentialDecay, InverseTimeDecay, PiecewiseConstantDecay, PolynomialDecay

__all__ = [
    "CosineDecay",
    "CosineDecayRestarts",
    "ExponentialDecay",
    "InverseTimeDecay",
    "LearningRateSchedule",
    "PiecewiseConstantDecay",
    "PolynomialDecay",
    "deserialize",
    "get",
    "serialize",
]

SCHEDULES: dict[str, type[LearningRateSchedule]] = {
    cls.__name__: cls
    for cls in (ExponentialDecay, InverseTimeDecay, PiecewiseConstantDecay, PolynomialDecay, CosineDecay, CosineDecayRestarts)
}


def get(identifier: Any) -> LearningRateSchedule:
    """A schedule as an object or as the dict that :func:`serialize` answered."""
    return serialization.get(identifier, SCHEDULES, "learning-rate schedule", LearningRateSchedule)


def serialize(learning_rate_schedule: LearningRateSchedule) -> dict[str, Any]:
    """A schedule as a dict of its class name and config."""
    return serialization.serialize(learning_rate_schedule)


def deserialize(config: dict[str, Any]) -> LearningRateSchedule:
    """The schedule of :func:`serialize`'s dict."""
    return get(config)


if not TYPE_CHECKING:
    __getattr__ = absent(__name__)
