"""Registry of layer classes by name, which turns configs into layers: ``serialize`` and ``deserialize``."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from ...objects import serialization
from .layer import Layer

CLASSES: dict[str, type[Layer]] = {}  #: filled by the package, once all classes are defined


def serialize(layer: Layer) -> dict[str, Any]:
    """A layer as a dict of its class name and config; :func:`deserialize` turns it back."""
    return serialization.serialize(layer)


def deserialize(config: Any, custom_objects: Mapping[str, Any] | None = None) -> Layer:
    """The layer that :func:`serialize` answered a dict for, without weights.

    Parameters
    ----------
    config : dict
        What :func:`serialize` answered.
    custom_objects : mapping, optional
        Name -> class, for layers that are not of this package and for what they are made of; name -> function, for activations.

    Raises
    ------
    ValueError
        For a class that is neither here nor there.
    """
    with serialization.custom_object_scope(custom_objects or {}):
        return serialization.get(config, CLASSES, "layer", Layer)
