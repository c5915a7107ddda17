"""Regularizers, as ``keras.regularizers``: penalties on weights, or on a layer's output, that join the loss."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any, Self

import numpy as np
import numpy.typing as npt

from . import serialization
from .absent import absent
from .inputs import as_number
from .subclassing import Named
from .tracing import name_of

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

#: A row or column shorter than this is not scaled to length 1 but divided by this (Keras's epsilon).
_SHORT = 1e-7


class Regularizer(Named):
    """The base of all regularizers, as ``keras.regularizers.Regularizer``.

    A subclass overrides :meth:`__call__`, :meth:`gradient` and :meth:`get_config`. Both see NumPy arrays: a weight, or as an
    ``activity_regularizer`` a layer's output, whose penalty is then divided by the batch size.
    """

    called = ("__call__", "gradient")
    together = {("__call__", "gradient"): "and training follows the gradient while the loss reports the penalty"}

    def __call__(self, x: Values) -> float:
        """The penalty of ``x``."""
        raise NotImplementedError(f"{type(self).__name__} must override __call__(x).")

    def gradient(self, x: Values) -> Values:
        """The penalty's gradient, of the shape of ``x``."""
        raise NotImplementedError(f"{type(self).__name__} must override gradient(x).")

    def get_config(self) -> dict[str, Any]:
        """The arguments that make an equal regularizer."""
        return {}

    @classmethod
    def from_config(cls, config: dict[str, Any]) -> Self:
        """A regularizer of :meth:`get_config`'s arguments."""
        return cls(**config)


class L1L2(Regularizer):
    """``l1 * sum(abs(x)) + l2 * sum(x**2)``; the slope of ``abs`` at 0 is 0.

    Parameters
    ----------
    l1, l2 : float
        At least 0.
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
    """``l1 * sum(abs(x))`` (Tibshirani 1996)."""

    not_settable = {"l2": "Make a regularizer of both: L1L2(l1=..., l2=...)."}

    def __init__(self, l1: float = 0.01) -> None:
        super().__init__(l1=l1)

    def get_config(self) -> dict[str, Any]:
        return {"l1": self.l1}


class L2(L1L2):
    """``l2 * sum(x**2)`` (Krogh and Hertz 1992)."""

    not_settable = {"l1": "Make a regularizer of both: L1L2(l1=..., l2=...)."}

    def __init__(self, l2: float = 0.01) -> None:
        super().__init__(l2=l2)

    def get_config(self) -> dict[str, Any]:
        return {"l2": self.l2}


class OrthogonalRegularizer(Regularizer):
    """``factor`` times the mean of ``abs(cos)`` of the angles between all pairs of rows, or of columns, of a matrix.

    Parameters
    ----------
    factor : float
        At least 0.
    mode : "rows" or "columns"

    Raises
    ------
    ValueError
        When called with anything but a matrix. A single row has no pairs and no penalty.
    """

    def __init__(self, factor: float = 0.01, mode: str = "rows") -> None:
        self.factor = as_number(factor, "factor", "[0, inf)")
        self.mode = serialization.choose(mode, ("rows", "columns"), "mode")

    def __call__(self, x: Values) -> float:
        unit, _ = self._units(x)
        return float(self._scale(unit) * np.sum(np.abs(_between(unit))) / 2)

    def gradient(self, x: Values) -> Values:
        unit, lengths = self._units(x)
        slope = self._scale(unit) * np.sign(_between(unit)) @ unit
        along = np.where(lengths > _SHORT, np.sum(unit * slope, axis=1, keepdims=True), 0)
        gradient = (slope - along * unit) / np.maximum(lengths, _SHORT)
        return np.asarray(gradient if self.mode == "rows" else gradient.T)

    def get_config(self) -> dict[str, Any]:
        return {"factor": self.factor, "mode": self.mode}

    def _units(self, x: Values) -> tuple[Values, Values]:
        """The rows or columns as rows of length 1, and how long they were."""
        if x.ndim != 2:
            raise ValueError(f"OrthogonalRegularizer expects a matrix, got shape {x.shape}. Take another one for this weight.")
        rows = x if self.mode == "rows" else x.T
        lengths = np.linalg.norm(rows, axis=1, keepdims=True)
        return rows / np.maximum(lengths, _SHORT), lengths

    def _scale(self, unit: Values) -> float:
        pairs = len(unit) * (len(unit) - 1) / 2
        return self.factor / max(pairs, 1)


def _between(unit: Values) -> Values:
    """The cosines between different rows, 0 on the diagonal."""
    cosines = unit @ unit.T
    np.fill_diagonal(cosines, 0)
    return cosines


#: Keras's other spellings of the classes.
l1, l2, l1_l2, orthogonal_regularizer = L1, L2, L1L2, OrthogonalRegularizer

_NAMES = {"l1": L1, "l2": L2, "l1_l2": L1L2, "orthogonal_regularizer": OrthogonalRegularizer}
_REGISTRY: dict[str, type[Regularizer]] = {name: cls for key, cls in _NAMES.items() for name in (key, cls.__name__)}


def get(identifier: Any) -> Regularizer | None:
    """The regularizer that a name, an object, a class or a dict stands for, as ``keras.regularizers.get``; None is none.

    Raises
    ------
    ValueError
        For an unknown name, with the nearest known one.
    TypeError
        For anything that is none of these. A function of your own has no gradient here: make a subclass of
        :class:`Regularizer`.
    """
    if callable(identifier) and not isinstance(identifier, (type, Regularizer)):
        raise TypeError(
            f"the function {name_of(identifier)!r} cannot be a regularizer, since training needs its gradient. Write a class: "
            "class Mine(numba_lstm.regularizers.Regularizer) with __call__(self, x) and gradient(self, x), and give Mine()."
        )
    return None if identifier is None else serialization.get(identifier, _REGISTRY, "regularizer", Regularizer)


def deserialize(config: Any, custom_objects: Mapping[str, type[Regularizer]] | None = None) -> Regularizer | None:
    """What :func:`serialize` made a dict of; ``custom_objects`` has classes of your own by name."""
    return (
        None
        if config is None
        else serialization.get(config, {**_REGISTRY, **(custom_objects or {})}, "regularizer", Regularizer)
    )


def serialize(regularizer: Regularizer | None) -> dict[str, Any] | None:
    """A regularizer as a dict of its class name and config; :func:`get` turns it back."""
    return None if regularizer is None else serialization.serialize(regularizer)


if not TYPE_CHECKING:
    __getattr__ = absent(__name__)
