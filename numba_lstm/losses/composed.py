"""Losses that are composed of functions of tensors: of overlaps, of pairs of samples, and of noisy labels."""

from __future__ import annotations

from typing import Any

from .. import ops
from ..inputs import as_number
from .base import Loss
from .reductions import MEANS

EPSILON = 1e-7
NEVER = -1e30  #: an exponent whose exponential is 0


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


def circle(
    y_true: Any,
    y_pred: Any,
    ref_labels: Any = None,
    ref_embeddings: Any = None,
    remove_diagonal: bool = True,
    gamma: float = 80,
    margin: float = 0.4,
) -> Any:
    """Compute the circle loss of each sample (:class:`Circle`), as ``keras.losses.circle``.

    ``ref_labels`` and ``ref_embeddings`` are the samples to compare with, by default those of the batch.
    """
    labels = ops.reshape(ops.convert_to_tensor(y_true), (-1, 1))
    y = ops.convert_to_tensor(y_pred)
    others = y if ref_embeddings is None else ops.convert_to_tensor(ref_embeddings)
    other_labels = labels if ref_labels is None else ops.reshape(ops.convert_to_tensor(ref_labels), (-1, 1))
    distance = ops.maximum(1.0 - ops.matmul(y, ops.transpose(others)), 0.0)
    same = ops.cast(ops.equal(labels, ops.transpose(other_labels)), "float32")
    different = 1.0 - same
    if remove_diagonal:
        same = same * (1.0 - ops.eye(same.shape[0], same.shape[1]))
    near = -gamma * ops.maximum((margin + distance) * same, 0.0) * (margin - distance)
    far = gamma * ops.maximum((1.0 + margin - distance) * different, 0.0) * (1.0 - margin - distance)
    exponents = [
        ops.logsumexp(ops.where(ops.greater(pairs, 0.0), values, NEVER), axis=1)
        for pairs, values in ((same, near), (different, far))
    ]
    return ops.softplus(ops.maximum(exponents[0] + exponents[1], NEVER))


def categorical_generalized_cross_entropy(y_true: Any, y_pred: Any, q: float) -> Any:
    """Compute ``(1 - p^q) / q`` for the probability p of each label, as the function of this name in ``keras.losses``."""
    y, labels = ops.convert_to_tensor(y_pred), ops.convert_to_tensor(y_true)
    labels = ops.squeeze(labels, -1) if labels.ndim == y.ndim and labels.shape[-1] == 1 else labels
    return (1.0 - ops.power(ops.sum(y * ops.one_hot(labels, y.shape[-1]), axis=-1), q)) / q


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


class Circle(Loss):
    """Circle loss (Sun et al. 2020), as ``keras.losses.Circle``: similar outputs for equal labels, others for different ones.

    Targets are labels (N,), and outputs embeddings (N, D) of length 1, as ``UnitNormalization`` makes them. Each sample is
    compared with all others of its batch. The mean is that of the samples whose loss is not 0.

    Parameters
    ----------
    gamma : float
        Scale of the similarities.
    margin : float
        How far from its ideal a similarity may be.
    remove_diagonal : bool
        Whether a sample is not compared with itself.
    reduction, name, dtype
        Those of :class:`Loss`.
    """

    def __init__(
        self,
        gamma: float = 80.0,
        margin: float = 0.4,
        remove_diagonal: bool = True,
        reduction: str | None = "sum_over_batch_size",
        name: str = "circle",
        dtype: Any = None,
    ) -> None:
        self.gamma, self.margin, self.remove_diagonal = float(gamma), float(margin), bool(remove_diagonal)
        super().__init__(name=name, reduction=reduction, dtype=dtype)

    def call(self, y_true: Any, y_pred: Any) -> Any:
        """Compute the losses of tensors."""
        losses = circle(y_true, y_pred, None, None, self.remove_diagonal, self.gamma, self.margin)
        if self.reduction not in MEANS:
            return losses
        return losses * (losses.shape[0] / ops.maximum(ops.sum(ops.cast(ops.greater(losses, 0.0), "float32")), 1.0))

    def get_config(self) -> dict[str, Any]:
        config = {"gamma": self.gamma, "margin": self.margin, "remove_diagonal": self.remove_diagonal}
        return {**super().get_config(), **config}


class CategoricalGeneralizedCrossEntropy(Loss):
    """Cross-entropy of noisy labels (Zhang and Sabuncu 2018), as ``keras.losses.CategoricalGeneralizedCrossEntropy``.

    Parameters
    ----------
    q : float
        In (0, 1). Towards 0 it is the cross-entropy, towards 1 the mean absolute error.
    reduction, name, dtype
        Those of :class:`Loss`.
    """

    def __init__(
        self,
        q: float = 0.5,
        reduction: str | None = "sum_over_batch_size",
        name: str = "categorical_generalized_cross_entropy",
        dtype: Any = None,
    ) -> None:
        self.q = as_number(q, "q", "(0, 1)")
        super().__init__(name=name, reduction=reduction, dtype=dtype)

    def call(self, y_true: Any, y_pred: Any) -> Any:
        """Compute the losses of tensors."""
        return categorical_generalized_cross_entropy(y_true, y_pred, self.q)

    def get_config(self) -> dict[str, Any]:
        return {**super().get_config(), "q": self.q}


def _as_axis(axis: Any) -> Any:
    return axis if axis is None or isinstance(axis, int) else tuple(int(one) for one in axis)
