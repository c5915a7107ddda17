"""A file as the tables of a forecaster: the series, covariates of the past, covariates of the future."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
import pandas as pd

from ..errors import CommandError, shown
from .columns import check_columns, covariate, missing, numbers
from .dialect import Dialect
from .text_files import Table, read_table
from .times import check_order, read_times


class Roles(NamedTuple):
    """Which column of a file is what."""

    target: str
    time: str
    series: str | None = None
    covariates: tuple[str, ...] = ()
    past_covariates: tuple[str, ...] = ()

    trained: bool = False  #: whether they are those of a forecaster, not of options

    def named(self) -> list[tuple[str, str]]:
        """Return the columns with the reasons that they are needed."""
        columns = [
            ("--target", self.target),
            ("--time", self.time),
            *([] if self.series is None else [("--series", self.series)]),
            *(("--covariates", name) for name in self.covariates),
            *(("--past-covariates", name) for name in self.past_covariates),
        ]
        return [
            ("the forecaster was trained on it" if self.trained else f"{option} names it", name) for option, name in columns
        ]


class ForecastTables(NamedTuple):
    """Tables of a forecaster."""

    y: Any  #: rows until the last value of each series
    past: Any  #: None without such covariates
    future: Any  #: with the rows after the last value; None without such covariates
    unused: int  #: rows after the last value of their series

    def until(self, last: Mapping[Any, Any], roles: Roles) -> Any:
        """Return the rows of ``y`` up to a time of each series; the key of a single series is None."""
        if roles.series is None:
            return self.y[self.y[roles.time] <= last[None]]
        return self.y[self.y[roles.time] <= self.y[roles.series].map(last)]


def read(path: Path, roles: Roles, dialect: Dialect, categorical: Mapping[str, bool] | None = None) -> ForecastTables:
    """Read a file.

    Parameters
    ----------
    path : Path
        Of a CSV or Parquet file.
    roles : Roles
        Its columns.
    dialect : Dialect
        How it is written.
    categorical : dict of str to bool, optional
        Which covariates have categories. Default: what their values look like.

    Raises
    ------
    CommandError
        For everything that is wrong with the file.
    """
    _check_roles(roles)
    table = read_table(path, dialect)
    check_columns(table, roles.named())
    frame = pd.DataFrame({roles.time: read_times(table, roles.time)})
    if roles.series is not None:
        frame[roles.series] = _series(table, roles.series)
    frame[roles.target] = numbers(table, roles.target)
    known = categorical or {}
    for name in (*roles.covariates, *roles.past_covariates):
        frame[name] = covariate(table, name, known.get(name))
    check_order(table, roles.time, frame[roles.time], None if roles.series is None else frame[roles.series])
    return _divide(frame, roles, table.name)


def _check_roles(roles: Roles) -> None:
    names = [name for _, name in roles.named()]
    twice = [name for name in names if names.count(name) > 1]
    if twice:
        raise CommandError(f"column {shown(twice[0])} is named by several options. Name it once.")


def _series(table: Table, name: str) -> Any:
    column = table.frame[name]
    gone = missing(column)
    if gone.any():
        raise CommandError(f"{table.place(int(gone.argmax()))} of {table.name} has no name of a series in {shown(name)}.")
    return column.astype(str).str.strip().astype(object)


def _divide(frame: Any, roles: Roles, name: str) -> ForecastTables:
    keys = [] if roles.series is None else [roles.series]
    observed = frame[roles.target].notna()
    if not observed.any():
        raise CommandError(f"column {shown(roles.target)} of {name} has no numbers.")
    has_future = bool(roles.covariates)
    if has_future:  # rows without values at the end have the covariates of the future
        later = observed[::-1]
        seen = (later.groupby(frame[roles.series], sort=False).cummax() if keys else later.cummax())[::-1]
    else:
        seen = pd.Series(np.ones(len(frame), bool), index=frame.index)
    rows = frame[seen]
    return ForecastTables(
        rows[[*keys, roles.time, roles.target]].reset_index(drop=True),
        rows[[*keys, roles.time, *roles.past_covariates]].reset_index(drop=True) if roles.past_covariates else None,
        frame[[*keys, roles.time, *roles.covariates]] if has_future else None,
        int((~seen).sum()),
    )
