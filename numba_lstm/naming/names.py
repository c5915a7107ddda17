"""Names of functions, and default names of layers and models: snake case and a counter, as Keras counts them."""

from __future__ import annotations

import re
from collections import Counter
from functools import partial
from typing import Any

_counts: Counter[str] = Counter()


def snake_case(name: str) -> str:
    """Convert a class name: ``LayerNormalization -> layer_normalization``, ``SpatialDropout1D -> spatial_dropout1d``."""
    return re.sub(r"(?<=[a-z])(?=[A-Z])|(?<=.)(?=[A-Z][a-z])", "_", name).lower()


def unique(class_name: str) -> str:
    """Return a name that this process has not used yet: ``lstm``, ``lstm_1``, ..."""
    base = snake_case(class_name)
    count = _counts[base]
    _counts[base] += 1
    return base if count == 0 else f"{base}_{count}"


def reset() -> None:
    """Reset all counters, as ``numba_lstm.utils.clear_session`` does."""
    _counts.clear()


def name_of(function: Any) -> str:
    """Return the name of a function, or of the class of an object with ``__call__``."""
    if isinstance(function, partial):
        return name_of(function.func)
    return str(getattr(function, "__name__", type(function).__name__))
