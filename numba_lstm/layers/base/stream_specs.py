"""What a stream does for a layer, as parts that ops know; if that is what the layer computes."""

from __future__ import annotations

from functools import cache

from ...kernels.contract import DenseLayerSpec, LSTMLayerSpec
from .layer import Layer

_FORWARD = ("propagate", "forward", "forward_sequence")


def checked_stream_specs(layer: Layer) -> list[LSTMLayerSpec | DenseLayerSpec]:
    """The answer of :meth:`Layer.stream_specs`.

    Raises
    ------
    NotImplementedError
        Also for a layer whose class overrides what its base computes, but not these parts, which would be those of the base.
    """
    cls, method, base = _overridden(type(layer), "stream_specs", _FORWARD)  # type: ignore[arg-type]  # mypy: hash of instances
    if cls:
        raise NotImplementedError(
            f"{layer.name} cannot be streamed: {cls} overrides {method}, while a stream would compute what {base} does. "
            "Override stream_specs too."
        )
    return layer.stream_specs()


@cache
def _overridden(layer: type, saying: str, methods: tuple[str, ...]) -> tuple[str, str, str]:
    """A class that overrides one of ``methods`` below the class that has ``saying``: its name, the method, that class's name.

    Empty names, where what is said holds for ``layer`` too.
    """
    order = layer.__mro__
    base = next(cls for cls in order if saying in vars(cls))
    for cls in order[: order.index(base)]:
        for method in methods:
            if base is not Layer and method in vars(cls):
                return cls.__name__, method, base.__name__
    return "", "", ""
