"""RMSNormalization: inputs divided by the root of their mean square."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from ... import ops
from ...inputs import as_number
from ...ops.tensor import Tensor
from ..traced import ComputedLayer


class RMSNormalization(ComputedLayer):
    """``x / sqrt(mean(x ** 2) + epsilon) * scale`` along axes (Zhang & Sennrich 2019), as ``keras.layers.RMSNormalization``.

    A mask that comes in ends here, as in Keras.

    Parameters
    ----------
    axis : int or list of int
        Any but the batch axis.
    epsilon : float
        A small positive number.
    **kwargs
        Those of :class:`~numba_lstm.layers.Layer`.
    """

    ranks = (2, 3, 4, 5)
    supports_masking = False

    def __init__(self, axis: int | Sequence[int] = -1, epsilon: float = 1e-6, **kwargs: Any) -> None:
        axes = [axis] if isinstance(axis, int) else list(axis) if isinstance(axis, (list, tuple)) else []
        if not axes or any(isinstance(one, bool) or not isinstance(one, int) or one == 0 for one in axes):
            raise ValueError(f"RMSNormalization's axis must be a whole number or a list, and not 0, got {axis!r}.")
        self.axis: list[int] = sorted(axes)
        self.epsilon = as_number(epsilon, "RMSNormalization's epsilon", "(0, inf)")
        super().__init__(**kwargs)

    def build(self, input_shape: Any) -> None:
        rank = len(input_shape)
        if any(not -rank <= axis < rank or input_shape[axis] is None for axis in self.axis):
            raise ValueError(
                f"{self.name} normalizes along axis {self.axis}, got samples of shape {input_shape[1:]}. Give their sizes."
            )
        self.scale = self.add_weight(tuple(input_shape[axis] for axis in self.axis), "ones", name="scale")

    def compute(
        self, inputs: tuple[Tensor, ...], masks: tuple[Tensor | None, ...], weights: Sequence[Tensor], training: bool
    ) -> Tensor:
        (x,), (scale,) = inputs, weights
        axes = [axis % x.ndim for axis in self.axis]
        mean = ops.mean(ops.square(x), axes, keepdims=True)
        shape = [n if axis in axes else 1 for axis, n in enumerate(x.shape)]
        y: Tensor = ops.multiply(x, ops.multiply(ops.rsqrt(ops.add(mean, self.epsilon)), ops.reshape(scale, shape)))
        return y

    def compute_mask_of(self, inputs: tuple[Tensor, ...], masks: tuple[Tensor | None, ...]) -> None:
        return None

    def get_config(self) -> dict[str, Any]:
        return {**super().get_config(), "axis": list(self.axis), "epsilon": self.epsilon}
