"""Initializer: the base class, and a context without initial values for readers of files."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from contextvars import ContextVar
from functools import wraps
from typing import Any, Self

import numpy as np
import numpy.typing as npt

from ..inputs import as_numbers
from ..objects.subclassing import Named

Values = npt.NDArray[Any]

#: Number of elements that may still be allocated in :func:`skip_initialization`, None outside of it.
_remaining: ContextVar[list[float] | None] = ContextVar("_remaining", default=None)


@contextmanager
def skip_initialization(max_elements: float | None = None) -> Iterator[None]:
    """Initialize weights with zeros within this context, for readers of files, which overwrite them, and for trial runs.

    More than ``max_elements`` elements in total raise ValueError before they are allocated, whatever size a file claims.
    Default: as many as an outer context has left, which do not count there.
    """
    outer = _remaining.get()
    token = _remaining.set([(math.inf if outer is None else outer[0]) if max_elements is None else max_elements])
    try:
        yield
    finally:
        _remaining.reset(token)


class Initializer(Named):
    """Base class of all initializers, as ``keras.initializers.Initializer``.

    A subclass overrides :meth:`draw`, or ``__call__(shape, dtype)`` as in Keras.
    """

    checked_methods = ("__call__", "draw")

    name = ""  #: name in errors, by default that of the class

    @classmethod
    def check_class(cls) -> None:
        """Also wrap the ``__call__`` of a custom class in a check of the returned shape."""
        super().check_class()
        if "__call__" in vars(cls):
            cls.__call__ = _with_shape_check(cls.__call__)  # type: ignore[method-assign]

    def __call__(self, shape: Sequence[int], dtype: npt.DTypeLike = "float32") -> Values:
        """Return an array of ``shape`` and ``dtype``."""
        shape, remaining = tuple(shape), _remaining.get()
        if remaining is None:
            values: Values = _check_shape(self, self._compute(shape, dtype), shape).astype(dtype)
            return values
        remaining[0] -= math.prod(shape)
        if remaining[0] < 0:
            raise ValueError(f"a weight of shape {shape} is more than there are values for.")
        return np.zeros(shape, dtype)

    def _compute(self, shape: tuple[int, ...], dtype: npt.DTypeLike) -> Any:
        """Return the values, before they are checked and rounded to ``dtype``."""
        return self.draw(shape)

    def draw(self, shape: tuple[int, ...]) -> Values:
        """Draw the values, float64."""
        raise NotImplementedError(f"{type(self).__name__} must override draw(shape).")

    def get_config(self) -> dict[str, Any]:
        """Return the arguments that make an equal initializer."""
        return {}

    @classmethod
    def from_config(cls, config: dict[str, Any]) -> Self:
        """Make an initializer of the arguments that :meth:`get_config` returned."""
        return cls(**config)


def _with_shape_check(call: Callable[..., Any]) -> Callable[..., Any]:
    @wraps(call)
    def checked(self: Initializer, shape: Sequence[int], *arguments: Any, **options: Any) -> Values:
        return _check_shape(self, call(self, shape, *arguments, **options), tuple(shape))

    return checked


def _check_shape(initializer: Initializer, array: Any, shape: tuple[int, ...]) -> Values:
    name = initializer.name or type(initializer).__name__
    values = as_numbers(array, f"the result of {name}")
    if values.shape != shape:
        raise ValueError(f"{name} returns an array of shape {values.shape}, where {shape} was asked for.")
    return values
