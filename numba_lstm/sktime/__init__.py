"""LSTMs as estimators of sktime: ``pip install 'numba_lstm[sktime]'``."""

from __future__ import annotations

try:
    import sktime  # noqa: F401  # absolute: sktime itself
except ImportError as error:
    raise ImportError("numba_lstm.sktime needs sktime. Install it: pip install 'numba_lstm[sktime]'.") from error

from .forecaster import LSTMForecaster
from .panels import LSTMClassifier, LSTMRegressor

__all__ = ["LSTMClassifier", "LSTMForecaster", "LSTMRegressor"]
