"""``python -m numba_lstm train FILE``: trains a forecaster, prints its figures on the last rows, and saves it."""

from __future__ import annotations

import argparse
import math
from collections.abc import Hashable
from pathlib import Path
from typing import Any

from ..console import arguments as types
from ..forecasting import LSTMForecaster
from ..forecasting.tables.frames import Columns
from ..forecasting.tables.targets import GAPS, Tracks, read_targets
from . import options as shared
from . import report
from .errors import CommandError
from .saved import with_rows
from .tables.forecast_tables import ForecastTables, Roles, read

HORIZON_FACTOR = 2  #: default of --window, in horizons


def parser() -> shared.Parser:
    """Return the parser of the command."""
    command = shared.parser(
        "train", "Trains a forecaster on a CSV or Parquet file, and prints its errors on the last rows, which it has not seen."
    )
    command.add_argument("file", type=Path, metavar="FILE", help="a CSV file with a header, or a .parquet file")
    command.add_argument("--target", required=True, metavar="COLUMN", help="what to forecast")
    command.add_argument("--time", required=True, metavar="COLUMN", help="the times, in order")
    command.add_argument("--series", metavar="COLUMN", help="names of series, if the file has several")
    command.add_argument("--horizon", required=True, type=types.whole_number(1), metavar="N", help="steps to forecast")
    command.add_argument(
        "--covariates", nargs="+", default=[], metavar="COLUMN", help="known of the future too: rows without target follow"
    )
    command.add_argument("--past-covariates", nargs="+", default=[], metavar="COLUMN", help="known up to the present")
    command.add_argument("--quantiles", nargs="+", type=shared.level, metavar="Q", help="such as 0.1 0.5 0.9")
    command.add_argument(
        "--validation", type=shared.share, default=0.1, metavar="SHARE", help="of the rows, which only judge (default: 0.1)"
    )
    command.add_argument("--window", type=types.whole_number(1), metavar="N", help="steps it reads (default: twice --horizon)")
    command.add_argument(
        "--units", nargs="+", type=types.whole_number(1), default=[32], metavar="N", help="of LSTMs (default: 32)"
    )
    command.add_argument("--epochs", type=types.whole_number(1), default=50, metavar="N", help="default: 50")
    command.add_argument("--learning-rate", type=shared.positive, default=0.01, metavar="R", help="default: 0.01")
    command.add_argument("--seed", type=types.seed, default=0, metavar="N", help="default: 0")
    command.add_argument(
        "--season", type=types.whole_number(1), metavar="N", help="steps, of the naive forecast (default: a guess)"
    )
    command.add_argument("--frequency", metavar="F", help="of pandas, such as h, D or ME (default: that of the times)")
    command.add_argument(
        "--gaps", choices=GAPS, default="raise", help="what to do about missing values and times (default: raise)"
    )
    command.add_argument("--save", type=types.file(".nlstm"), metavar="FILE", help="write the forecaster to FILE (.nlstm)")
    shared.add_plot(command, "the last forecast of the validation over what came")
    command.add_argument("--verbose", action="store_true", help="print the loss of every epoch")
    shared.add_machine(command)
    shared.add_dialect(command)
    return command


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
