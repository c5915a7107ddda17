"""Random masks of a cell in training. The dropout op draws them: the same on every device for the same key."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from ... import gates, philox
from ...inputs import as_number
from ...kernels.contract import Array, LSTMNoise, Ops, RNNNoise
from ...kernels.specs import Key

_INPUTS, _RECURRENT, _ZONEOUT_H, _ZONEOUT_C = range(4)  # branches of a layer's key; the key itself is plain dropout's


def as_rate(owner: str, name: str, value: Any) -> float:
    """Return the rate ``name`` of a layer, or raise ValueError unless it is in [0, 1)."""
    return as_number(value, f"{owner}'s {name}", "[0, 1)")


@dataclass(frozen=True)
class NoiseRates:
    """Rates of dropout and of zoneout, each in [0, 1)."""

    dropout: float = 0.0
    recurrent_dropout: float = 0.0
    zoneout: float = 0.0
    cell_zoneout: float = 0.0
    gates: int = gates.COUNT  #: of the cell

    @property
    def plain(self) -> float:
        """The rate of one mask of x for all gates; 0 where each gate has its mask."""
        return 0.0 if self.gated else self.dropout

    @property
    def gated(self) -> float:
        """The rate of the masks of x, one per gate, of several gates with ``recurrent_dropout``."""
        return self.dropout if self.recurrent_dropout and self.gates > 1 else 0.0

    def any(self) -> bool:
        """Return whether any rate is positive."""
        return bool(self.dropout or self.recurrent_dropout or self.zoneout or self.cell_zoneout)

    def draw(self, ops: Ops, sizes: tuple[int, int, int], P: int, H: int, dtype: str, key: Key) -> LSTMNoise | None:
        """Draw all masks but the plain one for x of ``sizes`` (T, N, D), h (N, P) and c (N, H); None if there is none."""
        T, N, _ = sizes
        inputs, recurrent = self.draw_factors(ops, sizes, P, dtype, key) or (None, None)
        h = _factors(ops, self.zoneout, (T, N, P), dtype, philox.branch(key, _ZONEOUT_H))
        c = _factors(ops, self.cell_zoneout, (T, N, H), dtype, philox.branch(key, _ZONEOUT_C))
        noise = LSTMNoise(inputs, recurrent, _zeros(ops, h), _zeros(ops, c))
        return None if all(part is None for part in noise) else noise

    def draw_factors(self, ops: Ops, sizes: tuple[int, int, int], P: int, dtype: str, key: Key) -> RNNNoise | None:
        """Draw the masks of dropout, but the plain one, for x of ``sizes`` (T, N, D) and h (N, P); None if there is none."""
        _, N, D = sizes
        inputs = _factors(ops, self.gated, (self.gates, N, D), dtype, philox.branch(key, _INPUTS))
        recurrent = _factors(ops, self.recurrent_dropout, (self.gates, N, P), dtype, philox.branch(key, _RECURRENT))
        return None if inputs is None and recurrent is None else RNNNoise(inputs, recurrent)


def _factors(ops: Ops, rate: float, shape: Sequence[int], dtype: str, key: Key) -> Array | None:
    """Draw factors: 0 at ``rate``, else ``1 / (1 - rate)``."""
    return ops.dropout_forward(ops.asarray(np.ones(shape, dtype), dtype), rate, key)[0] if rate else None


def _zeros(ops: Ops, factors: Array | None) -> Array | None:
    """Return where ``factors`` are 0."""
    return None if factors is None else ops.not_equal(ops.not_equal(factors, 0), True)
