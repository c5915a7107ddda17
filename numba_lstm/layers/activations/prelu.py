"""PReLU: a rectified linear unit whose slope is learned."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from ... import constraints, initializers, ops, regularizers
from ...inputs import as_count
from ...ops.tensor import Tensor
from ..base.arguments import Shape
from ..traced import ComputedLayer


class PReLU(ComputedLayer):
    """``x`` where it is positive, else ``alpha * x`` with trained slopes (He et al. 2015); as ``keras.layers.PReLU``.

    Parameters
    ----------
    alpha_initializer : str, dict or Initializer
        Initial slopes, of the shape of a sample.
    alpha_regularizer : str, dict or Regularizer, optional
        Penalty of the slopes.
    alpha_constraint : str, dict or Constraint, optional
        What is done to the slopes after each update.
    shared_axes : int or list of int, optional
        Axes whose elements share a slope; 1 is the time axis of a sequence.
    **kwargs
        Those of :class:`~numba_lstm.layers.Layer`.
    """

    ranks = (2, 3, 4, 5)

    def __init__(
        self,
        alpha_initializer: Any = "Zeros",
        alpha_regularizer: Any = None,
        alpha_constraint: Any = None,
        shared_axes: int | Sequence[int] | None = None,
        **kwargs: Any,
    ) -> None:
        self.alpha_initializer = initializers.get(alpha_initializer)
        self.alpha_regularizer = regularizers.get(alpha_regularizer)
        self.alpha_constraint = constraints.get(alpha_constraint)
        axes = [shared_axes] if isinstance(shared_axes, int) else shared_axes
        self.shared_axes = None if axes is None else [as_count(axis, "an axis of PReLU's shared_axes") for axis in axes]
        super().__init__(**kwargs)

    def build(self, input_shape: Shape) -> None:
        shape = [1 if k in (self.shared_axes or ()) else size for k, size in enumerate(input_shape)][1:]
        if None in shape:
            raise ValueError(f"{self.name}: all axes of {input_shape} but the batch must be known. Give shared_axes=[1].")
        self.alpha = self.add_weight(
            shape,  # type: ignore[arg-type]  # no None is left
            self.alpha_initializer,
            regularizer=self.alpha_regularizer,
            constraint=self.alpha_constraint,
            name="alpha",
        )

    def compute(
        self, inputs: tuple[Tensor, ...], masks: tuple[Tensor | None, ...], weights: Sequence[Tensor], training: bool
    ) -> Tensor:
        (x,), (alpha,) = inputs, weights
        y: Tensor = ops.where(ops.greater(x, 0), x, ops.multiply(x, alpha))
        return y

    def get_config(self) -> dict[str, Any]:
        return {
            **super().get_config(),
            "alpha_initializer": initializers.serialize(self.alpha_initializer),
            "alpha_regularizer": regularizers.serialize(self.alpha_regularizer),
            "alpha_constraint": constraints.serialize(self.alpha_constraint),
            "shared_axes": self.shared_axes,
        }
