"""Time series that the package contains. Sources and licences are in ``SOURCES.md`` beside this file."""

from __future__ import annotations

import csv
from importlib.resources import files
from typing import Any

import numpy as np
import numpy.typing as npt


def load_seattle_weather() -> dict[str, npt.NDArray[Any]]:
    """Load the daily weather of Seattle from 2012-01-01 to 2015-12-31, 1,461 days without a gap.

    Returns
    -------
    dict of arrays of shape (1461,)
        ``date`` (datetime64[D]), ``precipitation`` in mm, ``temp_max`` and ``temp_min`` in °C, ``wind`` in m/s (all float64)
        and ``weather``, one of drizzle, fog, rain, snow, sun. ``pandas.DataFrame`` takes the dict as it is.

    Notes
    -----
    Observations of the US National Oceanic and Atmospheric Administration (NOAA), in the public domain.

    Examples
    --------
    >>> weather = load_seattle_weather()
    >>> weather["date"][0], weather["temp_max"][0]
    (np.datetime64('2012-01-01'), np.float64(12.8))
    """
    text = files(__name__).joinpath("seattle-weather.csv").read_text(encoding="utf-8")
    header, *rows = csv.reader(text.splitlines())
    columns: dict[str, npt.NDArray[Any]] = dict(zip(header, np.array(rows).T, strict=True))
    columns["date"] = np.char.replace(columns["date"], "/", "-").astype("datetime64[D]")
    for name in ("precipitation", "temp_max", "temp_min", "wind"):
        columns[name] = columns[name].astype(np.float64)
    return columns
