"""WeightsDisplay: the weights of an LSTM by gate."""

from __future__ import annotations

from typing import Any, Self

import numpy as np
import numpy.typing as npt

from .. import gates
from .axes import axes_grid
from .recurrence import find_lstm

Values = npt.NDArray[Any]

TITLES = {gates.I: "input gate i", gates.F: "forget gate f", gates.G: "candidate g", gates.O: "output gate o"}


class WeightsDisplay:
    """The kernel and the recurrent kernel of an LSTM as images, one column for each gate.

    Parameters
    ----------
    kernel : array, (D, 4H)
    recurrent_kernel : array, (H, 4H), or (P, 4H) with a projection
        In the order of gates of the package, as in Keras: i, f, g, o.
    name : str
        Of the layer.

    Attributes
    ----------
    ax_ : array of Axes, (2, 4)
        The kernel above, the recurrent kernel below.
    figure_ : Figure
    """

    def __init__(self, kernel: Values, recurrent_kernel: Values, name: str = "LSTM") -> None:
        self.kernel, self.recurrent_kernel, self.name = kernel, recurrent_kernel, name

    @classmethod
    def from_estimator(cls, model: Any, *, layer: Any = None, ax: Any = None) -> Self:
        """Take the weights of an LSTM of ``model``: ``layer``, an LSTM or its name, or the first one.

        Raises
        ------
        ValueError
            For an unknown layer.
        """
        lstm, _ = find_lstm(model, layer)
        return cls(np.array(lstm.kernel), np.array(lstm.recurrent_kernel), lstm.name).plot(ax)

    def plot(self, ax: Any = None) -> Self:
        """Draw eight images with one scale of colours, symmetric about 0, in the place of ``ax`` or in a new figure."""
        grid = axes_grid(ax, 2, gates.COUNT, (11.0, 5.5))
        matrices = (("input", self.kernel), ("hidden unit", self.recurrent_kernel))
        limit = max(float(np.abs(matrix).max()) for _, matrix in matrices) or 1.0
        for place, (label, matrix) in enumerate(matrices):
            for gate, block in enumerate(np.split(matrix, gates.COUNT, axis=1)):
                axes = grid[place, gate]
                image = axes.imshow(block, cmap="RdBu_r", vmin=-limit, vmax=limit, aspect="auto", interpolation="nearest")
                axes.xaxis.get_major_locator().set_params(integer=True)
                axes.yaxis.get_major_locator().set_params(integer=True)
            grid[place, 0].set_ylabel(label)
        for gate, title in TITLES.items():
            grid[0, gate].set_title(title)
            grid[1, gate].set_xlabel("unit")
        grid[0, 0].figure.colorbar(image, ax=grid, label="weight", shrink=0.8)
        self.ax_, self.figure_ = grid, grid[0, 0].figure
        return self
