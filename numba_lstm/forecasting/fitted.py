"""What a forecaster knows after a fit: its series and covariates, their scales and encodings, and the network."""

from __future__ import annotations

from collections.abc import Hashable
from dataclasses import dataclass, field, replace
from typing import Any

import numpy as np
import numpy.typing as npt

from ..models import Model
from .networks.heads import Head
from .networks.windows import Sample, WindowShape, scale_of
from .parameters import Parameters
from .tables.calendar import calendar_features
from .tables.covariates import Covariates, Static
from .tables.frequency import extended
from .tables.targets import Layout, Tracks, interpolated, last_observed

Values = npt.NDArray[Any]


@dataclass(frozen=True)
class Fitted:
    """State of a fitted forecaster. It does not change; methods of the forecaster replace it."""

    parameters: Parameters  #: of the fit, which ``set_params`` does not change
    shape: WindowShape
    gaps: str
    scaling: str | None
    layout: Layout
    offset: Any  #: frequency of the times
    calendar: tuple[str, ...]
    tracks: Tracks
    scales: dict[Hashable, tuple[float, float]]  #: location and scale of each series of the fit
    trained_until: dict[Hashable, Any]  #: last time of each series in the training
    past: Covariates | None
    future: Covariates | None
    static: Static | None
    embedded: tuple[Hashable, ...]  #: names of series that are inputs, one-hot
    head: Head
    model: Model
    scores: Values | None = None  #: (horizon, calibration windows), ascending; NaN, where missing, come last
    history: dict[str, list[float]] = field(default_factory=dict)  #: losses of epochs

    def with_data(self, tracks: Tracks, past: Covariates | None, future: Covariates | None, static: Static | None) -> Fitted:
        """Return the state with these series, and with the covariates of the fit and further rows of them."""
        rows = self.static
        if static is not None and self.static is not None:
            rows = Static(self.static.encodings, {**self.static.rows, **static.rows})
        return replace(
            self,
            tracks=tracks,
            past=None if self.past is None else self.past.updated(past),
            future=None if self.future is None else self.future.updated(future),
            static=rows,
        )

    def sample(self, key: Hashable, ahead: int) -> Sample:
        """Return what is known of a series, ``ahead`` steps beyond its end."""
        track = self.tracks[key]
        index = extended(track.index, ahead, self.offset) if ahead else track.index
        known = calendar_features(index, self.calendar)
        if self.future is not None:
            known = np.hstack([known, interpolated(self.future.take(key, index, self.gaps))])
        past = np.empty((len(track.index), 0)) if self.past is None else self.past.take(key, track.index, self.gaps)
        location, scale = self.scales.get(key) or scale_of(track.values, self.scaling)
        filled, last = track.values, np.arange(len(track.values))
        if self.gaps == "interpolate":
            filled, last = interpolated(filled), last_observed(filled)
        return Sample(
            track.values,
            filled,
            last,
            location,
            scale,
            interpolated(past),
            last_observed(past),
            known,
            self._static_row(key),
        )

    def _static_row(self, key: Hashable) -> Values:
        row = np.empty(0)
        if self.static is not None:
            if key not in self.static.rows:
                raise ValueError(f"static_covariates has no row for series {key!r}. Give it.")
            row = self.static.rows[key]
        if not self.embedded:
            return row
        if key not in self.embedded:
            known = ", ".join(repr(name) for name in self.embedded[:6])
            raise ValueError(
                f"series {key!r} is unknown, and with embed_series=True only those of the fit can be forecast: {known}."
            )
        return np.concatenate([row, np.array([key == name for name in self.embedded], np.float64)])

    def check_lengths(self, horizon: int, tracks: Tracks | None = None) -> None:
        """Raise ValueError for a series that is too short for a window and ``horizon`` further steps."""
        needed = self.shape.reach + horizon
        for key, track in (self.tracks if tracks is None else tracks).items():
            if len(track.index) < needed:
                ahead = f" and horizon={horizon}" if horizon else ""
                raise ValueError(
                    f"series {key!r} of y has {len(track.index)} rows, which are too few: context_length={self.shape.context}, "
                    f"lags={self.shape.lags}{ahead} need at least {needed}."
                )

    def future_index(self, key: Hashable, horizon: int) -> Any:
        """Return the times of the steps behind the end of a series."""
        return extended(self.tracks[key].index, horizon, self.offset)[-horizon:]
