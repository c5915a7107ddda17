"""AlphaDropout: sets elements to a saturated value in training, with their mean and variance as before."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from ... import ops, philox
from ...inputs import as_number
from ...ops.program import keep
from ...ops.tensor import Tensor
from ..traced import ComputedLayer

_SATURATED = -1.0507009873554805 * 1.6732632423543772  #: what ``selu`` tends to


class AlphaDropout(ComputedLayer):
    """Dropout for layers with ``selu`` (Klambauer et al. 2017), as ``keras.layers.AlphaDropout``.

    In training elements become the least value of ``selu``, at random, and an affine function restores mean 0 and variance 1.

    Parameters
    ----------
    rate : float
        The probability of an element to be dropped, from 0 to below 1.
    noise_shape : tuple, optional
        The shape of what is drawn: 1 where all elements along an axis are dropped at a time, None for the size of x.
    seed : int, optional
        In place of the model's.
    **kwargs
        Those of :class:`~numba_lstm.layers.Layer`.
    """

    ranks = (2, 3, 4, 5)

    def __init__(
        self, rate: float, noise_shape: Sequence[int | None] | None = None, seed: int | None = None, **kwargs: Any
    ) -> None:
        self.rate = as_number(rate, "AlphaDropout's rate", "[0, 1)")
        self.noise_shape = None if noise_shape is None else tuple(noise_shape)
        self.seed = None if seed is None else philox.check_seed(seed)
        super().__init__(**kwargs)

    def compute(
        self, inputs: tuple[Tensor, ...], masks: tuple[Tensor | None, ...], weights: Sequence[Tensor], training: bool
    ) -> Tensor:
        (x,) = inputs
        if not training or self.rate == 0:
            return x
        sizes = self.noise_shape or (None,) * x.ndim
        if len(sizes) != x.ndim or any(given not in (None, 1, size) for given, size in zip(sizes, x.shape, strict=True)):
            raise ValueError(f"{self.name} has noise_shape={sizes} for x of shape {x.shape}. Give 1 or None for each axis.")
        shape = [size if given is None else given for given, size in zip(sizes, x.shape, strict=True)]
        kept = ops.multiply(keep(shape, self.rate), 1 - self.rate)
        scale = ((1 - self.rate) * (1 + self.rate * _SATURATED**2)) ** -0.5
        dropped = ops.add(ops.multiply(x, kept), ops.multiply(ops.subtract(1, kept), _SATURATED))
        y: Tensor = ops.add(ops.multiply(dropped, scale), -scale * _SATURATED * self.rate)
        return y

    def get_config(self) -> dict[str, Any]:
        return {**super().get_config(), "rate": self.rate, "noise_shape": self.noise_shape, "seed": self.seed}
