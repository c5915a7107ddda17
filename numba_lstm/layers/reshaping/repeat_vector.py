"""RepeatVector: one row as a sequence of equal steps."""

from __future__ import annotations

from typing import Any

from ...inputs import as_count
from ...kernels.contract import Array, Ops, Tape
from ...kernels.specs import Key
from ..base import Backward, Forward, Layer
from ..base.arguments import Shape


class RepeatVector(Layer):
    """(N, D) at each of ``n`` steps, (N, n, D); as ``keras.layers.RepeatVector``.

    Parameters
    ----------
    n : int
        The number of steps, at least 1.
    **kwargs
        Those of :class:`~numba_lstm.layers.Layer`.
    """

    ranks = (2,)
    supports_masking = False
    streaming_obstacle = "it takes the steps as features"

    def __init__(self, n: int, **kwargs: Any) -> None:
        self.n = as_count(n, "n, RepeatVector's number of steps,")
        super().__init__(**kwargs)

    def compute_output_shape(self, input_shape: Shape) -> Shape:
        return (input_shape[0], self.n, input_shape[1])

    def forward(
        self,
        ops: Ops,
        x: Array,
        states: tuple[Array, ...] | None = None,
        mask: Array | None = None,
        training: bool = False,
        rng: Key | None = None,
    ) -> Forward:
        return Forward(ops.repeat(x, self.n))

    def backward(
        self, ops: Ops, tape: Tape, dy: Array, dstates: tuple[Array, ...] | None = None, *, need_dx: bool = True
    ) -> Backward:
        return Backward(ops.sum_steps(dy) if need_dx else None)

    def get_config(self) -> dict[str, Any]:
        return {**super().get_config(), "n": self.n}
