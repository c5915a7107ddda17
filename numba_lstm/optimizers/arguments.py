"""Validation of the arguments that all optimizers share, and errors for unknown ones."""

from __future__ import annotations

import inspect
import math
from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
import numpy.typing as npt

from ..inputs import as_count, as_number, as_real
from ..naming.spelling import nearest_argument
from ..variables import Variable
from .schedules import LearningRateSchedule
from .schedules import get as get_schedule

Rate = float | LearningRateSchedule | Mapping[str, Any]  #: what ``learning_rate`` takes

#: Arguments that every optimizer passes on to the constructor of ``Optimizer``.
COMMON = (
    *("learning_rate", "weight_decay", "clipnorm", "clipvalue", "global_clipnorm", "use_ema", "ema_momentum"),
    *("ema_overwrite_frequency", "loss_scale_factor", "gradient_accumulation_steps", "name"),
)


def common_arguments(arguments: Mapping[str, Any]) -> dict[str, Any]:
    """Return those of a constructor's ``arguments``, its ``locals()``, that :data:`COMMON` names."""
    return {name: arguments[name] for name in COMMON}


def as_rate(value: Any, interval: str) -> float | LearningRateSchedule:
    """Return a learning rate: a schedule, or a number in ``interval``."""
    if isinstance(value, (LearningRateSchedule, Mapping)):
        return get_schedule(value)
    return as_number(value, "learning_rate", interval)


def as_epsilon(value: Any) -> float:
    """Return ``value`` as a number of at least 0."""
    return as_number(value, "epsilon", "[0, inf)")


def as_clipping(**limits: float | None) -> dict[str, float]:
    """Return the one limit that is not None, if any."""
    positive = {name: as_number(limit, name, "(0, inf)") for name, limit in limits.items() if limit is not None}
    if len(positive) > 1:
        raise ValueError(f"only one of clipnorm, clipvalue and global_clipnorm can be set, got {positive}.")
    return positive


def as_frequency(value: Any) -> int | None:
    """Return ``ema_overwrite_frequency``, a whole number of at least 1 or None. 0 means None, as in Keras."""
    if value is None or (value == 0 and not isinstance(value, bool)):
        return None
    return as_count(value, "ema_overwrite_frequency")


def as_accumulation(value: Any) -> int | None:
    """Return ``gradient_accumulation_steps``, a whole number of at least 2 or None. 0 means None, as in Keras."""
    if value is None or (value == 0 and not isinstance(value, bool)):
        return None
    return as_count(value, "gradient_accumulation_steps", at_least=2)


def as_loss_scale(value: Any) -> float | None:
    """Return ``loss_scale_factor``, None or a power of two: multiplying and dividing a gradient by it changes no bit."""
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
    """Raise TypeError for unknown arguments. ``decay``, which Keras 2 had, may be 0 or None, and then has no effect."""
    for name, value in unknown.items():
        if name == "decay":
            if value:
                raise TypeError(f"{cls.__name__} takes no decay, got {value!r}. {_schedule(value, rate)}")
        elif name == "lr":
            raise TypeError(f"{cls.__name__} has no argument 'lr'. Write learning_rate={value!r}.")
        else:
            known = [p.name for p in inspect.signature(cls).parameters.values() if p.kind is not p.VAR_KEYWORD]
            raise TypeError(f"{cls.__name__} has no argument {name!r}{nearest_argument(name, known)}")


def _schedule(decay: Any, rate: Any) -> str:
    """Return what to write for the rate that Keras 2 computed with ``decay``."""
    if isinstance(rate, (LearningRateSchedule, Mapping)):
        return "Let the schedule of the learning rate decay it."
    schedule = f"InverseTimeDecay({rate!r}, decay_steps=1, decay_rate={decay!r})"
    return f"Write learning_rate=numba_lstm.optimizers.schedules.{schedule}."


def checked_gradients(gradients: Sequence[Any], variables: Sequence[Variable]) -> list[npt.NDArray[Any]]:
    """Return gradients of a user as arrays in the shapes and dtypes of ``variables``.

    Raises
    ------
    TypeError, ValueError
        For another number of them, and for another shape.
    """
    if len(gradients) != len(variables):
        raise ValueError(f"apply expects a gradient for each variable, got {len(gradients)} for {len(variables)} variables.")
    arrays = []
    for gradient, variable in zip(gradients, variables, strict=True):
        if not isinstance(variable, Variable):
            raise TypeError(f"apply expects variables, as model.trainable_weights has them, got {type(variable).__name__}.")
        array = as_real(gradient, f"the gradient of {variable.path}")
        if array.shape != variable.shape:
            raise ValueError(f"the gradient of {variable.path} must have the shape {variable.shape}, got {array.shape}.")
        arrays.append(np.ascontiguousarray(array, variable.value.dtype))
    return arrays
