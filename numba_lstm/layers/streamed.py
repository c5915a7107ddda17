"""What a stream does for a layer, if that is what the layer computes."""

from __future__ import annotations

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
    order = type(layer).__mro__
    base = next(cls for cls in order if "stream_parts" in vars(cls))
    for cls in order[: order.index(base)]:
        for method in _COMPUTING:
            if base is not Layer and method in vars(cls):
                raise NotImplementedError(
                    f"{layer.name} cannot be streamed: {cls.__name__} overrides {method}, while a stream would compute what "
                    f"{base.__name__} does. Override stream_parts too."
                )
    return layer.stream_parts()
