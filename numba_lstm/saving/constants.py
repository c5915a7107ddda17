"""Arrays of ``Constant`` initializers, which a model's config has as lists and a file as tensors.

A table of pretrained embeddings has millions of values, more than the JSON of a file may have.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

from ..files.errors import FileFormatError
from .container import Tensors

PREFIX = "constants/"


def to_tensors(config: Any, tensors: Tensors) -> Any:
    """A copy of ``config`` with ``{"tensor": name}`` in place of each array of a ``Constant``, which goes to ``tensors``."""

    def name(value: Any) -> Any:
        array = _as_array(value)
        if array is None:
            return value
        key = f"{PREFIX}{len(tensors)}"
        tensors[key] = array
        return {"tensor": key}

    return _replaced(config, name)


def from_tensors(config: Any, tensors: Tensors) -> Any:
    """The inverse of :func:`to_tensors`; takes each tensor that it finds a place for out of ``tensors``.

    Raises
    ------
    FileFormatError
        For a name that ``tensors`` does not have, or not any more, and for a tensor of another dtype than float64.
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

    return _replaced(config, array)


def _replaced(config: Any, change: Callable[[Any], Any]) -> Any:
    """A copy of ``config`` with the value of each ``Constant`` changed."""
    if isinstance(config, list):
        return [_replaced(item, change) for item in config]
    if not isinstance(config, dict):
        return config
    own = config.get("config")
    if config.get("class_name") == "Constant" and isinstance(own, dict) and "value" in own:
        return {**config, "config": {**own, "value": change(own["value"])}}
    return {key: _replaced(item, change) for key, item in config.items()}


def _as_array(value: Any) -> Any:
    """``value`` as an array, if it is nested lists of floats that make one; else None."""
    if not isinstance(value, list):
        return None
    try:
        array = np.array(value)
    except ValueError:
        return None
    return array if array.dtype == np.float64 and array.size else None
