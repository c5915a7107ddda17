"""Cross-entropies of rows, as those of ``keras.ops``."""

from __future__ import annotations

from typing import Any

from ..elementwise import add, clip, divide, log, multiply, negative, softplus, subtract
from ..reducing import log_softmax, one_hot
from ..reducing import sum as sum_
from ..shaping import ndim, shape, squeeze
from ..tensor import TensorShapeError

EPSILON = 1e-7


def binary_crossentropy(target: Any, output: Any, from_logits: bool = False) -> Any:
    """Return ``-(target log y + (1 - target) log(1 - y))`` of each element, where y is the sigmoid of logits."""
    if from_logits:
        return subtract(softplus(output), multiply(output, target))
    y = clip(output, EPSILON, 1.0 - EPSILON)
    return negative(add(multiply(target, log(y)), multiply(subtract(1.0, target), log(subtract(1.0, y)))))


def categorical_crossentropy(target: Any, output: Any, from_logits: bool = False, axis: int = -1) -> Any:
    """Return ``-sum(target log y)`` over an axis, where y is the softmax of logits, or the output's shares of its sum."""
    if from_logits:
        return negative(sum_(multiply(target, log_softmax(output, axis)), axis))
    y = clip(divide(output, sum_(output, axis, True)), EPSILON, 1.0 - EPSILON)
    return negative(sum_(multiply(target, log(y)), axis))


def sparse_categorical_crossentropy(target: Any, output: Any, from_logits: bool = False, axis: int = -1) -> Any:
    """Return :func:`categorical_crossentropy` of labels, over the last axis.

    Raises
    ------
    TypeError
        For another axis.
    """
    if axis not in (-1, ndim(output) - 1):
        raise TensorShapeError(f"sparse_categorical_crossentropy takes axis=-1, got {axis}. Move the classes to the last axis.")
    labels = squeeze(target, -1) if ndim(target) == ndim(output) and shape(target)[-1] == 1 else target
    return categorical_crossentropy(one_hot(labels, shape(output)[-1]), output, from_logits)
