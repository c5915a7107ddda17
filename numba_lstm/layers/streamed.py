"""What a stream does for a layer, if that is what the layer computes."""

from __future__ import annotations

from functools import cache

from ..kernels.contract import DensePart, LSTMPart
from .base import Layer

_COMPUTING = ("propagate", "forward", "run")


def streamed(layer: Layer) -> list[LSTMPart | DensePart]:
    """The answer of :meth:`Layer.stream_parts`.

    Raises
    ------
    NotImplementedError
        Also for a layer whose class overrides what its base computes, but not these parts, which would be those of the base.
    """
    overriding = _overriding(type(layer))  # type: ignore[arg-type]  # mypy takes a class's hash for that of its instances
    if overriding:
        raise NotImplementedError(f"{layer.name} cannot be streamed: {overriding}")
    return layer.stream_parts()


@cache
def _overriding(layer: type) -> str:
    """What a class overrides of what its base computes; nothing, if it may be streamed as its base is."""
    order = layer.__mro__
    base = next(cls for cls in order if "stream_parts" in vars(cls))
    for cls in order[: order.index(base)]:
        for method in _COMPUTING:
            if base is not Layer and method in vars(cls):
                return (
                    f"{cls.__name__} overrides {method}, while a stream would compute what {base.__name__} does. Override "
                    "stream_parts too."
                )
    return ""
