"""Activations by name, function, dict or spec: conversion to the specs that layers pass to their ops, and back."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from functools import partial
from typing import Any

from ..kernels.formulas import TracedActivation
from ..kernels.specs import ACTIVATIONS, Activation
from ..objects import serialization
from . import tracing
from .custom_functions import REGISTERED, custom, retrace
from .element_formulas import ELEMENT_FORMULAS, element_formula, is_element_formula
from .functions import ALIASES, FORMULA_FUNCTIONS, FUNCTIONS, PARAMETERS, ROW_FUNCTIONS, Values


def get(identifier: Any) -> Callable[..., Values]:
    """Return the function that ``identifier`` stands for, as ``keras.activations.get``.

    Parameters
    ----------
    identifier : str, function, dict, Activation or None
        A name, a function of :mod:`numba_lstm.activations`, a ``functools.partial`` of one that sets its parameters, the
        same as ``{"class_name": "leaky_relu", "config": {"negative_slope": 0.1}}``, a custom function (see :func:`custom`),
        or a spec, which stays as it is. None is ``linear``.

    Raises
    ------
    ValueError
        For an unknown name or parameter, with the nearest known one.
    TypeError
        For a function that cannot be an activation, and anything else.
    """
    if isinstance(identifier, str) and identifier in ROW_FUNCTIONS:
        return ROW_FUNCTIONS[identifier]
    spec = as_spec(identifier)
    if spec.function is not None and not is_element_formula(spec):
        return spec.function
    function = _functions()[spec.name]
    if spec.parameters == (ACTIVATIONS[spec.name][1] if spec.function is None else _defaults(spec.name)):
        return function
    return partial(function, **dict(zip(PARAMETERS[spec.name], spec.parameters, strict=True)))


def as_spec(identifier: Any) -> Activation:
    """Return the spec that ops take for ``identifier``. Arguments and errors are those of :func:`get`."""
    if identifier is None:
        return Activation()
    if isinstance(identifier, Activation):
        if isinstance(identifier, TracedActivation):
            return identifier
        if identifier.function is not None:
            return custom(identifier.function, identifier.derivative, identifier.name)
        return _spec(identifier.name, dict(zip(PARAMETERS.get(identifier.name, ()), identifier.parameters, strict=False)))
    if isinstance(identifier, str):
        return _spec(identifier, {})
    if isinstance(identifier, Mapping) and isinstance(identifier.get("class_name"), str):
        return _spec(identifier["class_name"], identifier.get("config", {}))
    named = _named(identifier)
    if named is not None:
        return named
    if tracing.is_traceable(identifier):
        registered = next((spec for spec in REGISTERED.values() if spec.function is identifier), None)
        return custom(identifier) if registered is None else retrace(registered)
    raise TypeError(
        "an activation must be a name, a function of numba_lstm.activations, a plain Python function of your own or a dict "
        f"with 'class_name' and 'config', got {identifier!r}. Known: {', '.join((*_functions(), *REGISTERED))}."
    )


def _named(identifier: Any) -> Activation | None:
    """Return the spec of a function of this package, or of a partial of one, else None."""
    function, parameters = identifier, {}
    if isinstance(identifier, partial) and not identifier.args:
        function, parameters = identifier.func, identifier.keywords
    known = {**_functions(), **ROW_FUNCTIONS}
    return _spec(function.__name__, parameters) if any(function is one for one in known.values()) else None


def _functions() -> dict[str, Callable[..., Values]]:
    """Return the functions of this package that layers take, by name."""
    return {**FUNCTIONS, **FORMULA_FUNCTIONS}


def _defaults(name: str) -> tuple[float | None, ...]:
    """Return the default parameters of an activation."""
    return ELEMENT_FORMULAS[name].defaults if name in ELEMENT_FORMULAS else ACTIVATIONS[name][1]


def _spec(name: str, config: Mapping[str, Any]) -> Activation:
    custom_functions = {
        key: value for key, value in serialization.custom_objects().items() if callable(value) and not isinstance(value, type)
    }
    known_names = (*_functions(), *ALIASES, *ROW_FUNCTIONS, *REGISTERED, *custom_functions)
    name = serialization.choose(name if name in custom_functions else ALIASES.get(name, name), known_names, "activation")
    known = PARAMETERS.get(name, ())
    for argument in config:
        serialization.choose(argument, known, f"argument of {name}")
    function = custom_functions.get(name)
    if function is not None and function is not getattr(REGISTERED.get(name), "function", None):
        named = _named(function)
        return custom(function, name=name) if named is None else named
    if name in REGISTERED:
        return retrace(REGISTERED[name])
    if name in ROW_FUNCTIONS:
        layer = f"layers.Lambda(numba_lstm.activations.{name})"
        raise ValueError(f"{name} is a function of an axis, and no activation of a layer. Write {layer} after it.")
    values = [config.get(key, default) for key, default in zip(known, _defaults(name), strict=True)]
    if None in values:
        raise ValueError(f"{name} takes {' and '.join(known)}, got {dict(config)}. Give a dict with class_name and config.")
    parameters = tuple(float(value) for value in values)
    return element_formula(name, parameters) if name in ELEMENT_FORMULAS else Activation(name, parameters)


def serialize(activation: Any) -> str | dict[str, Any] | Activation:
    """Return the name of an activation, or a dict if its parameters are not the defaults. :func:`get` is the inverse.

    A custom function without a registered name is returned as a spec, which can be copied but not saved. So is a registered
    one that reads a value which has changed since it was traced.
    """
    spec = as_spec(activation)
    if is_element_formula(spec):
        if spec.parameters == _defaults(spec.name):
            return spec.name
        return {"class_name": spec.name, "config": dict(zip(PARAMETERS[spec.name], spec.parameters, strict=True))}
    if spec.function is not None:
        registered = REGISTERED.get(spec.name)
        return spec.name if registered is not None and retrace(registered) == spec else spec
    if spec.parameters == ACTIVATIONS[spec.name][1]:
        return spec.name
    return {"class_name": spec.name, "config": dict(zip(PARAMETERS[spec.name], spec.parameters, strict=True))}
