"""GaussianDropout: multiplies each element by a normal random number of mean 1 in training."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Any

from ... import ops, philox
from ...inputs import as_number
from ...ops.program import noise
from ...ops.tensor import Tensor
from ..traced import ComputedLayer


class GaussianDropout(ComputedLayer):
    """``x * z`` in training, z normal of mean 1, ``x`` else (Srivastava et al. 2014); as ``keras.layers.GaussianDropout``.

    Parameters
    ----------
    rate : float
        The standard deviation of z is ``sqrt(rate / (1 - rate))``. From 0 to below 1.
    seed : int, optional
        In place of the model's.
    **kwargs
        Those of :class:`~numba_lstm.layers.Layer`.
    """

    ranks = (2, 3, 4, 5)

    def __init__(self, rate: float, seed: int | None = None, **kwargs: Any) -> None:
        self.rate = as_number(rate, "GaussianDropout's rate", "[0, 1)")
        self.seed = None if seed is None else philox.check_seed(seed)
        super().__init__(**kwargs)

    def compute(
        self, inputs: tuple[Tensor, ...], masks: tuple[Tensor | None, ...], weights: Sequence[Tensor], training: bool
    ) -> Tensor:
        (x,) = inputs
        if not training or self.rate == 0:
            return x
        noisy: Tensor = ops.multiply(x, noise(x.shape, math.sqrt(self.rate / (1 - self.rate))))
        return noisy

    def get_config(self) -> dict[str, Any]:
        return {**super().get_config(), "rate": self.rate, "seed": self.seed}
