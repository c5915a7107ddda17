"""LSTMs as estimators of aeon: ``pip install 'numba_lstm[aeon]'``."""

from __future__ import annotations

try:
    import aeon  # noqa: F401  # absolute: aeon itself
except ImportError as error:
    raise ImportError(
        "numba_lstm.aeon needs aeon. Install it: pip install 'numba_lstm[aeon]'; beside a newer numba than aeon allows, "
        "pip install --no-deps aeon, then pip install deprecated pandas scikit-learn typing-extensions."
    ) from error

from .collections import LSTMClassifier, LSTMRegressor
from .forecaster import LSTMForecaster

__all__ = ["LSTMClassifier", "LSTMForecaster", "LSTMRegressor"]
