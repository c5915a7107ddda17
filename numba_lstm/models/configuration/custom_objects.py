"""Check ``custom_objects``: classes and functions of the user that a file names."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from ... import activations
from ...activations import tracing
from ...constraints import Constraint
from ...initializers import Initializer
from ...layers import Layer
from ...losses import Loss
from ...metrics import Metric
from ...objects.registered import registered_by_class_name
from ...optimizers import Optimizer
from ...optimizers.schedules import LearningRateSchedule
from ...regularizers import Regularizer

CustomObjects = Mapping[str, Any]  #: name -> class, or what can be an activation

BASES = (Layer, Loss, Metric, Optimizer, LearningRateSchedule, Initializer, Regularizer, Constraint)


def check(objects: Any) -> CustomObjects:
    """Return ``custom_objects``, {} for None.

    Raises
    ------
    TypeError
        For anything but names with classes and functions that a model may have.
    ValueError
        For a function under the name of one of this package's activations.
    """
    if objects is None:
        return {}
    if not isinstance(objects, Mapping) or not all(isinstance(name, str) for name in objects):
        raise TypeError(f"custom_objects must be a dict of names, got {objects!r:.100}. Write {{'name': class_or_function}}.")
    for name, value in objects.items():
        if tracing.is_traceable(value) and not isinstance(value, BASES):
            if name in activations.NAMES:
                raise ValueError(
                    f"custom_objects has a function {name!r}, which is an activation here. Give yours another name."
                )
        elif not isinstance(value, type) or not issubclass(value, BASES):
            raise TypeError(
                f"custom_objects takes classes of {', '.join(base.__name__ for base in BASES)}, and functions that are "
                f"activations; {name!r} is {value!r:.100}."
            )
    return objects


def with_registered(objects: Any) -> CustomObjects:
    """Return :func:`check` of ``custom_objects``, and the registered classes and functions that a model may have."""
    checked = check(objects)
    registered = {
        name: thing
        for name, thing in registered_by_class_name().items()
        if (issubclass(thing, BASES) if isinstance(thing, type) else tracing.is_traceable(thing))
        and name not in activations.NAMES
    }
    return {**registered, **checked}
