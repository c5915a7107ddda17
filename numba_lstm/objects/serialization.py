"""Serialization: conversion of names and configs to objects, and of objects to configs."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager
from contextvars import ContextVar
from typing import Any, TypeVar, cast

from ..naming.spelling import nearest
from .registered import registered_by_class_name
from .subclassing import is_of_package

__all__ = [
    "choose",
    "custom_classes",
    "custom_function",
    "custom_object_scope",
    "custom_objects",
    "get",
    "nearest",
    "serialize",
]

T = TypeVar("T")

#: Custom classes and functions by name, within :func:`custom_object_scope`.
_custom: ContextVar[Mapping[str, Any]] = ContextVar("_custom", default={})  # noqa: B039 - never changed, only replaced

#: Classes of the objects that were serialized within :func:`custom_classes`, by name.
_serialized: ContextVar[dict[str, set[type]] | None] = ContextVar("_serialized", default=None)


@contextmanager
def custom_classes() -> Iterator[dict[str, type]]:
    """Collect the custom classes, by name, of all objects that :func:`serialize` converts within this context.

    The dict is filled at the end of the context. A config has only the names of classes, so :func:`get` finds them within a
    :func:`custom_object_scope` of this dict.

    Raises
    ------
    ValueError
        At the end of the context, if two custom classes share a name, or one has the name of a class of its kind here.
    """
    serialized: dict[str, set[type]] = {}
    custom: dict[str, type] = {}
    token = _serialized.set(serialized)
    try:
        yield custom
    finally:
        _serialized.reset(token)
    for name, classes in serialized.items():
        for cls in classes:
            if is_of_package(cls.__module__):
                continue
            if name in custom or any(_of_one_kind(cls, other) for other in classes - {cls}):
                raise ValueError(f"two classes are named {name}, and a config has classes by their names. Rename {cls}.")
            custom[name] = cls


def _of_one_kind(one: type, two: type) -> bool:
    shared = set(one.__mro__) & set(two.__mro__)
    return any(is_of_package(cls.__module__) and cls.__module__ != is_of_package.__module__ for cls in shared)


@contextmanager
def custom_object_scope(custom_objects: Mapping[str, Any]) -> Iterator[None]:
    """Let :func:`get` and the activations find custom classes and functions by name, within this context."""
    token = _custom.set({**_custom.get(), **custom_objects})
    try:
        yield
    finally:
        _custom.reset(token)


def custom_objects() -> Mapping[str, Any]:
    """Return the custom objects of the current :func:`custom_object_scope`, and those that are registered."""
    registered = registered_by_class_name()
    return {**registered, **_custom.get()} if registered else _custom.get()


def custom_function(function: Any, kind: str) -> Any:
    """Return ``function``, or that of a name among the custom objects.

    Raises
    ------
    ValueError
        For a name without a function.
    """
    if not isinstance(function, str):
        return function
    found = _custom.get().get(function)
    if found is None or isinstance(found, type):
        raise ValueError(
            f"{kind} is the function {function!r:.60} of its author. Give custom_objects={{{function!r:.60}: function}}."
        )
    return found


def choose(name: Any, known: Iterable[str], kind: str) -> str:
    """Return ``name`` if it is one of ``known``, else raise ValueError with the nearest one."""
    known = tuple(known)
    if not isinstance(name, str) or name not in known:
        raise ValueError(f"unknown {kind} {name!r}{nearest(str(name), known)}")
    return name


def get(identifier: Any, registry: Mapping[str, type[T]], kind: str, base: type[T] | None = None) -> T:
    """Return the object that ``identifier`` stands for, as the ``get`` functions of Keras's modules do.

    Parameters
    ----------
    identifier : str, dict, class or object
        A name in ``registry`` or a class of it, whose object has the default arguments; a dict that :func:`serialize` returned;
        or an object, which is returned as it is.
    registry : mapping
        Name -> class.
    kind : str
        Kind of the object in error messages, as ``"optimizer"``.
    base : type, optional
        Base class whose subclasses and their objects are accepted too.

    Raises
    ------
    ValueError
        For a name that is not in the registry, with the nearest known one.
    TypeError
        For anything else.
    """
    types = tuple({*registry.values(), *(() if base is None else (base,))})
    custom = {name: cls for name, cls in custom_objects().items() if isinstance(cls, type) and issubclass(cls, types)}
    registry = {**registry, **custom} if custom else registry
    if isinstance(identifier, types):
        return cast(T, identifier)
    if isinstance(identifier, type) and issubclass(identifier, types):
        return cast(T, identifier())
    if isinstance(identifier, str):
        return registry[choose(identifier, registry, kind)]()
    if isinstance(identifier, Mapping) and isinstance(identifier.get("class_name"), str):
        cls = registry[choose(identifier["class_name"], registry, kind)]
        config = identifier.get("config", {})
        make = getattr(cls, "from_config", None)
        return cast(T, make(dict(config))) if make else cls(**config)
    raise TypeError(
        f"{kind} must be a name, an object of numba_lstm or a dict with 'class_name' and 'config', got {identifier!r}."
    )


def serialize(thing: Any) -> dict[str, Any]:
    """Return ``{"class_name": ..., "config": ...}`` of an object with ``get_config``. :func:`get` is the inverse."""
    serialized = _serialized.get()
    if serialized is not None:
        serialized.setdefault(type(thing).__name__, set()).add(type(thing))
    return {"class_name": type(thing).__name__, "config": thing.get_config()}
