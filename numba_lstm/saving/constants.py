"""Convert the values of ``Constant`` initializers: lists in a model's configuration, tensors in a file.

A table of pretrained embeddings has millions of values, more than the JSON of a file may contain.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

from ..files.errors import FileFormatError
from .container import Tensors

PREFIX = "constants/"


def to_tensors(config: Any, tensors: Tensors) -> Any:
    """Copy ``config``, move each array of a ``Constant`` to ``tensors`` and put ``{"tensor": name}`` in its place."""

    def name(value: Any) -> Any:
        array = _as_array(value)
        if array is None:
            return value
        key = f"{PREFIX}{len(tensors)}"
        tensors[key] = array
        return {"tensor": key}

    return _replace_constants(config, name)


def from_tensors(config: Any, tensors: Tensors) -> Any:
    """Invert :func:`to_tensors`; remove each tensor that ``config`` names from ``tensors``.

    Raises
    ------
    FileFormatError
        For a name that ``tensors`` does not have, also because of an earlier use, and for another dtype than float64.
    """

    def array(value: Any) -> Any:
        if isinstance(value, list):
            raise FileFormatError("its Constant has a list of values, where the name of a tensor was expected.")
        if not isinstance(value, dict) or value.keys() != {"tensor"}:
            return value
        key = value["tensor"]
        if not isinstance(key, str) or key not in tensors or tensors[key].dtype != np.float64:
            raise FileFormatError(f"its Constant needs the float64 tensor {key!r:.100} for itself alone, and there is none.")
        return tensors.pop(key)

    return _replace_constants(config, array)


def _replace_constants(config: Any, change: Callable[[Any], Any]) -> Any:
    """Copy ``config`` with the value of each ``Constant`` changed."""
    if isinstance(config, list):
        return [_replace_constants(item, change) for item in config]
    if not isinstance(config, dict):
        return config
    inner = config.get("config")
    if config.get("class_name") == "Constant" and isinstance(inner, dict) and "value" in inner:
        return {**config, "config": {**inner, "value": change(inner["value"])}}
    return {key: _replace_constants(item, change) for key, item in config.items()}


def _as_array(value: Any) -> Any:
    """Convert nested lists of floats to an array; return None for any other value."""
    if not isinstance(value, list):
        return None
    try:
        array = np.array(value)
    except ValueError:
        return None
    return array if array.dtype == np.float64 and array.size else None
