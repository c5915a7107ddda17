"""Frozen layers that hold others: Keras keeps a flag on each inner layer too, and reads no other when it looks for weights.

There and here, a program that sets ``trainable`` of the outer layer later means the inner ones.
"""

from __future__ import annotations

from typing import Any

from ....files.limits import inner_entries
from ....layers import TimeDistributed


def spread(entry: dict[str, Any], frozen: bool = False) -> dict[str, Any]:
    """A layer's entry, or a model's, in which all that is inside of something frozen is frozen, as Keras writes it."""
    return _changed(entry, frozen, trainable=False)


def gathered(entry: Any, frozen: bool = False) -> Any:
    """The inverse of :func:`spread`: what is inside of something frozen keeps no flag of its own."""
    return _changed(entry, frozen, trainable=True) if isinstance(entry, dict) else entry


def _changed(entry: dict[str, Any], frozen: bool, trainable: bool) -> dict[str, Any]:
    config = entry.get("config")
    if not isinstance(config, dict):
        return entry
    made = dict(config)
    if frozen and "trainable" in made:
        made["trainable"] = trainable
    if not (trainable and entry.get("class_name") == TimeDistributed.__name__):  # here that sets the inner flag itself
        frozen = frozen or config.get("trainable") is False
    for key in inner_entries(config):
        held = config[key]
        if isinstance(held, list):
            made[key] = [_changed(item, frozen, trainable) if isinstance(item, dict) else item for item in held]
        elif isinstance(held, dict):
            made[key] = _changed(held, frozen, trainable)
    return {**entry, "config": made}
