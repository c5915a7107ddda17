"""Regularizers, as ``keras.regularizers``: penalties on weights or on a layer's output, which are added to the loss."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any, Self

import numpy as np
import numpy.typing as npt

from .inputs import as_number
from .naming.absent import absent
from .naming.names import name_of
from .objects import serialization
from .objects.subclassing import Named

__all__ = [
    "L1",
    "L1L2",
    "L2",
    "OrthogonalRegularizer",
    "Regularizer",
    "deserialize",
    "get",
    "l1",
    "l1_l2",
    "l2",
    "orthogonal_regularizer",
    "serialize",
]

Values = npt.NDArray[Any]

#: Minimum length by which a row or column is divided (Keras's epsilon).
_MIN_LENGTH = 1e-7


class Regularizer(Named):
    """Base class of all regularizers, as ``keras.regularizers.Regularizer``.

    A subclass overrides :meth:`__call__`, :meth:`gradient` and :meth:`get_config`. The argument is a NumPy array: a weight, or
    a layer's output for an ``activity_regularizer``, whose penalty is divided by the batch size.
    """

    checked_methods = ("__call__", "gradient")
    paired_methods = {("__call__", "gradient"): "and training follows the gradient while the loss reports the penalty"}

    def __call__(self, x: Values) -> float:
        """Return the penalty of ``x``."""
        raise NotImplementedError(f"{type(self).__name__} must override __call__(x).")

    def gradient(self, x: Values) -> Values:
        """Return the gradient of the penalty, of the shape of ``x``."""
        raise NotImplementedError(f"{type(self).__name__} must override gradient(x).")

    def get_config(self) -> dict[str, Any]:
        """Return the arguments that make an equal regularizer."""
        return {}

    @classmethod
    def from_config(cls, config: dict[str, Any]) -> Self:
        """Make a regularizer of the arguments that :meth:`get_config` returned."""
        return cls(**config)


class L1L2(Regularizer):
    """Penalty ``l1 * sum(abs(x)) + l2 * sum(x**2)``. The derivative of ``abs`` at 0 is 0.

    Parameters
    ----------
    l1, l2 : float
        Factors, at least 0.
    """

    def __init__(self, l1: float = 0.0, l2: float = 0.0) -> None:
        self.l1 = as_number(l1, "l1", "[0, inf)")
        self.l2 = as_number(l2, "l2", "[0, inf)")

    def __call__(self, x: Values) -> float:
        penalty = self.l1 * np.sum(np.abs(x), dtype=np.float64) if self.l1 else 0.0
        return float(penalty + (self.l2 * np.sum(np.square(x), dtype=np.float64) if self.l2 else 0.0))

    def gradient(self, x: Values) -> Values:
        slope = 2 * self.l2 * x
        return slope + self.l1 * np.sign(x) if self.l1 else slope

    def get_config(self) -> dict[str, Any]:
        return {"l1": self.l1, "l2": self.l2}


class L1(L1L2):
    """Penalty ``l1 * sum(abs(x))`` (Tibshirani 1996)."""

    not_settable = {"l2": "Make a regularizer of both: L1L2(l1=..., l2=...)."}

    def __init__(self, l1: float = 0.01) -> None:
        super().__init__(l1=l1)

    def get_config(self) -> dict[str, Any]:
        return {"l1": self.l1}


class L2(L1L2):
    """Penalty ``l2 * sum(x**2)`` (Krogh and Hertz 1992)."""

    not_settable = {"l1": "Make a regularizer of both: L1L2(l1=..., l2=...)."}

    def __init__(self, l2: float = 0.01) -> None:
        super().__init__(l2=l2)

    def get_config(self) -> dict[str, Any]:
        return {"l2": self.l2}


class OrthogonalRegularizer(Regularizer):
    """Penalty ``factor * mean(abs(cos))`` of the angles between all pairs of rows, or of columns, of a matrix.

    Parameters
    ----------
    factor : float
        Factor of the penalty, at least 0.
    mode : "rows" or "columns"
        Vectors that should be orthogonal.

    Raises
    ------
    ValueError
        If called with anything but a matrix. A single row has no pairs and no penalty.
    """

    def __init__(self, factor: float = 0.01, mode: str = "rows") -> None:
        self.factor = as_number(factor, "factor", "[0, inf)")
        self.mode = serialization.choose(mode, ("rows", "columns"), "mode")

    def __call__(self, x: Values) -> float:
        unit, _ = self._units(x)
        return float(self._scale(unit) * np.sum(np.abs(_cosines(unit))) / 2)

    def gradient(self, x: Values) -> Values:
        unit, lengths = self._units(x)
        slope = self._scale(unit) * np.sign(_cosines(unit)) @ unit
        along = np.where(lengths > _MIN_LENGTH, np.sum(unit * slope, axis=1, keepdims=True), 0)
        gradient = (slope - along * unit) / np.maximum(lengths, _MIN_LENGTH)
        return np.asarray(gradient if self.mode == "rows" else gradient.T)

    def get_config(self) -> dict[str, Any]:
        return {"factor": self.factor, "mode": self.mode}

    def _units(self, x: Values) -> tuple[Values, Values]:
        """Return the rows or columns as rows of length 1, and their lengths."""
        if x.ndim != 2:
            raise ValueError(f"OrthogonalRegularizer expects a matrix, got shape {x.shape}. Take another one for this weight.")
        rows = x if self.mode == "rows" else x.T
        lengths = np.linalg.norm(rows, axis=1, keepdims=True)
        return rows / np.maximum(lengths, _MIN_LENGTH), lengths

    def _scale(self, unit: Values) -> float:
        pairs = len(unit) * (len(unit) - 1) / 2
        return self.factor / max(pairs, 1)


def _cosines(unit: Values) -> Values:
    """Return the cosines between different rows, 0 on the diagonal."""
    cosines = unit @ unit.T
    np.fill_diagonal(cosines, 0)
    return cosines


#: Aliases of the classes in Keras.
l1, l2, l1_l2, orthogonal_regularizer = L1, L2, L1L2, OrthogonalRegularizer

_NAMES = {"l1": L1, "l2": L2, "l1_l2": L1L2, "orthogonal_regularizer": OrthogonalRegularizer}
_REGISTRY: dict[str, type[Regularizer]] = {name: cls for key, cls in _NAMES.items() for name in (key, cls.__name__)}


def get(identifier: Any) -> Regularizer | None:
    """Return the regularizer of a name, an object, a class or a dict, as ``keras.regularizers.get``. None stays None.

    Raises
    ------
    ValueError
        For an unknown name, with the nearest known one.
    TypeError
        For anything else. A function has no gradient here: make a subclass of :class:`Regularizer`.
    """
    if callable(identifier) and not isinstance(identifier, (type, Regularizer)):
        raise TypeError(
            f"the function {name_of(identifier)!r} cannot be a regularizer, since training needs its gradient. Write a class: "
            "class Mine(numba_lstm.regularizers.Regularizer) with __call__(self, x) and gradient(self, x), and give Mine()."
        )
    return None if identifier is None else serialization.get(identifier, _REGISTRY, "regularizer", Regularizer)


def deserialize(config: Any, custom_objects: Mapping[str, type[Regularizer]] | None = None) -> Regularizer | None:
    """Return the regularizer of a dict that :func:`serialize` returned; ``custom_objects`` maps names to custom classes."""
    return (
        None
        if config is None
        else serialization.get(config, {**_REGISTRY, **(custom_objects or {})}, "regularizer", Regularizer)
    )


def serialize(regularizer: Regularizer | None) -> dict[str, Any] | None:
    """Return a dict of a regularizer's class name and config. :func:`get` is the inverse."""
    return None if regularizer is None else serialization.serialize(regularizer)


if not TYPE_CHECKING:
    __getattr__ = absent(__name__)
