"""FittedForecaster: a forecaster with the state of its fit, and further rows of its tables."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

from ..models import Model
from .fitted import Fitted
from .fitting import Tables
from .parameters import Parameters
from .tables.covariates import read_covariates, read_static
from .tables.targets import merge, read_targets


class FittedForecaster(Parameters):
    """Base class of forecasters: the state of the fit."""

    _fitted: Fitted | None = None

    @property
    def model_(self) -> Model:
        """The network, on scaled numbers."""
        return self._state.model

    @property
    def history_(self) -> dict[str, list[float]]:
        """Losses and learning rates of epochs, by name."""
        return self._state.history

    @property
    def _state(self) -> Fitted:
        if self._fitted is None:
            raise ValueError(f"this {type(self).__name__} is not fitted yet. Call fit before.")
        return self._fitted

    def _read(self, tables: Tables) -> tuple[Any, ...]:
        state, columns = self._state, self._state.parameters._columns
        covariates = []
        for name, known in (("past_covariates", state.past), ("future_covariates", state.future)):
            data = getattr(tables, name)
            if data is not None and known is None:
                raise ValueError(f"{name} came, but the forecaster was fitted without. Leave them out.")
            encodings = None if known is None else known.encodings
            covariates.append(read_covariates(data, name, columns, encodings, state.offset))
        static = tables.static_covariates
        if static is not None and state.static is None:
            raise ValueError("static_covariates came, but the forecaster was fitted without. Leave them out.")
        return *covariates, read_static(static, columns, None if state.static is None else state.static.encodings)

    def _with(self, tables: Tables) -> Fitted:
        """Return the state with the series of ``tables``, if there are any, instead of those of the fit."""
        state = self._state
        if tables.y is None:
            return state.with_data(state.tracks, *self._read(tables))
        tracks, layout, _ = read_targets(tables.y, state.parameters._columns, state.offset, state.gaps)
        return replace(state.with_data(tracks, *self._read(tables)), layout=layout)

    def _merged(self, tables: Tables) -> Fitted:
        """Return the state with the rows of ``tables`` appended."""
        state = self._state
        tracks = state.tracks
        if tables.y is not None:
            new, _, _ = read_targets(tables.y, state.parameters._columns, state.offset, None)
            tracks = merge(tracks, new, state.offset, state.gaps)
        return state.with_data(tracks, *self._read(tables))
