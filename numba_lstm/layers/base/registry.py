"""Registry of layer classes by name, which turns configs into layers: ``serialize`` and ``deserialize``."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from ...objects import serialization
from .layer import Layer

CLASSES: dict[str, type[Layer]] = {}  #: filled by the package, once all classes are defined


def serialize(layer: Layer) -> dict[str, Any]:
    """Return a layer as a dict of its class name and config, for :func:`deserialize`."""
    return serialization.serialize(layer)


def deserialize(config: Any, custom_objects: Mapping[str, Any] | None = None) -> Layer:
    """Make a layer from a dict of :func:`serialize`, without weights.

    Parameters
    ----------
    config : dict
        As :func:`serialize` returns it.
    custom_objects : mapping, optional
        Name -> class, for layers that are not of this package and for what they are made of; name -> function, for activations.

    Raises
    ------
    ValueError
        For a class that is neither in the package nor in ``custom_objects``.
    """
    with serialization.custom_object_scope(custom_objects or {}):
        return serialization.get(config, CLASSES, "layer", Layer)
