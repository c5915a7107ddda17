"""Forecasters of files, with the columns that they were trained on and the rows of a further file."""

from __future__ import annotations

import copy
from pathlib import Path
from typing import Any

from ..files.errors import FileFormatError
from ..forecasting import LSTMForecaster
from ..forecasting.fitting import Tables
from .errors import CommandError, sentence
from .tables.dialect import Dialect
from .tables.forecast_tables import ForecastTables, Roles, read


def load(path: Path) -> LSTMForecaster:
    """Read a file of :meth:`LSTMForecaster.save`.

    Raises
    ------
    CommandError
        For a file that holds no forecaster, and for a forecaster without the names of its columns.
    """
    try:
        forecaster = LSTMForecaster.load(path)
    except FileFormatError as error:
        raise CommandError(f"{path}: {sentence(error)}") from error
    parameters = forecaster._state.parameters
    if parameters.time_column is None or parameters.target_column is None or forecaster._state.static is not None:
        raise CommandError(
            f"{path} was fitted to tables that no file of rows has: an index, or static covariates. Use it from Python, or "
            "train it by the command train."
        )
    return forecaster


def roles_of(forecaster: LSTMForecaster) -> Roles:
    """Return the columns that a forecaster was trained on."""
    state = forecaster._state
    future, past = (() if one is None else tuple(str(e.name) for e in one.encodings) for one in (state.future, state.past))
    parameters = state.parameters
    return Roles(parameters.target_column, parameters.time_column, parameters.id_column, future, past, trained=True)


def read_for(forecaster: LSTMForecaster, path: Path, dialect: Dialect) -> ForecastTables:
    """Read a file with the columns that a forecaster was trained on."""
    known = [one for one in (forecaster._state.future, forecaster._state.past) if one is not None]
    categorical = {str(e.name): e.categories is not None for one in known for e in one.encodings}
    return read(path, roles_of(forecaster), dialect, categorical)


def with_rows(forecaster: LSTMForecaster, tables: ForecastTables, *, alone: bool = False) -> LSTMForecaster:
    """Return a forecaster with further rows, which follow those of the training, or with ``alone`` take their place."""
    changed = copy.copy(forecaster)
    combine = forecaster._with if alone else forecaster._merged
    try:
        changed._fitted = combine(Tables(tables.y, tables.past, tables.future))
    except ValueError as error:
        gaps, found, _ = str(error).partition(" Fill them, or choose gaps=")
        if not found:
            raise
        rest = (
            "or retrain with --gaps"
            if alone
            else "retrain with --gaps, or give --alone, which leaves out those of the training"
        )
        raise CommandError(f"{sentence(ValueError(gaps))} Give rows for them, {rest}.") from error
    return changed


def period(forecaster: LSTMForecaster) -> tuple[Any, Any, int]:
    """Return the first and the last time of all series, and the number of their rows."""
    tracks = forecaster._state.tracks.values()
    return (
        min(track.index[0] for track in tracks),
        max(track.index[-1] for track in tracks),
        sum(len(track.index) for track in tracks),
    )
