"""Series and small forecasters for tests; few options, so that few kernels are compiled."""

from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd

HORIZON, CONTEXT = 6, 12


def wave(rows: int = 160, freq: str = "h", tz: str | None = None, noise: float = 0.05, seed: int = 0) -> pd.Series:
    """A sine of period 12 with noise, around 10."""
    values = 10 + 3 * np.sin(np.arange(rows) * 2 * np.pi / 12) + noise * np.random.default_rng(seed).normal(size=rows)
    return pd.Series(values, pd.date_range("2024-01-01", periods=rows, freq=freq, tz=tz), name="load")


def small(**arguments: Any) -> Any:
    """A forecaster of 8 units, trained briefly."""
    from numba_lstm.forecasting import LSTMForecaster

    options = {"context_length": CONTEXT, "units": 8, "epochs": 3, "batch_size": 32, "calendar": None, "random_state": 0}
    return LSTMForecaster(HORIZON, **{**options, **arguments})


def long_table(wide: pd.DataFrame) -> pd.DataFrame:
    """A wide table as a long one with the columns unique_id, ds and y."""
    return wide.rename_axis("ds").reset_index().melt("ds", var_name="unique_id", value_name="y")


LONG = {"id_column": "unique_id", "time_column": "ds", "target_column": "y"}
