"""LSTMs that learn one sample at a time, as estimators of river: ``pip install 'numba_lstm[river]'``."""

from __future__ import annotations

try:
    import river  # noqa: F401  # absolute: river itself
except ImportError as error:
    raise ImportError("numba_lstm.river needs river. Install it: pip install 'numba_lstm[river]'.") from error

from .classifier import LSTMClassifier
from .regressor import LSTMRegressor

__all__ = ["LSTMClassifier", "LSTMRegressor"]
