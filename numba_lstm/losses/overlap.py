"""Losses of the overlap of targets and outputs: Dice and Tversky."""

from __future__ import annotations

from typing import Any

from .. import ops
from .base import Loss

EPSILON = 1e-7


def dice(y_true: Any, y_pred: Any, axis: Any = None) -> Any:
    """Compute ``1 - 2 sum(t y) / (sum(t) + sum(y))``, the sums over ``axis``, by default over all elements."""
    overlap = ops.sum(y_true * y_pred, axis=axis)
    total = ops.sum(y_true, axis=axis) + ops.sum(y_pred, axis=axis)
    return 1.0 - 2.0 * overlap / (total + EPSILON)


def tversky(y_true: Any, y_pred: Any, alpha: float = 0.5, beta: float = 0.5, axis: Any = None) -> Any:
    """Compute ``1 - sum(t y) / (sum(t y) + alpha sum(t (1 - y)) + beta sum((1 - t) y))``; see :func:`dice`."""
    overlap = ops.sum(y_true * y_pred, axis=axis)
    missing = ops.sum(y_true * (1.0 - y_pred), axis=axis)
    excess = ops.sum((1.0 - y_true) * y_pred, axis=axis)
    return 1.0 - overlap / (overlap + alpha * missing + beta * excess + EPSILON)


class Dice(Loss):
    """Dice loss (Sudre et al. 2017), as ``keras.losses.Dice``: one minus twice the overlap over the sum.

    Parameters
    ----------
    reduction, name, dtype
        Those of :class:`Loss`.
    axis : int or tuple of int, optional
        What the sums are over. Default: all elements of the batch.
    """

    def __init__(
        self, reduction: str | None = "sum_over_batch_size", name: str = "dice", axis: Any = None, dtype: Any = None
    ) -> None:
        self.axis = _as_axis(axis)
        super().__init__(name=name, reduction=reduction, dtype=dtype)

    def call(self, y_true: Any, y_pred: Any) -> Any:
        """Compute the losses of tensors."""
        return dice(y_true, y_pred, self.axis)

    def get_config(self) -> dict[str, Any]:
        return {**super().get_config(), "axis": self.axis if isinstance(self.axis, (int, type(None))) else list(self.axis)}


class Tversky(Dice):
    """Tversky loss (Salehi et al. 2017), as ``keras.losses.Tversky``: Dice with weights of excess and missing parts.

    Parameters
    ----------
    alpha, beta : float
        Weights of what the target has and the output has not, and of the reverse, as Keras computes them (it documents them
        the other way round).
    reduction, name, axis, dtype
        Those of :class:`Dice`.
    """

    def __init__(
        self,
        alpha: float = 0.5,
        beta: float = 0.5,
        reduction: str | None = "sum_over_batch_size",
        name: str = "tversky",
        axis: Any = None,
        dtype: Any = None,
    ) -> None:
        self.alpha, self.beta = float(alpha), float(beta)
        super().__init__(reduction, name, axis, dtype)

    def call(self, y_true: Any, y_pred: Any) -> Any:
        """Compute the losses of tensors."""
        return tversky(y_true, y_pred, self.alpha, self.beta, self.axis)

    def get_config(self) -> dict[str, Any]:
        return {**super().get_config(), "alpha": self.alpha, "beta": self.beta}


def _as_axis(axis: Any) -> Any:
    return axis if axis is None or isinstance(axis, int) else tuple(int(one) for one in axis)
