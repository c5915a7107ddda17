"""Reasons against plans of a layer: methods of users, states between batches, activity regularizers."""

from __future__ import annotations

from functools import cache

from ...objects.subclassing import is_of_package
from .weights_owner import WeightsOwner

_METHODS = ("propagate", "backpropagate", "forward", "backward", "forward_sequence", "backward_sequence", "key", "gather")


def why_not_planned(owner: WeightsOwner) -> str | None:
    """Return the reason why a built layer, without its sublayers, has no plan, as a clause; None if it has one."""
    cls, method = overridden_method(type(owner))  # type: ignore[arg-type]  # mypy: hash of instances
    if cls:
        return f"{cls} overrides {method}"
    if getattr(owner, "stateful", False):
        return f"{owner.name} is stateful"
    if getattr(owner, "activity_regularizer", None) is not None and getattr(owner, "regularizes_output", True):
        return f"{owner.name} has an activity_regularizer"
    return None


@cache
def overridden_method(layer: type) -> tuple[str, str]:
    """Return a class outside of this package that overrides what plans record, and the method; empty names for none."""
    for cls in layer.__mro__:
        if not is_of_package(cls.__module__) and cls is not object:
            for method in _METHODS:
                if method in vars(cls):
                    return cls.__name__, method
    return "", ""
