"""MemoryDisplay: how long an LSTM keeps what it has stored."""

from __future__ import annotations

from typing import Any, Self

import numpy as np
import numpy.typing as npt

from .axes import single_axes
from .recurrence import find_lstm, gate_values

Values = npt.NDArray[Any]


class MemoryDisplay:
    """The share of the cell state of step t that is left at step t + k: the product of k forget gates.

    It is the gradient of c[t + k] with respect to c[t] along the cell state alone (Hochreiter & Schmidhuber 1997; Gers,
    Schmidhuber & Cummins 2000). What goes through h and the gates comes on top of it.

    Parameters
    ----------
    retention : array, (K + 1, H)
        For k of 0 to K and each unit, the mean over all steps t of the sequence.
    name : str
        Of the layer.

    Attributes
    ----------
    horizon : array, (H,)
        Of each unit the number of steps after which less than half is left, K + 1 if more is left at the end.
    ax_ : Axes
    figure_ : Figure
    """

    def __init__(self, retention: Values, name: str = "LSTM") -> None:
        self.retention, self.name = retention, name
        below = retention < 0.5
        self.horizon: Values = np.where(below.any(axis=0), below.argmax(axis=0), len(retention))

    @classmethod
    def from_estimator(cls, model: Any, x: Any, *, layer: Any = None, max_lag: int | None = None, ax: Any = None) -> Self:
        """Compute the shares from the forget gates of an LSTM over one sequence, as :class:`GatesDisplay` does.

        Parameters
        ----------
        model : Model
            A built model.
        x : array, or list of arrays for several inputs
            One sequence of T steps, with or without the batch axis.
        layer : LSTM or str, optional
            The LSTM or its name. The first one by default.
        max_lag : int, optional
            K, at least 1 and below T. Half of T by default, so that each mean is over many steps.
        ax : Axes, optional
            Draw into it. A new figure by default.

        Raises
        ------
        ValueError
            For a sequence of one step, a ``max_lag`` out of range, or an unknown layer.
        """
        lstm, _ = find_lstm(model, layer)
        values = gate_values(model, x, lstm)
        T = len(values.f)
        K = max(T // 2, 1) if max_lag is None else max_lag
        if not 1 <= K < T:
            raise ValueError(
                f"max_lag is {K}, but the sequence has {T} steps. Pass a max_lag from 1 to {T - 1}, or a longer sequence."
            )
        f = values.f[::-1] if lstm.go_backwards else values.f
        share = lstm.cell_zoneout + (1 - lstm.cell_zoneout) * f
        product, retention = np.ones_like(share), np.ones((K + 1, share.shape[1]))
        for k in range(1, K + 1):
            product = product[:-1] * share[k:]  # of step t, for all t with a step t + k
            retention[k] = product.mean(axis=0)
        return cls(retention, lstm.name).plot(ax)

    def plot(self, ax: Any = None) -> Self:
        """Draw the share of each unit over k, with the median of all units, into ``ax`` or a new figure."""
        axes = single_axes(ax)
        lags = np.arange(len(self.retention))
        axes.plot(lags, self.retention, color="C0", alpha=0.25, linewidth=0.8)
        axes.plot(lags, np.median(self.retention, axis=1), color="C1", linewidth=2.0, label="median of the units")
        axes.axhline(0.5, color="0.5", linewidth=0.8, linestyle=":")
        axes.set(xlabel="steps k", ylabel="share of c left after k steps", title=self.name, ylim=(-0.02, 1.05))
        axes.legend()
        self.ax_, self.figure_ = axes, axes.figure
        return self
