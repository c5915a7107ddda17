"""Rescaling: numbers times a scale plus an offset."""

from __future__ import annotations

from typing import Any

import numpy as np
import numpy.typing as npt

from ...inputs import as_real
from ...kernels.contract import Array, Ops, Tape
from ...kernels.specs import Key
from ...variables import Variable
from ..base import Backward, Forward, Layer
from ..base.arguments import Shape
from .affine import constant, input_gradient


class Rescaling(Layer):
    """Compute ``x * scale + offset`` on the device; as ``keras.layers.Rescaling``.

    Parameters
    ----------
    scale, offset : float or array (D,)
        One number, or one for each feature.
    **kwargs
        Those of :class:`~numba_lstm.layers.Layer`.

    Raises
    ------
    TypeError, ValueError
        For anything but numbers, and when the layer is built for another number of features.
    """

    def __init__(self, scale: float | npt.ArrayLike, offset: float | npt.ArrayLike = 0.0, **kwargs: Any) -> None:
        self.scale, self.offset = _as_numbers(scale, "scale"), _as_numbers(offset, "offset")
        super().__init__(**kwargs)

    def build(self, input_shape: Shape) -> None:
        D = input_shape[-1]
        assert D is not None
        for name, value in (("scale", self.scale), ("offset", self.offset)):
            if isinstance(value, list) and len(value) != D:
                raise ValueError(f"{self.name} has {len(value)} numbers of {name}, got {D} features. Give one for each.")
        self._scale = Variable(np.broadcast_to(np.asarray(self.scale, self.dtype), D), "scale", trainable=False)
        self._offset = Variable(np.broadcast_to(np.asarray(self.offset, self.dtype), D), "offset", trainable=False)
        self._zero, self._one = constant(0, D, self.dtype), constant(1, D, self.dtype)

    def check_input(self, shape: Shape) -> None:
        super().check_input(shape)
        if self.built_shape is not None and shape[-1] != self.built_shape[-1]:
            raise ValueError(f"{self.name} is built for {self.built_shape[-1]} features, got shape {shape}. Make a new layer.")

    def forward(
        self,
        ops: Ops,
        x: Array,
        states: tuple[Array, ...] | None = None,
        mask: Array | None = None,
        training: bool = False,
        rng: Key | None = None,
    ) -> Forward:
        y, tape = ops.batch_norm_forward(x, self._scale, self._offset, self._zero, self._one, 0.0, training=training)
        return Forward(y, mask=mask, tape=tape)

    def backward(
        self, ops: Ops, tape: Tape, dy: Array, dstates: tuple[Array, ...] | None = None, *, need_dx: bool = True
    ) -> Backward:
        return input_gradient(ops, tape, dy, need_dx)

    def check_causal(self) -> None:
        """Do nothing: each step is computed by itself."""

    def get_config(self) -> dict[str, Any]:
        return {**super().get_config(), "scale": self.scale, "offset": self.offset}


def _as_numbers(value: Any, name: str) -> float | list[float]:
    """Return a number as a float, and an array of one axis as a list."""
    array = as_real(value, name).astype(np.float64)
    if array.ndim > 1 or not np.isfinite(array).all():
        raise ValueError(f"Rescaling's {name} must be a finite number, or one for each feature, got {value!r:.100}.")
    return [float(number) for number in array] if array.ndim else float(array)
