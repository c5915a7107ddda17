"""Learning-rate schedules, as ``keras.optimizers.schedules``: functions from the number of steps to a rate."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from ...naming.absent import absent
from ...objects import serialization
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
    """Return the schedule of a dict that :func:`serialize` returned, or a schedule as it is."""
    return serialization.get(identifier, SCHEDULES, "learning-rate schedule", LearningRateSchedule)


def serialize(learning_rate_schedule: LearningRateSchedule) -> dict[str, Any]:
    """Return a dict of a schedule's class name and config."""
    return serialization.serialize(learning_rate_schedule)


def deserialize(config: dict[str, Any]) -> LearningRateSchedule:
    """Return the schedule of a dict that :func:`serialize` returned."""
    return get(config)


if not TYPE_CHECKING:
    __getattr__ = absent(__name__)
