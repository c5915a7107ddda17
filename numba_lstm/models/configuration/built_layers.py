"""Configs of layers that were built before the ``Sequential`` that holds them, with the shapes of their inputs."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from ...layers import Layer, deserialize, serialize
from ...layers.base.arguments import as_shape

BUILD_CONFIG = "build_config"  #: the key of the shape, as in Keras


def serialize_built(layer: Layer) -> dict[str, Any]:
    """Return a layer as a dict for :func:`deserialize_built`; that of a layer with weights has the shape of its input."""
    entry = serialize(layer)
    if layer.built and layer.variables:
        entry[BUILD_CONFIG] = {"input_shape": list(layer.built_shape or ())}
    return entry


def deserialize_built(entry: Any, custom_objects: Mapping[str, Any] | None = None) -> Layer:
    """Make a layer of a dict of ``serialize`` or :func:`serialize_built`, and build it if the dict has a shape."""
    layer = deserialize(entry, custom_objects)
    if isinstance(entry, Mapping):
        build_from(layer, entry.get(BUILD_CONFIG))
    return layer


def build_from(layer: Layer, build_config: Any) -> None:
    """Build a layer for the ``input_shape`` of a dict, if it is one."""
    shape = build_config.get("input_shape") if isinstance(build_config, Mapping) else None
    if shape is not None and not layer.built:
        layer.build_for((None, *as_shape(shape)[1:]))
