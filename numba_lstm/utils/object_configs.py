"""Configurations of any objects: layers, models, optimizers and the like, numbers, arrays, and lists and dicts of them."""

from __future__ import annotations

import importlib
from collections.abc import Mapping
from typing import Any

import numpy as np

from ..objects.registered import get_custom_objects, get_registered_name
from ..objects.serialization import custom_object_scope, custom_objects, nearest

_PACKAGE = __package__.partition(".")[0]
#: Modules whose classes configurations name. They are above this one, so they are imported by name.
_MODULES = (
    *("layers", "models", "optimizers", "optimizers.schedules", "losses", "metrics", "initializers", "regularizers"),
    "constraints",
)


def serialize_keras_object(obj: Any) -> Any:
    """Return an object as JSON values for :func:`deserialize_keras_object`, as ``keras.saving.serialize_keras_object``.

    Parameters
    ----------
    obj : object
        An object with ``get_config``, a registered function, an activation, an array, a number, a text, None, or lists and
        dicts of them.

    Raises
    ------
    TypeError
        For any other object.
    """
    if obj is None or isinstance(obj, (bool, int, float, str)):
        return obj
    if isinstance(obj, (list, tuple)):
        return [serialize_keras_object(item) for item in obj]
    if isinstance(obj, Mapping):
        return {str(key): serialize_keras_object(item) for key, item in obj.items()}
    if isinstance(obj, (np.ndarray, np.generic)):
        return {"class_name": "__numpy__", "config": {"value": obj.tolist(), "dtype": str(obj.dtype)}}
    if hasattr(obj, "get_config") and not isinstance(obj, type):
        name = get_registered_name(type(obj))
        registered = name if name in get_custom_objects() else None
        description = {"class_name": type(obj).__name__, "config": obj.get_config(), "registered_name": registered}
        return {"module": _module_of(type(obj)), **description}
    if callable(obj):
        return {"class_name": "function", "config": get_registered_name(obj), "registered_name": None}
    raise TypeError(f"{type(obj).__name__} has no get_config(), by which it could be made again.")


def deserialize_keras_object(
    config: Any, custom_objects: Mapping[str, Any] | None = None, safe_mode: bool = True, **kwargs: Any
) -> Any:
    """Return the object of a result of :func:`serialize_keras_object`, without the weights of layers and models.

    Parameters
    ----------
    config : JSON value
        The configuration. It is not trusted: nothing in it is imported or called.
    custom_objects : mapping, optional
        Custom classes and functions by name, besides the registered ones.
    safe_mode : bool
        Keras's argument, without effect: code in a configuration is never run.
    **kwargs
        Other arguments of Keras, without effect.

    Raises
    ------
    ValueError
        For a name that neither this package has, nor ``custom_objects``, nor the registry.
    """
    with custom_object_scope(custom_objects or {}):
        return _deserialize(config)


def _deserialize(config: Any) -> Any:
    if isinstance(config, list):
        return [_deserialize(item) for item in config]
    if not isinstance(config, Mapping):
        return config
    name, arguments = config.get("class_name"), config.get("config")
    if not isinstance(name, str):
        return {key: _deserialize(item) for key, item in config.items()}
    if name == "__numpy__" and isinstance(arguments, Mapping):
        return np.array(arguments["value"], arguments["dtype"])
    registry = {**get_custom_objects(), **custom_objects()}
    if name == "function":
        return _function(str(arguments), registry)
    cls = registry.get(config.get("registered_name") or name) or _class(name, str(config.get("module")))
    return cls.from_config(dict(arguments or {}))


def _function(name: str, registry: Mapping[str, Any]) -> Any:
    functions = vars(importlib.import_module(f"{_PACKAGE}.activations"))
    known = {key: functions[key] for key in functions["NAMES"] if key in functions} | dict(registry)
    if name not in known:
        raise ValueError(f"unknown function {name!r:.80}{nearest(name, known)}")
    return known[name]


def _module_of(cls: type) -> str:
    """Return the public module of a class of this package, that of its definition for another one."""
    name = cls.__module__.removeprefix(f"{_PACKAGE}.")
    public = next((module for module in reversed(_MODULES) if name.startswith(module)), None)
    return cls.__module__ if public is None else f"{_PACKAGE}.{public}"


def _class(name: str, module: str) -> Any:
    """Return a public class of this package by its name; of several ones with it, that of ``module``."""
    known: dict[str, Any] = {}
    for candidate in sorted(_MODULES, key=module.endswith):
        namespace = vars(importlib.import_module(f"{_PACKAGE}.{candidate}"))
        known |= {key: namespace[key] for key in namespace["__all__"] if hasattr(namespace[key], "from_config")}
    if name not in known:
        raise ValueError(f"unknown class {name!r:.80}{nearest(name, known)}")
    return known[name]
