"""Convert the ``trainable`` flags of layers inside of frozen ones.

Keras stores a flag for each inner layer and reads no other when it collects weights; this package stores the flag of the outer
layer. In both, setting ``trainable`` of the outer layer later includes the inner ones.
"""

from __future__ import annotations

from typing import Any

from ....files.limits import inner_entries
from ....layers import TimeDistributed


def freeze_inner(entry: dict[str, Any], frozen: bool = False) -> dict[str, Any]:
    """Return the entry of a layer or a model in Keras's form: layers inside of a frozen one are frozen."""
    return _set_inner_flags(entry, frozen, trainable=False)


def unfreeze_inner(entry: Any, frozen: bool = False) -> Any:
    """Return an entry of Keras in the form of this package: layers inside of a frozen one are not frozen themselves."""
    return _set_inner_flags(entry, frozen, trainable=True) if isinstance(entry, dict) else entry


def _set_inner_flags(entry: dict[str, Any], frozen: bool, trainable: bool) -> dict[str, Any]:
    config = entry.get("config")
    if not isinstance(config, dict):
        return entry
    changed = dict(config)
    if frozen and "trainable" in changed:
        changed["trainable"] = trainable
    if not (trainable and entry.get("class_name") == TimeDistributed.__name__):  # which here sets the inner flag itself
        frozen = frozen or config.get("trainable") is False
    for key in inner_entries(config):
        inner = config[key]
        if isinstance(inner, list):
            changed[key] = [_set_inner_flags(item, frozen, trainable) if isinstance(item, dict) else item for item in inner]
        elif isinstance(inner, dict):
            changed[key] = _set_inner_flags(inner, frozen, trainable)
    return {**entry, "config": changed}
