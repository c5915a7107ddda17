"""LSTMs as estimators of scikit-learn: ``pip install 'numba_lstm[sklearn]'``."""

from __future__ import annotations

try:
    import sklearn  # noqa: F401  # absolute: scikit-learn itself
except ImportError as error:
    raise ImportError("numba_lstm.sklearn needs scikit-learn. Install it: pip install 'numba_lstm[sklearn]'.") from error

from .classifier import LSTMClassifier
from .regressor import LSTMRegressor

__all__ = ["LSTMClassifier", "LSTMRegressor"]
