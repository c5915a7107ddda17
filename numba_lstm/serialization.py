"""Names and configs: how a name, an object or a saved dict becomes an object, and an object a dict again."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager
from contextvars import ContextVar
from typing import Any, TypeVar, cast

from .spelling import nearest
from .subclassing import is_of_package

__all__ = ["choose", "custom_object_scope", "custom_objects", "get", "nearest", "own_classes", "serialize"]

T = TypeVar("T")

#: Classes and functions of the user's own by name, while a model is made of what a file says.
_custom: ContextVar[Mapping[str, Any]] = ContextVar("_custom", default={})  # noqa: B039 - never changed, only replaced

#: Classes of what :func:`serialize` meets, by name, within :func:`own_classes`.
_met: ContextVar[dict[str, set[type]] | None] = ContextVar("_met", default=None)


@contextmanager
def own_classes() -> Iterator[dict[str, type]]:
    """Within this context, note the classes that :func:`serialize` meets; after it, the answer has the user's own by name.

    A config has classes by their names alone, so :func:`get` finds them only within a :func:`custom_object_scope` of these.

    Raises
    ------
    ValueError
        At the end of the context, where two classes of the user have one name, or one has that of a class of its kind here.
    """
    met: dict[str, set[type]] = {}
    own: dict[str, type] = {}
    token = _met.set(met)
    try:
        yield own
    finally:
        _met.reset(token)
    for name, classes in met.items():
        for cls in classes:
            if is_of_package(cls.__module__):
                continue
            if name in own or any(_of_one_kind(cls, other) for other in classes - {cls}):
                raise ValueError(f"two classes are named {name}, and a config has classes by their names. Rename {cls}.")
            own[name] = cls


def _of_one_kind(one: type, two: type) -> bool:
    shared = set(one.__mro__) & set(two.__mro__)
    return any(is_of_package(cls.__module__) and cls.__module__ != is_of_package.__module__ for cls in shared)


@contextmanager
def custom_object_scope(objects: Mapping[str, Any]) -> Iterator[None]:
    """Within this context, :func:`get` and the activations know classes and functions of the user's own by their names."""
    token = _custom.set({**_custom.get(), **objects})
    try:
        yield
    finally:
        _custom.reset(token)


def custom_objects() -> Mapping[str, Any]:
    """Those of the present :func:`custom_object_scope`."""
    return _custom.get()


def choose(name: Any, known: Iterable[str], kind: str) -> str:
    """``name``, if it is one of ``known``; else ValueError with the nearest one."""
    known = tuple(known)
    if not isinstance(name, str) or name not in known:
        raise ValueError(f"unknown {kind} {name!r}{nearest(str(name), known)}")
    return name


def get(identifier: Any, registry: Mapping[str, type[T]], kind: str, base: type[T] | None = None) -> T:
    """The object that ``identifier`` stands for, as the ``get`` functions of Keras's modules.

    Parameters
    ----------
    identifier : str, dict, class or object
        A name in ``registry`` (made with its defaults), what :func:`serialize` answered, a class of the registry, or an
        object, which is answered as it is.
    registry : mapping
        Name -> class.
    kind : str
        What is asked for, in the words of an error message: ``"optimizer"``.
    base : type, optional
        Objects and classes of this type are taken too, and so a user's own subclass.

    Raises
    ------
    ValueError
        For a name that is not in the registry, with the nearest one that is.
    TypeError
        For anything else that is none of the above.
    """
    types = tuple({*registry.values(), *(() if base is None else (base,))})
    own = {name: cls for name, cls in _custom.get().items() if isinstance(cls, type) and issubclass(cls, types)}
    registry = {**registry, **own} if own else registry
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
    """``{"class_name": ..., "config": ...}`` of an object with ``get_config``; :func:`get` turns it back."""
    met = _met.get()
    if met is not None:
        met.setdefault(type(thing).__name__, set()).add(type(thing))
    return {"class_name": type(thing).__name__, "config": thing.get_config()}
