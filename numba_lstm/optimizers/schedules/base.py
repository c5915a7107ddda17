"""LearningRateSchedule: the base class of all schedules."""

from __future__ import annotations

from typing import Any, Self

from ...inputs import as_number
from ...objects.subclassing import Named


class LearningRateSchedule(Named):
    """Base class of all schedules. A subclass overrides :meth:`__call__` and :meth:`get_config`."""

    checked_methods = ("__call__",)

    def __call__(self, step: int) -> float:
        """Return the rate of the step after ``step`` steps."""
        raise NotImplementedError(f"{type(self).__name__} must override __call__(step).")

    def get_config(self) -> dict[str, Any]:
        """Return the arguments that make an equal schedule, as JSON values."""
        raise NotImplementedError(f"{type(self).__name__} must override get_config().")

    @classmethod
    def from_config(cls, config: dict[str, Any]) -> Self:
        """Make a schedule of the arguments that :meth:`get_config` returned."""
        return cls(**config)


class Decay(LearningRateSchedule):
    """A schedule whose config is its attributes."""

    def get_config(self) -> dict[str, Any]:
        """Return the arguments that make an equal schedule, as JSON values."""
        return dict(vars(self))


def as_rate(value: Any, name: str) -> float:
    """Return ``value`` as a learning rate, a number of at least 0."""
    return as_number(value, name, "[0, inf)")
