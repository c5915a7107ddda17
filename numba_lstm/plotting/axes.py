"""Axes of displays: new ones, or those that a user passes in."""

from __future__ import annotations

from typing import Any


def single_axes(ax: Any, size: tuple[float, float] = (6.4, 4.0)) -> Any:
    """Return ``ax``, or the axes of a new figure of ``size`` in inches.

    Raises
    ------
    ImportError
        Without Matplotlib.
    """
    pyplot = _pyplot()
    return pyplot.subplots(figsize=size, layout="constrained")[1] if ax is None else ax


def axes_grid(ax: Any, rows: int, columns: int, size: tuple[float, float], **options: Any) -> Any:
    """Return an array of axes (rows, columns) in a new figure, or in the place of ``ax``, whose frame disappears.

    ``options`` are those of Matplotlib's ``GridSpec.subplots``: ``sharex`` and ``sharey``.
    """
    pyplot = _pyplot()
    if ax is None:
        return pyplot.subplots(rows, columns, figsize=size, layout="constrained", squeeze=False, **options)[1]
    ax.set_axis_off()
    return ax.get_subplotspec().subgridspec(rows, columns).subplots(squeeze=False, **options)


def _pyplot() -> Any:
    try:
        from matplotlib import pyplot
    except ImportError as error:
        raise ImportError("A display needs Matplotlib to plot. Install it: pip install 'numba_lstm[plot]'.") from error
    return pyplot
