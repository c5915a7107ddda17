"""Pictures of backtests."""

from __future__ import annotations

from typing import Any


def draw_fan(axes: Any, table: Any, label: str) -> None:
    """Draw the rows of a backtest of one series with the intervals of 50%, 80% and 90%, and what came.

    Parameters
    ----------
    axes : Axes
        Where to draw.
    table : DataFrame
        Forecasts that follow each other without a gap.
    label : str
        Of the values.
    """
    from numba_lstm.plotting import ForecastDisplay, Interval

    intervals = [Interval(share, table[low], table[high]) for share, low, high in BOUNDS]
    ForecastDisplay(table["time"], table["y"], table["time"], table["forecast"], intervals, name=label).plot(axes)
    legend = axes.legend(loc="lower left", bbox_to_anchor=(0, 1), ncols=5, frameon=False, fontsize=9)
    for bands, patch in enumerate(legend.get_patches(), 1):  # the narrower intervals lie over the wider ones
        patch.set_alpha(1 - (1 - patch.get_facecolor()[3]) ** bands)
    for tick in axes.get_xticklabels():
        tick.set(rotation=0, horizontalalignment="center", fontsize=9)


#: Coverage, lower and upper level of intervals.
BOUNDS = ((0.9, 0.05, 0.95), (0.8, 0.1, 0.9), (0.5, 0.25, 0.75))
