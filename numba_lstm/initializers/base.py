"""What an initializer is, and how readers leave values out that they overwrite."""

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
from ..subclassing import Named

Values = npt.NDArray[Any]

#: How many elements readers may still make; None where nobody reads, and values are drawn.
_left: ContextVar[list[float] | None] = ContextVar("_left", default=None)


@contextmanager
def skipped(at_most: float = math.inf) -> Iterator[None]:
    """Within this context initial values are zeros and nothing is drawn: for readers, which overwrite them.

    More than ``at_most`` elements in all are a ValueError before they are allocated: a size that a file claims costs nothing.
    """
    token = _left.set([at_most])
    try:
        yield
    finally:
        _left.reset(token)


class Initializer(Named):
    """The base of all initializers, as ``keras.initializers.Initializer``.

    A subclass overrides :meth:`draw`, or as in Keras ``__call__(shape, dtype)``.
    """

    called = ("__call__", "draw")

    name = ""  #: What errors call it; by default its class's name

    @classmethod
    def check_class(cls) -> None:
        """See to it also that ``__call__`` of a class of one's own answers the shape that it is asked for."""
        super().check_class()
        if "__call__" in vars(cls):
            cls.__call__ = _shaped(cls.__call__)  # type: ignore[method-assign]

    def __call__(self, shape: Sequence[int], dtype: npt.DTypeLike = "float32") -> Values:
        """An array of ``shape`` and ``dtype``."""
        shape, left = tuple(shape), _left.get()
        if left is None:
            drawn: Values = _of_shape(self, self.drawn(shape, dtype), shape).astype(dtype)
            return drawn
        left[0] -= math.prod(shape)
        if left[0] < 0:
            raise ValueError(f"a weight of shape {shape} is more than there are values for.")
        return np.zeros(shape, dtype)

    def drawn(self, shape: tuple[int, ...], dtype: npt.DTypeLike) -> Any:
        """The values, before they are checked and rounded to ``dtype``."""
        return self.draw(shape)

    def draw(self, shape: tuple[int, ...]) -> Values:
        """The values, float64."""
        raise NotImplementedError(f"{type(self).__name__} must override draw(shape).")

    def get_config(self) -> dict[str, Any]:
        """The arguments that make an equal initializer."""
        return {}

    @classmethod
    def from_config(cls, config: dict[str, Any]) -> Self:
        """An initializer of :meth:`get_config`'s arguments."""
        return cls(**config)


def _shaped(call: Callable[..., Any]) -> Callable[..., Any]:
    @wraps(call)
    def checked(self: Initializer, shape: Sequence[int], *arguments: Any, **options: Any) -> Values:
        return _of_shape(self, call(self, shape, *arguments, **options), tuple(shape))

    return checked


def _of_shape(initializer: Initializer, answer: Any, shape: tuple[int, ...]) -> Values:
    name = initializer.name or type(initializer).__name__
    values = as_numbers(answer, f"the answer of {name}")
    if values.shape != shape:
        raise ValueError(f"{name} answers an array of shape {values.shape}, where {shape} was asked for.")
    return values
