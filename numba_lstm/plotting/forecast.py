"""ForecastDisplay: a series, its forecast, and intervals around it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any, NamedTuple, Self

from .axes import single_axes

if TYPE_CHECKING:
    from ..forecasting import LSTMForecaster


class Interval(NamedTuple):
    """Bounds of a forecast."""

    coverage: float  #: share of the true values that is expected within
    lower: Any  #: (H,)
    upper: Any  #: (H,)


class ForecastDisplay:
    """Picture of a forecast behind the end of a series.

    Make it with :meth:`from_estimator` or :meth:`from_predictions`.

    Parameters
    ----------
    times, observed : array-like (T,)
        The last rows of the series.
    future_times, forecast : array-like (H,)
        Point forecasts.
    intervals : sequence of Interval
        Bounds, drawn as bands.
    name : str, optional
        Of the series, for the axis.

    Attributes
    ----------
    ax_, figure_
        Of matplotlib, after :meth:`plot`.
    lines_ : list of Line2D
        The series and the forecast.
    bands_ : list of PolyCollection
        The intervals, the widest first.

    Examples
    --------
    >>> from numba_lstm.plotting import ForecastDisplay
    >>> display = ForecastDisplay([0, 1], [1.0, 2.0], [2, 3], [3.0, 4.0], name="y")
    >>> [len(line.get_xdata()) for line in display.plot().lines_]
    [2, 2]
    """

    def __init__(
        self,
        times: Any,
        observed: Any,
        future_times: Any,
        forecast: Any,
        intervals: Sequence[Interval] = (),
        *,
        name: Any = None,
    ) -> None:
        self.times, self.observed, self.future_times, self.forecast = times, observed, future_times, forecast
        self.intervals, self.name = tuple(intervals), name

    @classmethod
    def from_estimator(
        cls,
        forecaster: LSTMForecaster,
        *,
        series: Any = None,
        horizon: int | None = None,
        coverage: Sequence[float] | None = None,
        rows: int | None = None,
        ax: Any = None,
    ) -> Self:
        """Forecast a series of a fitted forecaster, and draw it.

        Parameters
        ----------
        forecaster : LSTMForecaster
            Fitted; its covariates must reach over the horizon.
        series : str, optional
            Name of the series. Default: the first.
        horizon : int, optional
            Steps. Default: the forecaster's.
        coverage : sequence of float, optional
            Coverage of each band. Default: those of the learned quantiles, else 0.5 and 0.9 where there are intervals.
        rows : int, optional
            Rows of the series that are drawn. Default: five times as many as steps.
        ax : Axes, optional
            Where to draw. Default: a new figure.
        """
        fan = forecaster.forecast_fan(series, horizon, coverage)
        shown = 5 * len(fan.forecast) if rows is None else rows
        return cls(
            fan.times[-shown:],
            fan.observed[-shown:],
            fan.future_times,
            fan.forecast,
            [Interval(share, *bounds) for share, bounds in fan.intervals.items()],
            name=fan.series,
        ).plot(ax)

    @classmethod
    def from_predictions(cls, y: Any, forecast: Any, intervals: Mapping[float, Any] | None = None, *, ax: Any = None) -> Self:
        """Draw a series and tables of forecasts.

        Parameters
        ----------
        y : Series
            The rows before the forecast.
        forecast : DataFrame
            Of one column, as ``predict`` returns it.
        intervals : dict of float to DataFrame, optional
            Tables with ``lower`` and ``upper``, as ``predict_interval`` returns them, by coverage.
        ax : Axes, optional
            Where to draw. Default: a new figure.
        """
        if forecast.shape[1] != 1:
            raise ValueError(
                f"forecast must have one column, that of y, got {list(forecast.columns)}. Select it: forecast[[name]]."
            )
        bands = [Interval(share, table["lower"], table["upper"]) for share, table in (intervals or {}).items()]
        return cls(y.index, y.to_numpy(), forecast.index, forecast.iloc[:, 0].to_numpy(), bands, name=y.name).plot(ax)

    def plot(self, ax: Any = None) -> Self:
        """Draw, and return self.

        Parameters
        ----------
        ax : Axes, optional
            Where to draw. Default: a new figure.
        """
        self.ax_ = single_axes(ax, (9.0, 4.0))
        self.figure_ = self.ax_.figure
        (observed,) = self.ax_.plot(self.times, self.observed, color="0.25", linewidth=1.2, label="observed")
        (forecast,) = self.ax_.plot(self.future_times, self.forecast, color="C0", linewidth=1.8, label="forecast")
        self.lines_ = [observed, forecast]
        self.bands_ = []
        for interval in sorted(self.intervals, key=lambda one: -one.coverage):
            self.bands_.append(
                self.ax_.fill_between(
                    self.future_times,
                    interval.lower,
                    interval.upper,
                    color="C0",
                    alpha=0.18,
                    linewidth=0,
                    label=f"{100 * interval.coverage:g}% interval",
                )
            )
        if self.name is not None:
            self.ax_.set_ylabel(str(self.name))
        self.ax_.legend(loc="lower left", bbox_to_anchor=(0, 1), ncols=4, frameon=False)
        self.ax_.spines[["top", "right"]].set_visible(False)
        for label in self.ax_.get_xticklabels():
            label.set(rotation=30, horizontalalignment="right")
        return self
