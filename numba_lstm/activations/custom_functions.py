"""Custom activations: Python functions that are traced and compiled into the kernels, and their registered names."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, TypeVar

from ..kernels.formulas import trace
from ..kernels.specs import Activation
from ..naming.names import name_of
from . import tracing
from .functions import NAMES

F = TypeVar("F", bound=Callable[[Any], Any])

#: Registered name -> the activation as it was traced when it was registered.
REGISTERED: dict[str, Activation] = {}


def custom(
    function: Callable[[Any], Any], derivative: Callable[[Any], Any] | None = None, name: str | None = None
) -> Activation:
    """Make an activation of a Python function. Layers that take it compile it into their kernels.

    ``LSTM(8, activation=function)`` does the same and derives the derivative.

    The function is traced: it runs once, at this call, with a symbolic argument. Whatever else it reads (global variables,
    closures, defaults, attributes, other functions) keeps the value of this moment in every layer that takes the activation.
    After such a value has changed, a layer that takes the function itself traces it again and computes with the new value.

    Parameters
    ----------
    function : callable
        A function, method, ``functools.partial`` or object with ``__call__``: plain Python of one argument, elementwise, in
        ``+ - * /``, ``x ** number``, comparisons and the functions of :data:`numba_lstm.kernels.specs.FUNCTIONS`, as
        ``lambda x: x * np.tanh(np.log1p(np.exp(x)))``. In place of ``if``, use ``np.where``.
    derivative : function, optional
        The derivative, of the same kind. By default it is derived exactly, by dual numbers.
    name : str, optional
        The activation's name. Default: the function's.

    Raises
    ------
    TypeError
        For anything but such functions.
    """
    tracing.check(function, "the activation")
    if derivative is not None:
        tracing.check(derivative, "the derivative")
    return trace(name_of(function) if name is None else name, function, derivative)


def register(name: str, derivative: Callable[[Any], Any] | None = None) -> Callable[[F], F]:
    """Return a decorator that registers a custom activation under ``name``, for layers and for saved models.

    A program that loads such a model registers the function first, under the same name. ::

        @numba_lstm.activations.register("bent_identity")
        def bent_identity(x):
            return (np.sqrt(x * x + 1) - 1) / 2 + x

    Parameters
    ----------
    name : str
        A name that no activation of this package has. A second function of the same name replaces the first. Each layer that
        takes the name traces the function again, as by :func:`custom`.
    derivative : function, optional
        As :func:`custom`'s.

    Raises
    ------
    ValueError
        For a name of one of this package's activations.
    TypeError
        As :func:`custom`.
    """
    if not isinstance(name, str) or name in NAMES:
        raise ValueError(
            f"a registered activation needs a name that no activation of this package has, got {name!r}. Choose another."
        )

    def decorate(function: F) -> F:
        REGISTERED[name] = custom(function, derivative, name)
        return function

    return decorate


def is_registered(name: str) -> bool:
    """Return whether a custom activation is registered under ``name``."""
    return name in REGISTERED


def retrace(registered: Activation) -> Activation:
    """Trace the function of a registered activation again: values that it reads may have changed since."""
    assert registered.function is not None
    return custom(registered.function, registered.derivative, registered.name)
