"""Validation of custom activations: a trial run with a symbolic argument finds what no device can compute."""

from __future__ import annotations

import inspect
from collections.abc import Callable
from functools import partial
from typing import Any

import numpy as np
from numpy.lib.mixins import NDArrayOperatorsMixin

from ..kernels.formulas import TOO_LARGE, is_number
from ..kernels.specs import FUNCTIONS
from ..naming.names import name_of

_SUPPORTED = f"Use + - * /, x ** number, comparisons, {', '.join(f'np.{name}' for name in FUNCTIONS)}."
_COMPARISONS = {np.greater, np.greater_equal, np.less, np.less_equal, np.equal, np.not_equal}
_SUPPORTED_FUNCTIONS = {*_COMPARISONS, np.add, np.subtract, np.multiply, np.divide, *(getattr(np, name) for name in FUNCTIONS)}


class _UnsupportedOperation(TypeError):
    """A function uses what no device can compute."""


class _Argument(NDArrayOperatorsMixin):
    """A symbolic argument: an array of numbers, or with ``condition`` the result of a comparison."""

    def __init__(self, condition: bool = False) -> None:
        self.condition = condition

    def __array_ufunc__(self, ufunc: np.ufunc, method: str, *inputs: Any, **options: Any) -> _Argument:
        if ufunc not in _SUPPORTED_FUNCTIONS or method != "__call__" or options:
            raise _UnsupportedOperation(f"it uses np.{ufunc.__name__}. {_SUPPORTED}")
        return _combine(*inputs, condition=ufunc in _COMPARISONS)

    def __array_function__(self, function: Callable[..., Any], types: Any, args: Any, options: Any) -> _Argument:
        if function not in _SUPPORTED_FUNCTIONS or options:
            raise _UnsupportedOperation(f"it uses np.{function.__name__} {options or ''}. {_SUPPORTED}")
        if function is not np.where:
            return _combine(*args)
        if len(args) != 3 or not (isinstance(args[0], _Argument) and args[0].condition):
            raise _UnsupportedOperation("np.where takes a comparison and two values: np.where(x > 0, a, b).")
        return _combine(*args[1:])

    def __pow__(self, exponent: Any) -> _Argument:
        if not is_number(exponent):
            raise _UnsupportedOperation(f"it raises to the power of {type(exponent).__name__}, but only x ** number can be.")
        return _combine(self, exponent)

    def __bool__(self) -> bool:
        raise _UnsupportedOperation(
            "it branches on its argument (if, and, or, min, max), which is an array of numbers: use np.where."
        )

    def __float__(self) -> float:
        raise _UnsupportedOperation(
            "it needs a number, and gets an array of them: use NumPy's functions, np.exp in place of math.exp."
        )


def _combine(*values: Any, condition: bool = False) -> _Argument:
    """Return the symbolic result of an operation on values."""
    for value in values:
        if isinstance(value, _Argument):
            if value.condition:
                raise _UnsupportedOperation("it computes with a comparison: use np.where(x > 0, a, b).")
        elif not is_number(value):
            raise _UnsupportedOperation(
                f"it computes with {type(value).__name__}, where only its argument and numbers can be. {_SUPPORTED}"
            )
        else:
            _check_size(value)
    return _Argument(condition)


def _check_size(number: Any) -> None:
    """Raise for a number that no float can hold."""
    try:
        float(number)
    except OverflowError:
        raise _UnsupportedOperation(TOO_LARGE) from None


def is_traceable(function: Any) -> bool:
    """Return whether ``function`` can be traced: a Python function, method, partial, or object whose ``__call__`` can."""
    if isinstance(function, partial):
        return is_traceable(function.func)
    if inspect.isfunction(function) or inspect.ismethod(function):
        return True
    return not isinstance(function, type) and inspect.isfunction(inspect.getattr_static(type(function), "__call__", None))


def check(function: Any, role: str) -> None:
    """Check that ``function``, plain Python of one argument, uses only operators and :data:`.kernels.specs.FUNCTIONS`.

    Raises
    ------
    TypeError
        If it uses anything else. The message says what, and what to write instead.
    """
    if not is_traceable(function):
        raise TypeError(
            f"{role} must be a plain Python function of one argument, as lambda x: x * np.tanh(x), got {function!r}."
        )
    try:
        _combine(function(_Argument()))
    except _UnsupportedOperation as refusal:
        raise TypeError(f"{role} {name_of(function)!r} cannot be taken: {refusal}") from None
    except Exception as error:
        raise TypeError(f"{role} {name_of(function)!r} cannot be called with one argument: {error}") from error
