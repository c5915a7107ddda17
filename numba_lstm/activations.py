"""Activations by name, as ``keras.activations``: functions of an array, and the specs that layers hand to their ops.

The formulas stand in :meth:`numba_lstm.kernels.contract.Ops.activation_forward`; the arithmetic belongs to the default device.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from functools import partial
from typing import TYPE_CHECKING, Any, TypeVar

import numpy as np
import numpy.typing as npt

from . import serialization, tracing
from .absent import absent
from .device import get_ops
from .inputs import as_real
from .kernels.formulas import TracedActivation, trace
from .kernels.specs import ACTIVATIONS, Activation

Values = npt.NDArray[Any]
F = TypeVar("F", bound=Callable[[Any], Any])


def linear(x: npt.ArrayLike) -> Values:
    """``x``, unchanged."""
    return _apply(x, Activation("linear"))


def tanh(x: npt.ArrayLike) -> Values:
    """The hyperbolic tangent."""
    return _apply(x, Activation("tanh"))


def sigmoid(x: npt.ArrayLike) -> Values:
    """``1 / (1 + exp(-x))``."""
    return _apply(x, Activation("sigmoid"))


def hard_sigmoid(x: npt.ArrayLike) -> Values:
    """``relu6(x + 3) / 6``, piecewise linear."""
    return _apply(x, Activation("hard_sigmoid"))


def relu(x: npt.ArrayLike) -> Values:
    """``max(x, 0)``."""
    return _apply(x, Activation("relu"))


def leaky_relu(x: npt.ArrayLike, negative_slope: float = 0.2) -> Values:
    """``x`` where positive, else ``negative_slope * x``."""
    return _apply(x, Activation("leaky_relu", (float(negative_slope),)))


def elu(x: npt.ArrayLike, alpha: float = 1.0) -> Values:
    """``x`` where positive, else ``alpha * (exp(x) - 1)`` (Clevert et al. 2016)."""
    return _apply(x, Activation("elu", (float(alpha),)))


def selu(x: npt.ArrayLike) -> Values:
    """The scaled ``elu`` that keeps mean and variance (Klambauer et al. 2017)."""
    return _apply(x, Activation("selu"))


def softplus(x: npt.ArrayLike) -> Values:
    """``log(1 + exp(x))``."""
    return _apply(x, Activation("softplus"))


def softsign(x: npt.ArrayLike) -> Values:
    """``x / (1 + abs(x))``."""
    return _apply(x, Activation("softsign"))


def exponential(x: npt.ArrayLike) -> Values:
    """``exp(x)``."""
    return _apply(x, Activation("exponential"))


def silu(x: npt.ArrayLike) -> Values:
    """``x * sigmoid(x)``, also called swish (Ramachandran et al. 2017)."""
    return _apply(x, Activation("silu"))


def gelu(x: npt.ArrayLike) -> Values:
    """``x * P(X <= x)`` for a standard normal X, exact (Hendrycks and Gimpel 2016)."""
    return _apply(x, Activation("gelu"))


def softmax(x: npt.ArrayLike) -> Values:
    """``exp(x) / sum(exp(x))`` over the last axis."""
    return _apply(x, Activation("softmax"))


swish = silu

_FUNCTIONS: dict[str, Callable[..., Values]] = {
    function.__name__: function
    for function in (
        *(linear, tanh, sigmoid, hard_sigmoid, relu, leaky_relu, elu, selu),
        *(softplus, softsign, exponential, silu, gelu, softmax),
    )
}
_ALIASES = {"swish": "silu"}
NAMES = (*_FUNCTIONS, *_ALIASES)  #: of this module's activations
_PARAMETERS = {"leaky_relu": ("negative_slope",), "elu": ("alpha",)}
_registered: dict[str, Activation] = {}


def custom(
    function: Callable[[Any], Any], derivative: Callable[[Any], Any] | None = None, name: str | None = None
) -> Activation:
    """A function of your own as an activation, compiled into the kernels of whoever takes it.

    ``LSTM(8, activation=function)`` does the same with the derivative derived.

    The function is run once, now, and what it does is written down. So whatever it reads beside its argument (global
    variables, closures, defaults, attributes, other functions) has the value of this moment, also where a layer that is made
    of it computes later; a layer that is made of the same function after such a change computes with the new value.

    Parameters
    ----------
    function : callable
        A function, method, ``functools.partial`` or object with ``__call__``: plain Python of one argument, elementwise, in
        ``+ - * /``, ``x ** number``, comparisons and the functions of :data:`numba_lstm.kernels.specs.FUNCTIONS`, as
        ``lambda x: x * np.tanh(np.log1p(np.exp(x)))``. In place of ``if``, use ``np.where``.
    derivative : function, optional
        Its derivative, of the same kind. By default it is derived exactly, by dual numbers.
    name : str, optional
        Default: the function's.

    Raises
    ------
    TypeError
        For anything but such functions.
    """
    tracing.check(function, "the activation")
    if derivative is not None:
        tracing.check(derivative, "the derivative")
    return trace(tracing.name_of(function) if name is None else name, function, derivative)


def register(name: str, derivative: Callable[[Any], Any] | None = None) -> Callable[[F], F]:
    """A decorator that gives a function of your own a name, by which layers take it and saved models know it.

    A program that loads such a model registers the function first, under the same name. ::

        @numba_lstm.activations.register("mish")
        def mish(x):
            return x * np.tanh(np.log1p(np.exp(x)))

    Parameters
    ----------
    name : str
        None of this module's names; a second function of a name takes the place of the first. The function is traced anew
        for each layer that takes the name, as by :func:`custom`.
    derivative : function, optional
        As :func:`custom`'s.

    Raises
    ------
    ValueError
        For a name of this module.
    TypeError
        As :func:`custom`.
    """
    if not isinstance(name, str) or name in _FUNCTIONS or name in _ALIASES:
        raise ValueError(f"a registered activation needs a name of its own, got {name!r}. Choose another.")

    def decorate(function: F) -> F:
        _registered[name] = custom(function, derivative, name)
        return function

    return decorate


def is_registered(name: str) -> bool:
    """Whether a function of your own has this name."""
    return name in _registered


def get(identifier: Any) -> Callable[..., Values]:
    """The function that ``identifier`` stands for, as ``keras.activations.get``.

    Parameters
    ----------
    identifier : str, function, dict, Activation or None
        A name, a function of this module, a ``functools.partial`` of one that sets its parameters, the same as
        ``{"class_name": "leaky_relu", "config": {"negative_slope": 0.1}}``, a function of your own (see :func:`custom`), or a
        spec, which stays as it is; None is ``linear``.

    Raises
    ------
    ValueError
        For an unknown name or parameter, with the nearest known one.
    TypeError
        For a function that cannot be an activation, and anything else.
    """
    spec = as_spec(identifier)
    if spec.function is not None:
        return spec.function
    function = _FUNCTIONS[spec.name]
    if spec.parameters == ACTIVATIONS[spec.name][1]:
        return function
    return partial(function, **dict(zip(_PARAMETERS[spec.name], spec.parameters, strict=True)))


def as_spec(identifier: Any) -> Activation:
    """What ops are asked for ``identifier``; takes and raises what :func:`get` does."""
    if identifier is None:
        return Activation()
    if isinstance(identifier, Activation):
        if isinstance(identifier, TracedActivation):
            return identifier
        if identifier.function is not None:
            return custom(identifier.function, identifier.derivative, identifier.name)
        return _spec(identifier.name, dict(zip(_PARAMETERS.get(identifier.name, ()), identifier.parameters, strict=False)))
    if isinstance(identifier, str):
        return _spec(identifier, {})
    if isinstance(identifier, Mapping) and isinstance(identifier.get("class_name"), str):
        return _spec(identifier["class_name"], identifier.get("config", {}))
    named = _named(identifier)
    if named is not None:
        return named
    if tracing.is_traceable(identifier):
        registered = next((spec for spec in _registered.values() if spec.function is identifier), None)
        return custom(identifier) if registered is None else _anew(registered)
    raise TypeError(
        "an activation must be a name, a function of numba_lstm.activations, a plain Python function of your own or a dict "
        f"with 'class_name' and 'config', got {identifier!r}. Known: {', '.join((*_FUNCTIONS, *_registered))}."
    )


def _named(identifier: Any) -> Activation | None:
    """The spec of a function of this module, or of a partial of one; None for any other."""
    function, parameters = identifier, {}
    if isinstance(identifier, partial) and not identifier.args:
        function, parameters = identifier.func, identifier.keywords
    return _spec(function.__name__, parameters) if any(function is known for known in _FUNCTIONS.values()) else None


def _spec(name: str, config: Mapping[str, Any]) -> Activation:
    own = {
        key: value for key, value in serialization.custom_objects().items() if callable(value) and not isinstance(value, type)
    }
    name = serialization.choose(_ALIASES.get(name, name), (*_FUNCTIONS, *_ALIASES, *_registered, *own), "activation")
    known = _PARAMETERS.get(name, ())
    for argument in config:
        serialization.choose(argument, known, f"argument of {name}")
    if name in own and own[name] is not getattr(_registered.get(name), "function", None):
        named = _named(own[name])
        return custom(own[name], name=name) if named is None else named
    if name in _registered:
        return _anew(_registered[name])
    defaults = ACTIVATIONS[name][1]
    return Activation(name, tuple(float(config.get(key, default)) for key, default in zip(known, defaults, strict=True)))


def _anew(registered: Activation) -> Activation:
    """The registered activation as it is now, for its function may read what has changed since."""
    assert registered.function is not None
    return custom(registered.function, registered.derivative, registered.name)


def serialize(activation: Any) -> str | dict[str, Any] | Activation:
    """The name of an activation, or with other parameters than the usual ones a dict; :func:`get` turns it back.

    A function of your own without a registered name is answered as a spec, which can be copied but not saved; so is a
    registered one that would be another by now, since it reads something that has changed.
    """
    spec = as_spec(activation)
    if spec.function is not None:
        registered = _registered.get(spec.name)
        return spec.name if registered is not None and _anew(registered) == spec else spec
    if spec.parameters == ACTIVATIONS[spec.name][1]:
        return spec.name
    return {"class_name": spec.name, "config": dict(zip(_PARAMETERS[spec.name], spec.parameters, strict=True))}


def _apply(x: npt.ArrayLike, activation: Activation) -> Values:
    array = as_real(x, f"the argument of {activation.name}")
    dtype = "float64" if array.dtype == np.float64 else "float32"
    rows = array.reshape(-1, array.shape[-1]) if array.ndim else array.reshape(1, 1)
    ops = get_ops()
    y, _ = ops.activation_forward(ops.gather(rows, slice(None), dtype), activation)
    return np.array(ops.to_host(y), copy=True).reshape(array.shape)


if not TYPE_CHECKING:
    __getattr__ = absent(__name__)
