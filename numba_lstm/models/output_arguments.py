"""Arguments of ``compile`` that may be lists, or dicts by output names, as in Keras; here models have one output."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from ..inputs import as_number


def for_output(argument: str, value: Any, output: str | None) -> Any:
    """Return ``value`` for the output of name ``output``: itself, the only entry of a list, or the entry of a dict.

    Raises
    ------
    ValueError
        For a list of another length than 1, and for a dict with other keys.
    """
    if isinstance(value, (list, tuple)):
        if len(value) != 1:
            raise ValueError(f"{argument} must have one entry, for there is one output, got {len(value)}: {value!r}.")
        return for_output(argument, value[0], output)
    if _by_name(value):
        return for_output(argument, _entry(argument, value, output), output)
    return value


def all_for_output(argument: str, value: Any, output: str | None) -> list[Any]:
    """Return all entries of ``value`` for the output: of nested lists, and of dicts by its name.

    Raises
    ------
    TypeError
        For anything but a list, a tuple, a dict or None.
    ValueError
        For a dict with other keys.
    """
    if value is None:
        return []
    if not isinstance(value, (list, tuple)) and not _by_name(value):
        raise TypeError(f"{argument} must be a list, got {value!r}. Write {argument}=[{value!r}].")
    return _flat(argument, value, output)


def as_weight(value: Any, output: str | None) -> float:
    """Return ``loss_weights`` as the factor of the loss."""
    weight = for_output("loss_weights", value, output)
    return 1.0 if weight is None else as_number(weight, "loss_weights")


def _flat(argument: str, value: Any, output: str | None) -> list[Any]:
    if isinstance(value, (list, tuple)):
        return [item for entry in value for item in _flat(argument, entry, output)]
    if _by_name(value):
        return _flat(argument, _entry(argument, value, output), output)
    return [value]


def _by_name(value: Any) -> bool:
    """Return whether ``value`` is a dict of outputs, and not the config of an object."""
    return isinstance(value, Mapping) and not isinstance(value.get("class_name"), str)


def _entry(argument: str, value: Mapping[str, Any], output: str | None) -> Any:
    if output is None:
        raise ValueError(
            f"{argument} is a dict by outputs, {dict(value)!r}, but there is no layer to name one. Add layers first."
        )
    if set(value) != {output}:
        names = ", ".join(map(repr, value)) or "none"
        raise ValueError(
            f"{argument} must have the one key {output!r}, the name of the last layer, got {names}. "
            f"Write {argument}={{{output!r}: ...}}, or leave the dict out."
        )
    return value[output]
