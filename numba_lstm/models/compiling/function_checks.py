"""Checks of users' functions as losses and metrics, before anything is compiled."""

from __future__ import annotations

from typing import Any, TypeVar

from ...losses import Loss
from ...metrics.custom import FunctionMetric

T = TypeVar("T")


def check_function(value: T, model: Any) -> T:
    """Return a loss or a metric; raise TypeError if it is a function that cannot be traced for outputs of ``model``.

    A model that is not built, or has several outputs, counts as one of an output (N, 1).
    """
    if isinstance(value, (Loss, FunctionMetric)):
        shape: Any = getattr(model, "output_shape", None) if getattr(model, "built", False) else None
        value.check_traceable(shape if isinstance(shape, tuple) and None in shape[:1] else (None, 1))
    return value
