"""LearningCurveDisplay: loss and metrics by epoch."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, Self

from .axes import axes_grid


class LearningCurveDisplay:
    """Loss and metrics of each epoch, those of training and of validation in one picture.

    Parameters
    ----------
    history : dict of str to list of float
        One number an epoch for each name; the names of validation begin with ``val_``.
    metrics : list of str
        The names to draw, one picture each, without ``val_``.

    Attributes
    ----------
    ax_ : array of Axes
        One for each metric.
    figure_ : Figure

    Examples
    --------
    >>> from numba_lstm.plotting import LearningCurveDisplay
    >>> display = LearningCurveDisplay.from_history({"loss": [2.0, 1.0], "val_loss": [2.5, 1.5]})
    >>> display.metrics
    ['loss']
    """

    def __init__(self, history: Mapping[str, Sequence[float]], metrics: Sequence[str]) -> None:
        self.history, self.metrics = {name: list(values) for name, values in history.items()}, list(metrics)

    @classmethod
    def from_history(cls, history: Any, *, metrics: Sequence[str] | None = None, ax: Any = None) -> Self:
        """Take the numbers of what ``fit`` returns.

        Parameters
        ----------
        history : History or dict
            The result of ``fit``, or its attribute ``history``.
        metrics : list of str, optional
            The names to draw. All by default.
        ax : Axes, optional
            Draw into it. A new figure by default.

        Raises
        ------
        ValueError
            For an empty history or an unknown name.
        """
        logs = history if isinstance(history, Mapping) else history.history
        names = [name for name in logs if not name.startswith("val_") or name.removeprefix("val_") not in logs]
        if not names:
            raise ValueError("The history has no epoch yet. Train the model with fit first.")
        unknown = [name for name in metrics or () if name not in names]
        if unknown:
            raise ValueError(f"metrics has {unknown[0]!r}, which is none of the history's {', '.join(map(repr, names))}.")
        return cls(logs, names if metrics is None else metrics).plot(ax)

    def plot(self, ax: Any = None) -> Self:
        """Draw one picture for each metric, side by side, in the place of ``ax`` or in a new figure."""
        grid = axes_grid(ax, 1, len(self.metrics), (1.6 + 4.0 * len(self.metrics), 3.6))
        for axes, name in zip(grid[0], self.metrics, strict=True):
            for key, label, style in ((name, "training", "-"), (f"val_{name}", "validation", "--")):
                if key in self.history:
                    values = self.history[key]
                    axes.plot(range(1, len(values) + 1), values, style, label=label, marker="." if len(values) < 30 else "")
            axes.xaxis.get_major_locator().set_params(integer=True)
            axes.set(xlabel="epoch", ylabel=name)
            axes.legend()
        self.ax_, self.figure_ = grid[0], grid[0, 0].figure
        return self
