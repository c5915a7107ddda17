"""Arguments of all optimizers, checked before an optimizer exists, and what is not taken with what to write instead."""

from __future__ import annotations

import inspect
import math
from collections.abc import Mapping
from typing import Any

from ..inputs import as_count, as_number
from ..spelling import renamed
from .schedules import LearningRateSchedule
from .schedules import get as get_schedule

Rate = float | LearningRateSchedule | Mapping[str, Any]  #: what ``learning_rate`` takes


def as_rate(value: Any, interval: str) -> float | LearningRateSchedule:
    """A schedule, or a number in ``interval``."""
    if isinstance(value, (LearningRateSchedule, Mapping)):
        return get_schedule(value)
    return as_number(value, "learning_rate", interval)


def as_epsilon(value: Any) -> float:
    """A number of at least 0."""
    return as_number(value, "epsilon", "[0, inf)")


def as_clipping(**limits: float | None) -> dict[str, float]:
    """The one limit that is given, if any."""
    given = {name: as_number(limit, name, "(0, inf)") for name, limit in limits.items() if limit is not None}
    if len(given) > 1:
        raise ValueError(f"only one of clipnorm, clipvalue and global_clipnorm can be set, got {given}.")
    return given


def as_frequency(value: Any) -> int | None:
    """``ema_overwrite_frequency``: a whole number of at least 1, or None; 0 is None too, as in Keras."""
    if value is None or (value == 0 and not isinstance(value, bool)):
        return None
    return as_count(value, "ema_overwrite_frequency")


def as_accumulation(value: Any) -> int | None:
    """``gradient_accumulation_steps``: a whole number of at least 2, or None; 0 is None too, as in Keras."""
    if value is None or (value == 0 and not isinstance(value, bool)):
        return None
    return as_count(value, "gradient_accumulation_steps", at_least=2)


def as_loss_scale(value: Any) -> float | None:
    """``loss_scale_factor``: None, or a power of two, by which a gradient is multiplied and divided again without loss."""
    if value is None:
        return None
    factor = as_number(value, "loss_scale_factor", "(0, inf)")
    if math.frexp(factor)[0] != 0.5:
        raise ValueError(
            f"loss_scale_factor must be a power of two, which changes no gradient, got {value!r}. Leave it out: "
            "it keeps gradients in float16 from becoming 0, and they are float32 or float64 here."
        )
    return factor


def refuse(cls: type, unknown: Mapping[str, Any], rate: Any) -> None:
    """Raise TypeError for arguments that no parameter took; ``decay`` of 0 or None, which Keras 2 had, does nothing."""
    for name, value in unknown.items():
        if name == "decay":
            if value:
                raise TypeError(f"{cls.__name__} takes no decay, got {value!r}. {_schedule(value, rate)}")
        elif name == "lr":
            raise TypeError(f"{cls.__name__} has no argument 'lr'. Write learning_rate={value!r}.")
        else:
            known = [p.name for p in inspect.signature(cls).parameters.values() if p.kind is not p.VAR_KEYWORD]
            raise TypeError(f"{cls.__name__} has no argument {name!r}{renamed(name, known)}")


def _schedule(decay: Any, rate: Any) -> str:
    """What Keras 2 computed with ``decay``, in words that work."""
    if isinstance(rate, (LearningRateSchedule, Mapping)):
        return "Let the schedule of the learning rate decay it."
    schedule = f"InverseTimeDecay({rate!r}, decay_steps=1, decay_rate={decay!r})"
    return f"Write learning_rate=numba_lstm.optimizers.schedules.{schedule}."
