"""
A forecast with its uncertainty
===============================

Forecast two weeks of the daily highest temperature in Seattle, with the quantiles of each day. They widen with the distance
from the last observation. The data are part of the package.
"""

from importlib.resources import files

import pandas as pd

from numba_lstm.forecasting import LSTMForecaster
from numba_lstm.plotting import ForecastDisplay

weather = pd.read_csv(files("numba_lstm.data") / "seattle-weather.csv", index_col="date", parse_dates=True)
highest = weather["temp_max"]

# %%
# The network learns five quantiles. The first and the last enclose 90% of the true values, if the future is like the past.
forecaster = LSTMForecaster(
    horizon=14, context_length=30, units=16, quantiles=(0.05, 0.25, 0.5, 0.75, 0.95), epochs=4, random_state=0
)
forecaster.fit(highest)
print(forecaster.predict_quantiles().round(1).head())

# %%
# The display draws one band for each pair of quantiles.
ForecastDisplay.from_estimator(forecaster, coverage=(0.5, 0.9), rows=60)

# %%
# The errors of the past say whether to trust the bands: this is the share of true values within those of 90%.
backtest = forecaster.fit(highest[:-200]).backtest(highest, stride=14, coverage=0.9)
print(f"{((backtest['lower'] <= backtest['y']) & (backtest['y'] <= backtest['upper'])).mean():.0%}")
