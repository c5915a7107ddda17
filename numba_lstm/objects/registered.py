"""Registered classes and functions: a program's, found by name wherever ``custom_objects`` are."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any, TypeVar

T = TypeVar("T")

_objects: dict[str, Any] = {}  #: name -> object, as :func:`get_custom_objects` returns it
_names: dict[int, str] = {}  #: id of an object -> its registered name; the objects live in ``_objects``


def get_custom_objects() -> dict[str, Any]:
    """Return the registered objects by name: a dict that may be changed, as ``keras.saving.get_custom_objects``."""
    return _objects


def register_keras_serializable(package: str = "Custom", name: str | None = None) -> Callable[[T], T]:
    """Return a decorator that registers a class or a function, so that files and configurations find it by name.

    Parameters
    ----------
    package : str
        First part of the registered name, ``package>name``.
    name : str, optional
        Second part. Default: the name of the object.

    Raises
    ------
    ValueError
        For a class without ``get_config``.
    """

    def register(thing: T) -> T:
        label = str(getattr(thing, "__name__", type(thing).__name__)) if name is None else name
        if isinstance(thing, type) and not hasattr(thing, "get_config"):
            raise ValueError(f"{label} needs a get_config() to be made again from its arguments.")
        registered_name = f"{package}>{label}"
        _objects[registered_name] = thing
        _names[id(thing)] = registered_name
        return thing

    return register


def get_registered_name(obj: Any) -> str:
    """Return the registered name of a class or a function, and its name if it is not registered."""
    return _names.get(id(obj)) or str(getattr(obj, "__name__", obj))


def get_registered_object(name: str, custom_objects: Mapping[str, Any] | None = None, module_objects: Any = None) -> Any:
    """Return the object of a name among registered ones, ``custom_objects`` and ``module_objects``; None if there is none."""
    for objects in (_objects, custom_objects or {}, module_objects or {}):
        if name in objects:
            return objects[name]
    return None


def registered_by_class_name() -> dict[str, Any]:
    """Return the registered objects by their registered names without the package, as configurations have classes."""
    return {name.rpartition(">")[2]: thing for name, thing in _objects.items()}
