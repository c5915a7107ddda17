"""Pictures, with the rules of scikit-learn's displays: ``pip install 'numba_lstm[plot]'``."""

from __future__ import annotations

from .forecast import ForecastDisplay

__all__ = ["ForecastDisplay"]
