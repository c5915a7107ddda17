"""Dot: sum products of two inputs."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from ... import ops
from ...ops.tensor import Tensor
from ..base.arguments import Shape
from ..traced import SeveralInputs


class Dot(SeveralInputs):
    """Sum product of two inputs over one axis of each, sample by sample, as ``keras.layers.Dot``. A mask ends here.

    Parameters
    ----------
    axes : int or tuple of int
        The axis of both, or one of each: not the batch axis.
    normalize : bool
        Whether to divide the inputs by their Euclidean norms along these axes, which gives the cosine of their angle.
    **kwargs
        Those of :class:`~numba_lstm.layers.Layer`.
    """

    at_least = at_most = 2

    def __init__(self, axes: int | Sequence[int], normalize: bool = False, **kwargs: Any) -> None:
        pair = (axes, axes) if isinstance(axes, int) else tuple(axes) if isinstance(axes, (list, tuple)) else ()
        if len(pair) != 2 or any(not isinstance(axis, int) or axis == 0 for axis in pair):
            raise ValueError(f"Dot's axes must be a whole number or two, none of them 0, the batch axis, got {axes!r}.")
        self.axes = axes if isinstance(axes, int) else list(axes)
        self.normalize = bool(normalize)
        super().__init__(**kwargs)

    def _axes(self, shapes: Sequence[Sequence[Any]]) -> tuple[int, int]:
        first, second = (self.axes, self.axes) if isinstance(self.axes, int) else self.axes
        return first % len(shapes[0]), second % len(shapes[1])

    def check_shapes(self, shapes: tuple[Shape, ...]) -> None:
        first, second = self._axes(shapes)
        if 0 in (first, second) or len({shapes[0][first], shapes[1][second]} - {None}) > 1:
            raise ValueError(f"{self.name} expects equal sizes along axes {first} and {second}, got shapes {list(shapes)}.")

    def compute_output_shape(self, input_shape: Any) -> Shape:
        first, second = self._axes(input_shape)
        left = [size for k, size in enumerate(input_shape[0]) if k != first]
        right = [size for k, size in enumerate(input_shape[1]) if k not in (0, second)]
        return (*left, *right) if len(left) + len(right) > 1 else (left[0], 1)

    def compute(
        self, inputs: tuple[Tensor, ...], masks: tuple[Tensor | None, ...], weights: Sequence[Tensor], training: bool
    ) -> Tensor:
        a, b = inputs
        first, second = self._axes((a.shape, b.shape))
        if self.normalize:
            a, b = _normalized(a, first), _normalized(b, second)
        left, right = [f"{'abcdefgh'[k]}" for k in range(a.ndim)], [f"{'ijklmnop'[k]}" for k in range(b.ndim)]
        right[0], right[second] = left[0], left[first]
        target = [letter for letter in (*left, *right[1:]) if letter != left[first]]
        y: Tensor = ops.einsum(f"{''.join(left)},{''.join(right)}->{''.join(target)}", a, b)
        return ops.reshape(y, (-1, 1)) if y.ndim == 1 else y

    def compute_mask_of(self, inputs: tuple[Tensor, ...], masks: tuple[Tensor | None, ...]) -> None:
        return None

    def get_config(self) -> dict[str, Any]:
        return {**super().get_config(), "axes": self.axes, "normalize": self.normalize}


def _normalized(x: Tensor, axis: int) -> Tensor:
    """Return x divided by its Euclidean norm, of at least 1e-6."""
    norm = ops.sqrt(ops.maximum(ops.sum(ops.square(x), axis, keepdims=True), 1e-12))
    normalized: Tensor = ops.divide(x, norm)
    return normalized
