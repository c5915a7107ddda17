"""What a learning-rate schedule is."""

from __future__ import annotations

from typing import Any, Self

from ...inputs import as_number
from ...subclassing import Named


class LearningRateSchedule(Named):
    """The base of all schedules. A subclass overrides :meth:`__call__` and :meth:`get_config`."""

    called = ("__call__",)

    def __call__(self, step: int) -> float:
        """The rate after ``step`` steps (0 at the first)."""
        raise NotImplementedError(f"{type(self).__name__} must override __call__(step).")

    def get_config(self) -> dict[str, Any]:
        """Arguments that make an equal schedule, as JSON values."""
        raise NotImplementedError(f"{type(self).__name__} must override get_config().")

    @classmethod
    def from_config(cls, config: dict[str, Any]) -> Self:
        """A schedule of :meth:`get_config`'s arguments."""
        return cls(**config)


class Decay(LearningRateSchedule):
    """A schedule whose attributes are its arguments, and so its config."""

    def get_config(self) -> dict[str, Any]:
        """Arguments that make an equal schedule, as JSON values."""
        return dict(vars(self))


def as_rate(value: Any, what: str) -> float:
    """``value`` as a learning rate: a number of at least 0."""
    return as_number(value, what, "[0, inf)")
