"""Arguments of calls of a user's layers in Keras 3: constants, and inputs by name."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from .....layers.base.graph.symbolic import INPUTS

Reference = list[Any]


def user_arguments(
    inputs: list[Reference], given: dict[str, Any], references: Callable[[Any], list[Reference]]
) -> dict[str, Any]:
    """Take constants and inputs by name out of the arguments ``given``, and add those inputs to ``inputs``.

    Returns the arguments of the call. What is neither stays in ``given``.
    """
    named = {key: value for key, value in given.items() if _holds_tensor(value)}
    names = [*[None] * len(inputs), *named] if named else []
    for key, value in named.items():
        inputs += references(value)
        del given[key]
    constants = {key: _plain(value) for key, value in given.items() if _is_constant(_plain(value))}
    for key in constants:
        del given[key]
    return constants | ({INPUTS: names} if names else {})


def _holds_tensor(value: Any) -> bool:
    return isinstance(value, dict) and value.get("class_name") == "__keras_tensor__"


def _plain(value: Any) -> Any:
    """Return the entries of a tuple of Keras, and any other value as it is."""
    return value.get("items") if isinstance(value, dict) and value.get("class_name") == "__tuple__" else value


def _is_constant(value: Any) -> bool:
    if isinstance(value, list):
        return all(map(_is_constant, value))
    return value is None or isinstance(value, (bool, int, float, str))
