"""``python -m numba_lstm evaluate MODEL FILE``: a backtest on rows that the training has not seen."""

from __future__ import annotations

import argparse
from dataclasses import replace

from ..forecasting import LSTMForecaster
from . import options as shared
from . import report
from .saved import load, read_for, with_rows


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


def _unseen(forecaster: LSTMForecaster) -> LSTMForecaster:
    """Return a forecaster whose backtests begin behind the first window of each series."""
    state = forecaster._state
    state.check_lengths(forecaster.horizon)
    first = {key: track.index[state.shape.reach - 1] for key, track in state.tracks.items()}
    forecaster._fitted = replace(state, trained_until=first)
    return forecaster
