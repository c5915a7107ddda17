"""``python -m numba_lstm evaluate MODEL FILE``: a backtest on rows that the training has not seen."""

from __future__ import annotations

import argparse
from dataclasses import replace
from pathlib import Path
from typing import Any

import pandas as pd

from ..console import arguments as types
from ..forecasting import LSTMForecaster
from . import options as shared
from . import report
from .saved import load, read_for, with_rows


def parser() -> shared.Parser:
    """Return the parser of the command."""
    command = shared.parser("evaluate", "Prints the errors of forecasts in the past, on rows that the training has not seen.")
    command.add_argument("model", type=Path, metavar="MODEL", help="a forecaster that train has saved")
    command.add_argument("file", type=Path, metavar="FILE", help="rows that follow those of the training, or all rows")
    command.add_argument("--alone", action="store_true", help="read the rows of FILE alone, such as those of another series")
    command.add_argument(
        "--start", type=_time, metavar="TIME", help="last time before the first forecast (default: the last of the training)"
    )
    command.add_argument(
        "--stride", type=types.whole_number(1), metavar="N", help="rows between forecasts (default: the horizon)"
    )
    command.add_argument(
        "--season", type=types.whole_number(1), metavar="N", help="steps, of the naive forecast (default: a guess)"
    )
    command.add_argument("--out", type=shared.csv_file, metavar="FILE", help="write every forecast beside what came (.csv)")
    shared.add_machine(command)
    shared.add_dialect(command)
    return command


def run(options: argparse.Namespace) -> None:
    """Print the table of a backtest."""
    dialect = shared.dialect(options)
    dialect.check()
    forecaster = load(options.model)
    changed = with_rows(forecaster, read_for(forecaster, options.file, dialect), alone=options.alone)
    if options.alone:
        changed = _unseen(changed)
    frame = changed.backtest(start=options.start, stride=options.stride)
    if options.out:
        named = frame.rename(columns={name: f"forecast_{name:g}" for name in frame.columns if isinstance(name, float)})
        report.write_csv(named, options.out, dialect)
    rows = report.data_rows(changed) + report.backtest_rows(changed, frame, options.season)
    report.print_table(f"{options.file.name}: {changed.target_column}", rows)


def _time(text: str) -> Any:
    try:
        return pd.Timestamp(text)
    except ValueError as error:
        raise argparse.ArgumentTypeError(f"expected a time, such as 2024-01-31, got {text!r}.") from error


def _unseen(forecaster: LSTMForecaster) -> LSTMForecaster:
    """Return a forecaster whose backtests begin behind the first window of each series."""
    state = forecaster._state
    state.check_lengths(forecaster.horizon)
    first = {key: track.index[state.shape.reach - 1] for key, track in state.tracks.items()}
    forecaster._fitted = replace(state, trained_until=first)
    return forecaster
