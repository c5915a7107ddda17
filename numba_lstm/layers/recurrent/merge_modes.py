"""Merge modes of a Bidirectional layer: one output of two, and the gradients of the two."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from ...kernels.contract import Array, Ops

MODES = ("concat", "sum", "mul", "ave")


def merge(ops: Ops, mode: str | None, y1: Array, y2: Array) -> Any:
    """Return the outputs of two directions as one; without a mode as a pair."""
    match mode:
        case "concat":
            return ops.concat([y1, y2])
        case "mul":
            return ops.multiply(y1, y2)
        case "sum":
            return ops.add(y1, y2)
        case "ave":
            return ops.scale(ops.add(y1, y2), 0.5)
    return y1, y2


def split_gradient(
    ops: Ops, mode: str | None, dy: Any, sizes: Sequence[int], ys: tuple[Array, Array] | None
) -> tuple[Array, Array]:
    """Return the gradients of the two outputs ``ys``, which have ``sizes`` features, from that of the merged output."""
    match mode:
        case "concat":
            dy1, dy2 = ops.split(dy, sizes)
            return dy1, dy2
        case "mul":
            assert ys is not None
            return ops.multiply(dy, ys[1]), ops.multiply(dy, ys[0])
        case "sum":
            return dy, dy
        case "ave":
            half = ops.scale(dy, 0.5)
            return half, half
    dy1, dy2 = dy
    return dy1, dy2
