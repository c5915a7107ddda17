"""What a person's own activation may say, settled before anything is computed with it."""

from __future__ import annotations

import inspect
import numbers
from collections.abc import Callable
from functools import partial
from typing import Any

import numpy as np
from numpy.lib.mixins import NDArrayOperatorsMixin

from .kernels.specs import FUNCTIONS

_WORDS = f"Use + - * /, x ** number, comparisons, {', '.join(f'np.{name}' for name in FUNCTIONS)}."
_COMPARISONS = {np.greater, np.greater_equal, np.less, np.less_equal, np.equal, np.not_equal}
_KNOWN = {*_COMPARISONS, np.add, np.subtract, np.multiply, np.divide, *(getattr(np, name) for name in FUNCTIONS)}


class _Refused(TypeError):
    """A sentence about what a function does that no device can."""


class _Argument(NDArrayOperatorsMixin):
    """Stands for numbers while a function is tried, or where ``condition`` for the truth of a comparison."""

    def __init__(self, condition: bool = False) -> None:
        self.condition = condition

    def __array_ufunc__(self, ufunc: np.ufunc, method: str, *inputs: Any, **options: Any) -> _Argument:
        if ufunc not in _KNOWN or method != "__call__" or options:
            raise _Refused(f"it uses np.{ufunc.__name__}. {_WORDS}")
        return _numbers(*inputs, condition=ufunc in _COMPARISONS)

    def __array_function__(self, function: Callable[..., Any], types: Any, args: Any, options: Any) -> _Argument:
        if function not in _KNOWN or options:
            raise _Refused(f"it uses np.{function.__name__} {options or ''}. {_WORDS}")
        if function is not np.where:
            return _numbers(*args)
        if len(args) != 3 or not (isinstance(args[0], _Argument) and args[0].condition):
            raise _Refused("np.where takes a comparison and two values: np.where(x > 0, a, b).")
        return _numbers(*args[1:])

    def __pow__(self, exponent: Any) -> _Argument:
        if not isinstance(exponent, numbers.Real):
            raise _Refused(f"it raises to the power of {type(exponent).__name__}, but only x ** number can be.")
        return _numbers(self)

    def __bool__(self) -> bool:
        raise _Refused("it branches on its argument (if, and, or, min, max), which is many numbers at once: use np.where.")

    def __float__(self) -> float:
        raise _Refused("it needs a number, and gets many at once: use NumPy's functions, np.exp in place of math.exp.")


def _numbers(*values: Any, condition: bool = False) -> _Argument:
    for value in values:
        if isinstance(value, _Argument):
            if value.condition:
                raise _Refused("it computes with a comparison: use np.where(x > 0, a, b).")
        elif not isinstance(value, numbers.Real):
            raise _Refused(f"it computes with {type(value).__name__}, where only its argument and numbers can be. {_WORDS}")
    return _Argument(condition)


def is_own(function: Any) -> bool:
    """Whether ``function`` is Python that can be traced: a function, method, partial, or object with such a ``__call__``."""
    if isinstance(function, partial):
        return is_own(function.func)
    if inspect.isfunction(function) or inspect.ismethod(function):
        return True
    return not isinstance(function, type) and inspect.isfunction(inspect.getattr_static(type(function), "__call__", None))


def name_of(function: Any) -> str:
    """The function's name; of an object with ``__call__``, its class's."""
    if isinstance(function, partial):
        return name_of(function.func)
    return str(getattr(function, "__name__", type(function).__name__))


def check(function: Any, what: str) -> None:
    """Try ``function``, which is plain Python of one argument, in the vocabulary of :data:`.kernels.specs.FUNCTIONS`.

    Raises
    ------
    TypeError
        For anything else, with what it does and what to write instead.
    """
    if not is_own(function):
        raise TypeError(
            f"{what} must be a plain Python function of one argument, as lambda x: x * np.tanh(x), got {function!r}."
        )
    try:
        _numbers(function(_Argument()))
    except _Refused as refusal:
        raise TypeError(f"{what} {name_of(function)!r} cannot be taken: {refusal}") from None
    except Exception as error:
        raise TypeError(f"{what} {name_of(function)!r} cannot be called with one argument: {error}") from error
