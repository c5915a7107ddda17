"""``python -m numba_lstm train FILE``: trains a forecaster, prints its figures on the last rows, and saves it."""

from __future__ import annotations

import argparse
import math
from collections.abc import Hashable
from typing import Any

from ..forecasting import LSTMForecaster
from ..forecasting.tables.frames import Columns
from ..forecasting.tables.targets import Tracks, read_targets
from . import options as shared
from . import report
from .errors import CommandError
from .saved import with_rows
from .tables.forecast_tables import ForecastTables, Roles, read

HORIZON_FACTOR = 2  #: default of --window, in horizons


def run(options: argparse.Namespace) -> None:
    """Train, print the table, and write the files."""
    dialect = shared.dialect(options)
    roles = Roles(options.target, options.time, options.series, tuple(options.covariates), tuple(options.past_covariates))
    tables = read(options.file, roles, dialect)
    forecaster = fit(options, roles, tables)
    frame = forecaster.backtest() if options.validation else None
    rows = report.data_rows(forecaster)
    if frame is not None:
        rows += report.backtest_rows(forecaster, frame, options.season)
    if options.save:
        forecaster.save(options.save)
    if options.plot and frame is not None:
        report.draw_backtest(forecaster, frame, options.plot)
    elif options.plot:
        report.draw(forecaster, options.plot)
    report.print_table(f"{options.file.name}: {options.target}", rows)


def fit(options: argparse.Namespace, roles: Roles, tables: ForecastTables) -> LSTMForecaster:
    """Return a forecaster that is trained on all rows but those of the validation, and continues behind these."""
    columns = Columns(roles.series, roles.time, roles.target)
    tracks, _, offset = read_targets(tables.y, columns, options.frequency, options.gaps)
    window = HORIZON_FACTOR * options.horizon if options.window is None else options.window
    last = _last_times(tracks, options, window)
    forecaster = LSTMForecaster(
        options.horizon,
        window,
        units=tuple(options.units),
        quantiles=tuple(sorted(set(options.quantiles))) if options.quantiles else None,
        freq=offset.freqstr,
        gaps=options.gaps,
        id_column=roles.series,
        time_column=roles.time,
        target_column=roles.target,
        epochs=options.epochs,
        learning_rate=options.learning_rate,
        random_state=options.seed,
        verbose=1 if options.verbose else 0,
    )
    known = tables.y if last is None else tables.until(last if roles.series else {None: last[roles.target]}, roles)
    forecaster.fit(known, tables.past, tables.future)
    return forecaster if last is None else with_rows(forecaster, tables)


def _last_times(tracks: Tracks, options: argparse.Namespace, window: int) -> dict[Hashable, Any] | None:
    """Return the last time of each series that is trained on, or None for all rows."""
    found = {}
    for key, track in tracks.items():
        rows = len(track.index)
        held = max(options.horizon, math.ceil(options.validation * rows)) if options.validation else 0
        needed = window + options.horizon + held
        if rows < needed:
            which = f"series {key!r}" if options.series else str(options.file)
            validation = f" and {held} of the validation" if held else ""
            raise CommandError(
                f"{which} has {rows} rows, and {window} of --window, {options.horizon} of --horizon{validation} need {needed}. "
                "Give more rows, or smaller numbers."
            )
        found[key] = track.index[rows - held - 1]
    return found if options.validation else None
