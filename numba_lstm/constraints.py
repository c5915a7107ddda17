"""Constraints, as ``keras.constraints``: projections of a weight after each step of an optimizer."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import TYPE_CHECKING, Any, Self

import numpy as np
import numpy.typing as npt

from .inputs import as_number, as_numbers
from .naming import names
from .naming.absent import absent
from .naming.names import name_of
from .objects import serialization
from .objects.subclassing import Named

__all__ = [
    "Constraint",
    "MaxNorm",
    "MinMaxNorm",
    "NonNeg",
    "UnitNorm",
    "deserialize",
    "get",
    "max_norm",
    "min_max_norm",
    "non_neg",
    "serialize",
    "unit_norm",
]

Values = npt.NDArray[Any]

#: Added to norms before a division (Keras's epsilon).
_EPSILON = 1e-7


class Constraint(Named):
    """Base class of all constraints, as ``keras.constraints.Constraint``. A subclass overrides :meth:`__call__`."""

    checked_methods = ("__call__",)

    def __call__(self, w: Values) -> Values:
        """Return the constrained weight, of the shape of ``w``, which is read-only."""
        raise NotImplementedError(f"{type(self).__name__} must override __call__(w).")

    def get_config(self) -> dict[str, Any]:
        """Return the arguments that make an equal constraint."""
        return {}

    @classmethod
    def from_config(cls, config: dict[str, Any]) -> Self:
        """Make a constraint of the arguments that :meth:`get_config` returned."""
        return cls(**config)


class NonNeg(Constraint):
    """Non-negative weights, ``max(w, 0)``."""

    def __call__(self, w: Values) -> Values:
        return np.maximum(w, 0)


class MinMaxNorm(Constraint):
    """Norms within ``[min_value, max_value]``.

    A vector along ``axis`` with the norm n is multiplied by
    ``(rate * clip(n, min_value, max_value) + (1 - rate) * n) / (n + 1e-7)``.

    Parameters
    ----------
    min_value, max_value : float
        Bounds of the norms, ``0 <= min_value <= max_value``.
    rate : float
        Rate in (0, 1] at which the bounds are enforced. 1 enforces them fully in each step.
    axis : int or sequence of int
        Axis of the vectors. In a kernel (D, C), 0 is for the incoming weights of each unit.
    """

    def __init__(
        self, min_value: float = 0.0, max_value: float = 1.0, rate: float = 1.0, axis: int | Sequence[int] = 0
    ) -> None:
        self.min_value = as_number(min_value, "min_value", "[0, inf)")
        self.max_value = as_number(max_value, "max_value", f"[{self.min_value}, inf]")
        self.rate = as_number(rate, "rate", "(0, 1]")
        self.axis = _as_axis(axis)

    def __call__(self, w: Values) -> Values:
        norms = np.sqrt(np.sum(np.square(w), axis=self.axis, keepdims=True))
        target = self.rate * np.clip(norms, self.min_value, self.max_value) + (1 - self.rate) * norms
        return np.asarray(w * (target / (norms + _EPSILON)))

    def get_config(self) -> dict[str, Any]:
        return {"min_value": self.min_value, "max_value": self.max_value, "rate": self.rate, **self._axis_config()}

    def _axis_config(self) -> dict[str, Any]:
        return {"axis": list(self.axis) if isinstance(self.axis, tuple) else self.axis}


class MaxNorm(MinMaxNorm):
    """Norms along ``axis`` of at most ``max_value`` (Srivastava et al. 2014)."""

    def __init__(self, max_value: float = 2.0, axis: int | Sequence[int] = 0) -> None:
        super().__init__(max_value=max_value, axis=axis)

    def get_config(self) -> dict[str, Any]:
        return {"max_value": self.max_value, **self._axis_config()}


class UnitNorm(MinMaxNorm):
    """Norms of 1 along ``axis``. Vectors of zeros stay zeros."""

    def __init__(self, axis: int | Sequence[int] = 0) -> None:
        super().__init__(min_value=1.0, axis=axis)

    def get_config(self) -> dict[str, Any]:
        return self._axis_config()


class FunctionConstraint(Constraint):
    """Constraint that calls a function ``w -> w``.

    Parameters
    ----------
    function : callable
        Returns an array of the shape of ``w``.
    """

    #: Error when a model with this constraint is saved.
    unsaved = (
        "its constraint {name!r} is a function of your own, which no file holds. Write a class: class Mine("
        "numba_lstm.constraints.Constraint) with __call__(self, w), here and in custom_objects= where the model is loaded. "
        "Or keep the weights alone: model.save_weights(path)."
    )

    def __init__(self, function: Callable[[Values], Values]) -> None:
        self.function, self.name = function, name_of(function)

    def __call__(self, w: Values) -> Values:
        values = as_numbers(self.function(w), f"the result of the constraint {self.name!r}")
        if values.shape != w.shape:
            raise ValueError(
                f"the constraint {self.name!r} returns an array of shape {values.shape} for a weight of shape {w.shape}. "
                "Return one of the same shape."
            )
        return values

    def get_config(self) -> dict[str, Any]:
        return {"function": self.function}


def _as_axis(axis: Any) -> int | tuple[int, ...]:
    axes = axis if isinstance(axis, (list, tuple)) else (axis,)
    if not axes or any(isinstance(a, bool) or not isinstance(a, (int, np.integer)) for a in axes):
        raise TypeError(f"axis must be a whole number or a list of them, got {axis!r}.")
    return tuple(int(a) for a in axes) if isinstance(axis, (list, tuple)) else int(axis)


#: Aliases of the classes in Keras.
max_norm, non_neg, unit_norm, min_max_norm = MaxNorm, NonNeg, UnitNorm, MinMaxNorm

_CLASSES: tuple[type[Constraint], ...] = (MaxNorm, NonNeg, UnitNorm, MinMaxNorm)
_REGISTRY = {name: cls for cls in _CLASSES for name in (cls.__name__, names.snake_case(cls.__name__))}


def get(identifier: Any) -> Constraint | None:
    """Return the constraint of a name, an object, a class, a dict or a function, as ``keras.constraints.get``.

    None stays None.

    Raises
    ------
    ValueError
        For an unknown name, with the nearest known one.
    TypeError
        For anything else.
    """
    if callable(identifier) and not isinstance(identifier, (type, Constraint)):
        return FunctionConstraint(identifier)
    return None if identifier is None else serialization.get(identifier, _REGISTRY, "constraint", Constraint)


def deserialize(config: Any, custom_objects: Mapping[str, type[Constraint]] | None = None) -> Constraint | None:
    """Return the constraint of a dict that :func:`serialize` returned; ``custom_objects`` maps names to custom classes."""
    return (
        None if config is None else serialization.get(config, {**_REGISTRY, **(custom_objects or {})}, "constraint", Constraint)
    )


def serialize(constraint: Constraint | None) -> dict[str, Any] | Constraint | None:
    """Return a dict of a constraint's class name and config. :func:`get` is the inverse.

    A constraint that calls a function is returned as it is. It can be copied but not saved.
    """
    if isinstance(constraint, FunctionConstraint):
        return constraint
    return None if constraint is None else serialization.serialize(constraint)


if not TYPE_CHECKING:
    __getattr__ = absent(__name__)
