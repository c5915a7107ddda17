"""The check that a stream may compute a layer step by step."""

from __future__ import annotations

from functools import cache

from .layer import Layer

_FORWARD = ("propagate", "forward", "forward_sequence")


def check_streamable(layer: Layer) -> None:
    """Call :meth:`Layer.check_causal`, which has to know what the layer computes.

    Raises
    ------
    NotImplementedError
        Also for a layer whose class overrides what its base computes but not the check, which would be that of the base.
    """
    cls, method, base = _overridden(type(layer))
    if cls:
        raise NotImplementedError(
            f"{layer.name} cannot be streamed: {cls} overrides {method}, and may need later steps where {base} does not. "
            "Override check_causal too."
        )
    layer.check_causal()


@cache
def _overridden(layer: type) -> tuple[str, str, str]:
    """Find a class that overrides what is computed below the class that defines ``check_causal``.

    Returns the names of that class, of the method, and of the class with the check; empty names if there is none.
    """
    order = layer.__mro__
    base = next(cls for cls in order if "check_causal" in vars(cls))
    for cls in order[: order.index(base)]:
        for method in _FORWARD:
            if base is not Layer and method in vars(cls):
                return cls.__name__, method, base.__name__
    return "", "", ""
