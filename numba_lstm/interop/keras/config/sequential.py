"""Convert a ``Sequential`` of Keras that is a layer of another model."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from ....files.errors import FileFormatError
from ....files.message_lists import join_names
from ....layers import InputLayer
from ....models.configuration.built_layers import BUILD_CONFIG

KEYS = {"name", "trainable", "dtype", "layers", "build_input_shape"}


def arguments(config: Mapping[str, Any], convert: Callable[[Any], Any]) -> dict[str, Any]:
    """Convert the ``config`` of a ``Sequential``; ``convert`` does that of a layer, and of a dtype.

    Raises
    ------
    FileFormatError
        For other keys, and for layers that are no list of objects.
    """
    if others := config.keys() - KEYS:
        raise FileFormatError(f"its model has {join_names(others)}, which Keras's Sequential has not.")
    entries = config.get("layers")
    if not isinstance(entries, list) or not entries or not all(isinstance(entry, dict) for entry in entries):
        raise FileFormatError(f"the layers of its {config.get('name')!r:.100} must be a list of objects.")
    layers = [convert(entry) for entry in entries]
    configs = [layer["config"] for layer in layers if layer.get("class_name") != InputLayer.__name__]
    if len(configs) == len(layers) and not config.get("build_input_shape"):
        for layer, entry in zip(layers, entries, strict=True):
            layer |= {BUILD_CONFIG: entry[BUILD_CONFIG]} if entry.get(BUILD_CONFIG) else {}
    # Keras computes in the layers' dtypes; that of the model has no effect.
    dtype = next((config["dtype"] for config in configs if config.get("dtype")), None) or convert(config.get("dtype"))
    return {
        "name": config.get("name"),
        "trainable": config.get("trainable", True),
        "dtype": dtype or "float32",
        "layers": layers,
    }
