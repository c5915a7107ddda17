"""How many layers a configuration has, with those inside of others: settled before any is made."""

from __future__ import annotations

from typing import Any

MAX_LAYERS = 256  #: that a file may hold, the input's and inner ones counted

#: Arguments of layers that are layers.
_HOLDERS = ("layer", "forward_layer", "backward_layer", "cell", "cells")


def inner_entries(config: dict[str, Any]) -> list[str]:
    """The keys of a layer's or a model's configuration whose values are other layers' entries."""
    return [key for key in ("layers", *_HOLDERS) if config.get(key) is not None]


def count_layers(entries: list[Any]) -> int:
    """The layers in a list of entries ``{"class_name": ..., "config": ...}`` and in their arguments, at any depth."""
    count, left = 0, [entries]
    while left:
        for entry in left.pop():
            count += 1
            config = entry.get("config") if isinstance(entry, dict) else None
            if isinstance(config, dict):
                inner = [config[key] for key in _HOLDERS if config.get(key) is not None]
                left += [value if isinstance(value, list) else [value] for value in inner]
    return count


def check_layers(name: str, entries: list[Any]) -> None:
    """ValueError if the model ``name`` has more layers than a file may hold."""
    count = count_layers(entries)
    if count > MAX_LAYERS:
        raise ValueError(f"{name} has {count:,} layers, inner ones counted; a file holds up to {MAX_LAYERS:,}.")
