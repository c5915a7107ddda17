"""Dropout with factors of its own for each gate, which the groups of a convolution read."""

from __future__ import annotations

from typing import Any, NamedTuple

from ... import gates, philox
from ...kernels.contract import Array, Ops, Tape
from ...kernels.specs import Key


class GateDropout(NamedTuple):
    """Dropout of an array for each of the gates. Each call draws the same factors. Nothing is dropped at a rate of 0."""

    rate: float
    key: Key | None
    first: int  #: the branch of the key that the first gate draws from

    def forward(self, ops: Ops, x: Array, shape: tuple[int, ...]) -> tuple[Array, Tape | None]:
        """Return x for each gate, one after the other along the features, and a tape. Factors have ``shape``."""
        if not self.rate:
            return x, None
        assert self.key is not None
        keys = [philox.branch(self.key, self.first + k) for k in range(gates.COUNT)]
        results = [ops.dropout_forward(x, self.rate, key, shape) for key in keys]
        return ops.concat([y for y, _ in results]), [tape for _, tape in results]

    def backward(self, ops: Ops, tape: Any, dy: Array) -> Array:
        """Return the gradient of x, for that of what :meth:`forward` returned."""
        if tape is None:
            return dy
        total = None
        for of_gate, dropped in zip(ops.split(dy, [dy.shape[-1] // gates.COUNT] * gates.COUNT), tape, strict=True):
            dx = ops.dropout_backward(dropped, of_gate)
            total = dx if total is None else ops.add(total, dx)
        return total
