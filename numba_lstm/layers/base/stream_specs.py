"""Specs of what a stream computes for a layer, checked against overridden methods."""

from __future__ import annotations

from functools import cache

from ...kernels.contract import DenseLayerSpec, LSTMLayerSpec
from .layer import Layer

_FORWARD = ("propagate", "forward", "forward_sequence")


def checked_stream_specs(layer: Layer) -> list[LSTMLayerSpec | DenseLayerSpec]:
    """Return :meth:`Layer.stream_specs`, if a stream of them computes what the layer does.

    Raises
    ------
    NotImplementedError
        Also for a layer whose class overrides what its base computes but not the specs, which would be those of the base.
    """
    cls, method, base = _overridden(type(layer), "stream_specs", _FORWARD)  # type: ignore[arg-type]  # mypy: hash of instances
    if cls:
        raise NotImplementedError(
            f"{layer.name} cannot be streamed: {cls} overrides {method}, while a stream would compute what {base} does. "
            "Override stream_specs too."
        )
    return layer.stream_specs()


@cache
def _overridden(layer: type, specs_method: str, methods: tuple[str, ...]) -> tuple[str, str, str]:
    """Find a class that overrides one of ``methods`` below the class that defines ``specs_method``.

    Returns the names of that class, of the method, and of the class with the specs; empty names if there is none.
    """
    order = layer.__mro__
    base = next(cls for cls in order if specs_method in vars(cls))
    for cls in order[: order.index(base)]:
        for method in methods:
            if base is not Layer and method in vars(cls):
                return cls.__name__, method, base.__name__
    return "", "", ""
