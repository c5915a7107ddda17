"""Limit the numbers of layers and of their calls in a file, counted in the configuration before any layer is made."""

from __future__ import annotations

from typing import Any

MAX_LAYERS = 256  #: in a file, including the input's and inner ones
MAX_CALLS = 1024  #: of layers in a graph, with those in each call of a model inside it

#: Arguments of layers and models that are layers.
_INNER_LAYERS = ("layers", "layer", "forward_layer", "backward_layer", "cell", "cells")


def inner_entries(config: dict[str, Any]) -> list[str]:
    """Return the keys of a configuration whose values are entries of other layers."""
    return [key for key in _INNER_LAYERS if config.get(key) is not None]


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


def count_calls(entries: list[Any]) -> int:
    """Count the calls of layers in a list of entries; each call of a model counts those of its layers.

    An entry of a graph has a list of ``calls``, one of a ``Sequential`` is called once.
    """
    total = 0
    for entry in entries:
        config = entry.get("config") if isinstance(entry, dict) else None
        inner = [config[key] for key in inner_entries(config)] if isinstance(config, dict) else []
        calls = entry.get("calls") if isinstance(entry, dict) else None
        inner_calls = sum(count_calls(value if isinstance(value, list) else [value]) for value in inner)
        total += (len(calls) if isinstance(calls, list) else 1) * max(inner_calls, 1)
    return total


def check_layers(name: str, entries: list[Any]) -> None:
    """Raise ValueError if the model ``name`` has more layers, or more calls of them, than a file may hold."""
    count = count_layers(entries)
    if count > MAX_LAYERS:
        raise ValueError(f"{name} has {count:,} layers, inner ones counted; a file holds up to {MAX_LAYERS:,}.")
    calls = count_calls(entries)
    if calls > MAX_CALLS:
        raise ValueError(f"{name} calls layers {calls:,} times, those of models inside counted; a file holds {MAX_CALLS:,}.")
