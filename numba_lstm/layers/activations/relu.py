"""ReLU: a rectified linear unit with a limit, a slope and a threshold."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from ... import ops
from ...inputs import as_number
from ...ops.tensor import Tensor
from ..traced import ComputedLayer


class ReLU(ComputedLayer):
    """Rectified linear unit, as ``keras.layers.ReLU``.

    ``max_value`` where x is at least that, else ``x`` from ``threshold`` on, else ``negative_slope * (x - threshold)``.

    Parameters
    ----------
    max_value : float, optional
        At least 0. None is no limit.
    negative_slope, threshold : float
        At least 0.
    **kwargs
        Those of :class:`~numba_lstm.layers.Layer`.
    """

    ranks = (2, 3, 4, 5)

    def __init__(
        self, max_value: float | None = None, negative_slope: float = 0.0, threshold: float = 0.0, **kwargs: Any
    ) -> None:
        self.max_value = None if max_value is None else as_number(max_value, "ReLU's max_value", "[0, inf)")
        self.negative_slope = as_number(negative_slope, "ReLU's negative_slope", "[0, inf)")
        self.threshold = as_number(threshold, "ReLU's threshold", "[0, inf)")
        super().__init__(**kwargs)

    def compute(
        self, inputs: tuple[Tensor, ...], masks: tuple[Tensor | None, ...], weights: Sequence[Tensor], training: bool
    ) -> Tensor:
        (x,) = inputs
        below = ops.multiply(ops.subtract(x, self.threshold), self.negative_slope) if self.negative_slope else ops.zeros_like(x)
        y: Tensor = ops.where(ops.greater(x, self.threshold), x, below)
        return y if self.max_value is None else ops.where(ops.greater(x, self.max_value), self.max_value, y)

    def get_config(self) -> dict[str, Any]:
        return {
            **super().get_config(),
            "max_value": self.max_value,
            "negative_slope": self.negative_slope,
            "threshold": self.threshold,
        }
