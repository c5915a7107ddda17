"""Arguments of ``compile`` that may be lists, or dicts by output names, as in Keras."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from ...inputs import as_number


def per_output(argument: str, value: Any, names: Sequence[str | None], *, shared: bool = False) -> list[Any]:
    """Return ``value`` for each output: for one output itself, else the entries of a list or a dict by the names.

    With ``shared`` a value that is neither serves all outputs.

    Raises
    ------
    ValueError
        For a list of another length, and for a dict with other keys or, with ``shared``, without one.
    TypeError
        For a value that is no list or dict, unless ``shared``.
    """
    if len(names) == 1 or value is None:
        return [value] * len(names)
    known = ", ".join(map(repr, names))
    if _by_name(value):
        wrong = [key for key in value if key not in names] or ([name for name in names if name not in value] if shared else [])
        if wrong:
            raise ValueError(
                f"{argument} is a dict by outputs, which are {known}; {wrong[0]!r} does not fit. Name each of them."
            )
        return [value.get(name) for name in names]
    if isinstance(value, (list, tuple)):
        if len(value) != len(names):
            raise ValueError(f"{argument} must have an entry for each of the outputs {known}, got {len(value)}: {value!r}.")
        return list(value)
    if not shared:
        raise TypeError(f"{argument} must be a list or a dict for the outputs {known}, got {value!r}.")
    return [value] * len(names)


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


def as_entries(value: Any) -> Any:
    """Return the metrics of one of several outputs as a list, in which a single one may be left out."""
    return value if value is None or isinstance(value, (list, tuple)) else [value]


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
