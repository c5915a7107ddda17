"""Default names of layers and models: snake case and a counter, as Keras counts them."""

from __future__ import annotations

import re
from collections import Counter

_counts: Counter[str] = Counter()


def snake_case(name: str) -> str:
    """``LayerNormalization -> layer_normalization``, ``LSTMCell -> lstm_cell``, ``SpatialDropout1D -> spatial_dropout1d``."""
    return re.sub(r"(?<=[a-z])(?=[A-Z])|(?<=.)(?=[A-Z][a-z])", "_", name).lower()


def unique(class_name: str) -> str:
    """A name not given yet in this process: ``lstm``, ``lstm_1``, ..."""
    base = snake_case(class_name)
    count = _counts[base]
    _counts[base] += 1
    return base if count == 0 else f"{base}_{count}"


def reset() -> None:
    """Start all counters again (``numba_lstm.utils.clear_session``)."""
    _counts.clear()
