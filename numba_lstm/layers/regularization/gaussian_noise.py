"""GaussianNoise: adds a normal random number to each element in training."""

from __future__ import annotations

from typing import Any

from ... import philox
from ...inputs import as_number
from ...kernels.contract import Array, Ops, Tape
from ...kernels.specs import Key
from ..base import Backward, Forward, Layer


class GaussianNoise(Layer):
    """``x + stddev * z`` in training, z standard normal, ``x`` else; as ``keras.layers.GaussianNoise``.

    Parameters
    ----------
    stddev : float
        The standard deviation of the noise, at least 0.
    seed : int, optional
        In place of the model's.
    **kwargs
        Those of :class:`~numba_lstm.layers.Layer`.
    """

    ranks = (2, 3, 4, 5)

    def __init__(self, stddev: float, seed: int | None = None, **kwargs: Any) -> None:
        self.stddev = as_number(stddev, "GaussianNoise's stddev", "[0, inf)")
        self.seed = None if seed is None else philox.check_seed(seed)
        super().__init__(**kwargs)

    def forward(
        self,
        ops: Ops,
        x: Array,
        states: tuple[Array, ...] | None = None,
        mask: Array | None = None,
        training: bool = False,
        rng: Key | None = None,
    ) -> Forward:
        noisy = training and self.stddev > 0
        return Forward(ops.noise_forward(x, self.stddev, self.key(rng)) if noisy else x, mask=mask)

    def backward(
        self, ops: Ops, tape: Tape, dy: Array, dstates: tuple[Array, ...] | None = None, *, need_dx: bool = True
    ) -> Backward:
        return Backward(dy)

    def check_causal(self) -> None:
        """Each step is computed by itself."""

    def get_config(self) -> dict[str, Any]:
        return {**super().get_config(), "stddev": self.stddev, "seed": self.seed}
