"""GatesDisplay: the gates of an LSTM over time."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Self

from .axes import axes_grid
from .recurrence import GateValues, find_lstm, gate_values

TITLES = {
    "i": "input gate i",
    "f": "forget gate f",
    "g": "candidate g",
    "o": "output gate o",
    "c": "cell state c",
    "h": "hidden state h",
}


class GatesDisplay:
    """Gates, cell state and hidden state of chosen units over one sequence, below the input of the layer.

    Karpathy, Johnson & Li (2016), "Visualizing and Understanding Recurrent Networks", read LSTMs in this way.

    Parameters
    ----------
    values : GateValues
        Arrays ``x`` (T, D), ``i``, ``f``, ``g``, ``o``, ``c`` (T, H) and ``h`` (T, H), or (T, P) with a projection.
    units : list of int
        The units to draw.
    name : str
        Of the layer.

    Attributes
    ----------
    ax_ : array of Axes, (7,)
        The input, then i, f, g, o, c and h.
    figure_ : Figure
    """

    def __init__(self, values: GateValues, units: Sequence[int], name: str = "LSTM") -> None:
        self.values, self.units, self.name = values, list(units), name

    @classmethod
    def from_estimator(
        cls, model: Any, x: Any, *, layer: Any = None, units: Sequence[int] | None = None, ax: Any = None
    ) -> Self:
        """Compute the gates of an LSTM of ``model`` in prediction.

        They begin with the initial states that the layer is called with, else with zeros. Masked steps count as any other: pass
        a sequence without padding.

        Parameters
        ----------
        model : Model
            A built model.
        x : array, or list of arrays for several inputs
            One sequence, such as (T, D), with or without the batch axis.
        layer : LSTM or str, optional
            The LSTM or its name; one of a Bidirectional has its name, too. The first one by default.
        units : list of int, optional
            The units to draw, at most H. The three whose cell state varies most by default.
        ax : Axes, optional
            Draw in the place of it. A new figure by default.

        Raises
        ------
        ValueError
            For an ``x`` of several sequences, an unknown layer, a unit that there is not, or a quantized layer.
        """
        lstm, _ = find_lstm(model, layer)
        if units is not None and (wrong := [unit for unit in units if not 0 <= unit < lstm.units]):
            raise ValueError(f"units has {wrong[0]}, but {lstm.name} has {lstm.units} units: 0 to {lstm.units - 1}.")
        values = gate_values(model, x, lstm)
        if units is None:
            units = sorted(map(int, values.c.std(axis=0).argsort()[::-1][:3]))
        return cls(values, units, lstm.name).plot(ax)

    def plot(self, ax: Any = None) -> Self:
        """Draw seven rows over one axis of time, in the place of ``ax`` or in a new figure."""
        column = axes_grid(ax, 1 + len(TITLES), 1, (8.0, 10.0), sharex=True)[:, 0]
        steps = range(len(self.values.x))
        column[0].plot(steps, self.values.x, linewidth=1.0, color="0.3", alpha=0.3 if self.values.x.shape[1] > 4 else 1.0)
        column[0].set(ylabel="input", title=self.name)
        for axes, (field, title) in zip(column[1:], TITLES.items(), strict=True):
            rows = getattr(self.values, field)
            for place, unit in enumerate(self.units):
                if unit < rows.shape[1]:  # with a projection, h has fewer columns than units
                    axes.plot(steps, rows[:, unit], color=f"C{place}", linewidth=1.2, label=f"unit {unit}")
            axes.set_ylabel(title, rotation=0, horizontalalignment="right", verticalalignment="center")
            if field in "ifo":
                axes.set_ylim(-0.05, 1.05)
            axes.grid(alpha=0.3)
        column[-1].set_xlabel("step")
        column[1].legend(loc="upper right", ncols=3, fontsize="small")
        self.ax_, self.figure_ = column, column[0].figure
        return self
