"""``python -m numba_lstm forecast MODEL [FILE]``: writes what follows the rows of the training and of a file."""

from __future__ import annotations

import argparse
from pathlib import Path
from typing import Any

import pandas as pd

from ..forecasting import LSTMForecaster
from . import options as shared
from . import report
from .errors import CommandError, shown
from .saved import load, read_for, roles_of, with_rows


def run(options: argparse.Namespace) -> None:
    """Forecast, and write the table."""
    dialect = shared.dialect(options)
    dialect.check()
    forecaster = load(options.model)
    if options.alone and options.file is None:
        raise CommandError("--alone reads the rows of FILE. Give one.")
    if options.file is not None:
        forecaster = with_rows(forecaster, read_for(forecaster, options.file, dialect), alone=options.alone)
    _check_future(forecaster, options.model if options.file is None else options.file)
    frame = forecast_table(forecaster)
    if options.plot:
        report.draw(forecaster, options.plot)
    report.write_csv(frame, options.out, dialect)


def forecast_table(forecaster: LSTMForecaster) -> Any:
    """Return the point forecasts, and a column for each learned quantile."""
    points, target = forecaster.predict(), roles_of(forecaster).target
    levels = forecaster._state.parameters.quantiles
    if levels is None:
        return points
    quantiles = forecaster.predict_quantiles().iloc[:, -len(levels) :]
    quantiles.columns = [f"{target}_{level:g}" for level in levels]
    return pd.concat([points, quantiles], axis=1)


def _check_future(forecaster: LSTMForecaster, path: Path) -> None:
    """Raise CommandError if the covariates do not reach to the end of the forecast."""
    state = forecaster._state
    if state.future is None:
        return
    roles = roles_of(forecaster)
    for key, track in state.tracks.items():
        needed, reached = state.future_index(key, forecaster.horizon)[-1], state.future._frame(key, track.index).index[-1]
        if reached < needed:
            of = f" of series {key!r}" if roles.series else ""
            raise CommandError(
                f"{path} has {', '.join(map(shown, roles.covariates))}{of} until {reached}, and a forecast of "
                f"{forecaster.horizon} steps needs values until {needed}. Append rows with these times and an empty "
                f"{shown(roles.target)}."
            )
