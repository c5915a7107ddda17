"""Initializers without random numbers: Zeros, Ones, Constant and Identity."""

from __future__ import annotations

from typing import Any

import numpy as np
import numpy.typing as npt

from ..inputs import as_real
from .base import Initializer, Values


class Zeros(Initializer):
    """Weights of 0."""

    def draw(self, shape: tuple[int, ...]) -> Values:
        return np.zeros(shape)


class Ones(Initializer):
    """Weights of 1."""

    def draw(self, shape: tuple[int, ...]) -> Values:
        return np.ones(shape)


class Constant(Initializer):
    """Weights of one ``value``, or with the values of an array.

    Parameters
    ----------
    value : float or array
        A number, or an array that broadcasts to the shape of the weight, as a table of pretrained embeddings (K, D). An array
        is copied, and saved with the model.

    Raises
    ------
    TypeError, ValueError
        For anything but real numbers, and in a call for a shape that the array does not broadcast to.
    """

    def __init__(self, value: npt.ArrayLike = 0.0) -> None:
        array = as_real(value, "Constant's value")
        table = array.astype(np.float64)
        table.setflags(write=False)
        self.value: Any = table if table.ndim else float(table)

    def draw(self, shape: tuple[int, ...]) -> Values:
        try:
            return np.array(np.broadcast_to(np.asarray(self.value, np.float64), shape))
        except ValueError:
            raise ValueError(
                f"Constant has values of shape {self.value.shape}, but the weight has {shape}. Give an array of that shape."
            ) from None

    def get_config(self) -> dict[str, Any]:
        """Return the arguments that make an equal initializer, an array as nested lists."""
        return {"value": self.value if isinstance(self.value, float) else self.value.tolist()}


class Identity(Initializer):
    """Matrices with ``gain`` on the diagonal and 0 elsewhere."""

    def __init__(self, gain: float = 1.0) -> None:
        self.gain = float(gain)

    def draw(self, shape: tuple[int, ...]) -> Values:
        if len(shape) != 2:
            raise ValueError(f"Identity makes matrices, got shape {shape}. Give two axes, or take another initializer.")
        return self.gain * np.eye(*shape)

    def get_config(self) -> dict[str, Any]:
        return {"gain": self.gain}
