"""Limit the number of layers in a file, counted in the configuration before any layer is made."""

from __future__ import annotations

from typing import Any

MAX_LAYERS = 256  #: in a file, including the input's and inner ones

#: Arguments of layers that are layers.
_INNER_LAYERS = ("layer", "forward_layer", "backward_layer", "cell", "cells")


def inner_entries(config: dict[str, Any]) -> list[str]:
    """Return the keys of a configuration whose values are entries of other layers."""
    return [key for key in ("layers", *_INNER_LAYERS) if config.get(key) is not None]


def count_layers(entries: list[Any]) -> int:
    """Count the layers in a list of entries ``{"class_name": ..., "config": ...}`` and in their arguments, at any depth."""
    count, pending = 0, [entries]
    while pending:
        for entry in pending.pop():
            count += 1
            config = entry.get("config") if isinstance(entry, dict) else None
            if isinstance(config, dict):
                inner = [config[key] for key in inner_entries(config)]
                pending += [value if isinstance(value, list) else [value] for value in inner]
    return count


def check_layers(name: str, entries: list[Any]) -> None:
    """Raise ValueError if the model ``name`` has more layers than a file may hold."""
    count = count_layers(entries)
    if count > MAX_LAYERS:
        raise ValueError(f"{name} has {count:,} layers, inner ones counted; a file holds up to {MAX_LAYERS:,}.")
