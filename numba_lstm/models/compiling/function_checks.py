"""Checks of users' functions and strategies, before anything is compiled."""

from __future__ import annotations

from typing import Any, TypeVar

from ...losses import Loss
from ...metrics.custom import FunctionMetric
from ...objects.subclassing import is_of_package
from ...training.strategy import Strategy

T = TypeVar("T")


def check_strategy(strategy: Any, model_class: type) -> None:
    """Raise TypeError for anything but a strategy, and ValueError for a class whose own steps would not use it."""
    if strategy is None:
        return
    if not isinstance(strategy, Strategy):
        raise TypeError(f"strategy must be a numba_lstm.distributed.DataParallel, got {strategy!r}.")
    for name in ("train_step", "test_step"):
        if not is_of_package(getattr(model_class, name).__module__):
            raise ValueError(
                f"{model_class.__name__} overrides {name}, which computes whole batches. Leave the strategy or the method out."
            )


def check_function(value: T, model: Any) -> T:
    """Return a loss or a metric; raise TypeError if it is a function that cannot be traced for outputs of ``model``.

    A model that is not built, or has several outputs, counts as one of an output (N, 1).
    """
    if isinstance(value, (Loss, FunctionMetric)):
        shape: Any = getattr(model, "output_shape", None) if getattr(model, "built", False) else None
        value.check_traceable(shape if isinstance(shape, tuple) and None in shape[:1] else (None, 1))
    return value
