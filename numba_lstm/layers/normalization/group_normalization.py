"""GroupNormalization: normalizes groups of features of each sample."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Any

from ... import ops
from ...inputs import as_count
from ...ops.tensor import Tensor
from ..base.arguments import Shape
from ..traced import ComputedLayer
from .normalization import Normalization


class GroupNormalization(ComputedLayer, Normalization):
    """``gamma * (x - mean) / sqrt(var + epsilon) + beta`` of groups of features (Wu & He 2018), as in Keras.

    mean and var are those of all elements of a sample in a group of neighbouring features, over all steps and pixels.

    Parameters
    ----------
    groups : int
        The number of groups, which divides that of features; -1 makes each feature a group.
    axis : int
        Of the features; not that of the batch.
    epsilon, center, scale
        As :class:`~numba_lstm.layers.normalization.Normalization`'s.
    beta_initializer, gamma_initializer, beta_regularizer, gamma_regularizer, beta_constraint, gamma_constraint
        As :class:`~numba_lstm.layers.normalization.Normalization`'s.
    **kwargs
        Those of :class:`~numba_lstm.layers.Layer`.
    """

    ranks = (2, 3, 4, 5)

    def __init__(
        self,
        groups: int = 32,
        axis: int = -1,
        epsilon: float = 1e-3,
        center: bool = True,
        scale: bool = True,
        beta_initializer: Any = "zeros",
        gamma_initializer: Any = "ones",
        beta_regularizer: Any = None,
        gamma_regularizer: Any = None,
        beta_constraint: Any = None,
        gamma_constraint: Any = None,
        **kwargs: Any,
    ) -> None:
        self.groups = -1 if groups == -1 else as_count(groups, "GroupNormalization's groups")
        if isinstance(axis, bool) or not isinstance(axis, int) or axis == 0:
            raise ValueError(f"GroupNormalization's axis must be a whole number and not 0, the batch, got {axis!r}.")
        initializers = {"beta_initializer": beta_initializer, "gamma_initializer": gamma_initializer}
        regularizers = {"beta_regularizer": beta_regularizer, "gamma_regularizer": gamma_regularizer}
        constraints = {"beta_constraint": beta_constraint, "gamma_constraint": gamma_constraint}
        super().__init__(-1, epsilon, center, scale, **initializers, **regularizers, **constraints, **kwargs)
        self.axis = axis

    def build(self, input_shape: Shape) -> None:
        rank = len(input_shape)
        size = input_shape[self.axis] if -rank < self.axis < rank else None
        if size is None or (self.groups > 0 and size % self.groups):
            raise ValueError(
                f"{self.name} divides axis {self.axis} of samples of shape {input_shape[1:]} into {self.groups} groups of "
                "equal size. Give a number of groups that divides its size."
            )
        super().build((None, size))

    def compute(
        self, inputs: tuple[Tensor, ...], masks: tuple[Tensor | None, ...], weights: Sequence[Tensor], training: bool
    ) -> Tensor:
        (x,), given = inputs, iter(weights)
        axis = self.axis % x.ndim
        size = x.shape[axis]
        groups = size if self.groups == -1 else self.groups
        # All axes of a sample but the groups are one, so that arrays have at most four axes whatever x has.
        before, behind = (math.prod(sizes) for sizes in (x.shape[1:axis], x.shape[axis + 1 :]))
        grouped = ops.reshape(x, (x.shape[0], before, groups, size // groups * behind))
        centred = ops.subtract(grouped, ops.mean(grouped, (1, 3), keepdims=True))
        scaled = ops.multiply(centred, ops.rsqrt(ops.add(ops.mean(ops.square(centred), (1, 3), keepdims=True), self.epsilon)))
        y: Tensor = ops.reshape(scaled, x.shape)
        shape = [n if k == axis else 1 for k, n in enumerate(x.shape)]
        if self.scale:
            y = ops.multiply(y, ops.reshape(next(given), shape))
        if self.center:
            y = ops.add(y, ops.reshape(next(given), shape))
        return y

    def get_config(self) -> dict[str, Any]:
        return {**super().get_config(), "groups": self.groups, "axis": self.axis}
