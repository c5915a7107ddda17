"""Checks of subclasses and of attributes: which methods may be overridden, and which attributes may be set.

A method that Keras calls and this package does not, or an attribute that nothing reads, would be ignored silently, and a model
would compute something else than its author wrote. So a class statement that defines such a method raises TypeError, and an
assignment to such an attribute raises AttributeError. Both errors name what works instead.
"""

from __future__ import annotations

import dis
import inspect
import sys
from collections.abc import Iterator, Mapping
from types import FrameType
from typing import Any, ClassVar

from ..naming.spelling import correction, nearest

_PACKAGE = __name__.partition(".")[0]


def is_of_package(module: str) -> bool:
    """Return whether ``module`` is the name of a module of this package."""
    return module == _PACKAGE or module.startswith(f"{_PACKAGE}.")


class Extensible:
    """Base class of the classes that users derive from: checks what a subclass overrides."""

    #: Methods that Keras calls and this package does not -> what works instead, as sentences.
    unsupported_methods: ClassVar[Mapping[str, str]] = {}

    #: Methods whose overrides must take the arguments of the overridden method.
    checked_methods: ClassVar[tuple[str, ...]] = ()

    #: Pairs of methods that must be overridden together -> what goes wrong otherwise.
    paired_methods: ClassVar[Mapping[tuple[str, str], str]] = {}

    def __init_subclass__(cls, **kwargs: Any) -> None:
        super().__init_subclass__(**kwargs)
        if not is_of_package(cls.__module__):
            cls.check_class()

    @classmethod
    def check_assigned_methods(cls) -> None:
        """Raise TypeError if an unsupported method was assigned to the class after the class statement.

        Constructors call it, which costs some microseconds.
        """
        for name, advice in cls.unsupported_methods.items():
            attribute = getattr(cls, name, None)
            function = attribute.fget if isinstance(attribute, property) else attribute
            if not is_of_package(getattr(function, "__module__", None) or _PACKAGE):
                raise TypeError(f"{cls.__name__}.{name} was assigned, which is never called here. {advice}")

    @classmethod
    def check_class(cls) -> None:
        """Raise TypeError if a user's class overrides an unsupported method, or a checked one with other arguments."""
        overrides = overridden(cls)
        for name in overrides:
            if name in cls.unsupported_methods:
                raise TypeError(f"{cls.__name__} overrides {name}, which is never called here. {cls.unsupported_methods[name]}")
        for name in cls.checked_methods:
            if name in overrides and overrides[name] is inspect.getattr_static(cls, name):
                check_arguments(cls, name, overrides[name])
        for pair, reason in cls.paired_methods.items():
            for one, other in (pair, pair[::-1]):
                if one in overrides and other not in overrides:
                    raise TypeError(f"{cls.__name__} overrides {one} without {other}, {reason}. Override both.")


def overridden(cls: type) -> dict[str, Any]:
    """Return the attributes that users' classes define in the ancestry of ``cls``, itself included."""
    attributes: dict[str, Any] = {}
    for ancestor in reversed(cls.__mro__):
        if ancestor is not object and not is_of_package(ancestor.__module__):
            attributes.update(vars(ancestor))
    return attributes


def check_arguments(cls: type, name: str, function: Any) -> None:
    """Raise TypeError unless ``function`` takes the arguments of the package's method that it overrides."""
    base = next((vars(c)[name] for c in _ancestors(cls) if name in vars(c)), None)
    if not (inspect.isfunction(function) and inspect.isfunction(base)):
        return
    expected = inspect.signature(base)
    parameters = [p for p in expected.parameters.values() if p.kind not in (p.VAR_POSITIONAL, p.VAR_KEYWORD)]
    by_name = [p.name for p in parameters if p.kind is p.KEYWORD_ONLY]
    try:
        inspect.signature(function).bind(*[None] * (len(parameters) - len(by_name)), **dict.fromkeys(by_name))
    except TypeError as error:
        params = ", ".join(str(p.replace(annotation=p.empty)) for p in list(expected.parameters.values())[1:])
        raise TypeError(f"{cls.__name__}.{name} is called as {name}({params}), but {error}. Give it these arguments.") from None


class Settable(Extensible):
    """Base class of objects that restrict which attributes users may set.

    The package's code may set any attribute. Other code may set the attributes in :attr:`settable`, properties with a setter,
    and in subclasses the attributes that the subclass adds.
    """

    #: Names of attributes that may be set at any time.
    settable: ClassVar[frozenset[str]] = frozenset()

    #: Attributes that cannot be set -> what to do instead, as a sentence. ``{cls}`` stands for the class.
    not_settable: ClassVar[Mapping[str, str]] = {}

    #: Attributes of older versions of Keras -> what to write instead, as a sentence.
    removed_attributes: ClassVar[Mapping[str, str]] = {}

    #: How many times a public attribute has been set: what was computed with one number belongs to that number.
    _changes: int = 0

    #: What to do instead of setting a constructor's argument, as a sentence with ``{cls}`` and ``{name}``.
    replacement: ClassVar[str] = "Give it to the constructor: {cls}({name}=...)."

    def __setattr__(self, name: str, value: Any) -> None:
        if not name.startswith("_"):
            caller = sys._getframe(1)  # code of this package may set any attribute
            if not is_of_package(caller.f_globals.get("__name__", "")):
                _check_attribute(self, name, caller)
            vars(self)["_changes"] = self._changes + 1
        super().__setattr__(name, value)

    def __getattr__(self, name: str) -> Any:
        """Raise AttributeError, with what to write instead of an attribute of older versions of Keras."""
        cls = type(self)
        advice = cls.removed_attributes.get(name, cls.unsupported_methods.get(name))
        if advice is not None:
            raise AttributeError(f"{cls.__name__} has no {name}. {advice}")
        return object.__getattribute__(self, name)  # raises with Python's message, or with that of a property

    def is_fixed(self) -> bool:
        """Return whether the constructor's arguments are in use, so that a new value would have no effect."""
        return False


class Named(Extensible):
    """Base class of objects whose existing attributes users may set, but no others: a misspelled name raises.

    Attributes are read at each use, so a new value takes effect immediately. A subclass of a user may add any attribute whose
    name is no misspelling.
    """

    #: Whether objects of the package's classes may have additional attributes.
    open_to_attributes: ClassVar[bool] = False

    #: Existing attributes that are not part of the class's config -> what to do instead of setting them.
    not_settable: ClassVar[Mapping[str, str]] = {}

    def __setattr__(self, name: str, value: Any) -> None:
        exists = name.startswith("_") or name in vars(self) or hasattr(type(self), name)
        if not exists or name in self.not_settable:
            caller = sys._getframe(1)
            if not is_of_package(caller.f_globals.get("__name__", "")):
                if name in self.not_settable:
                    raise AttributeError(f"{type(self).__name__}.{name} cannot be set. {self.not_settable[name]}")
                known = [attribute for attribute in (*vars(self), *dir(type(self))) if not attribute.startswith("_")]
                match, is_open = correction(name, known), self.open_to_attributes or not is_of_package(type(self).__module__)
                if not is_open or (match is not None and not _is_method_of(caller, self)):
                    advice = nearest(name, [match] if match else list(vars(self)) or known)
                    raise AttributeError(f"{type(self).__name__} has no attribute {name!r} to set{advice}")
        super().__setattr__(name, value)


def _check_attribute(thing: Settable, name: str, caller: FrameType) -> None:
    """Raise AttributeError unless the code of ``caller`` may set the attribute."""
    cls = type(thing)
    attribute = inspect.getattr_static(cls, name, None)
    if name in cls.settable or (isinstance(attribute, property) and attribute.fset is not None):
        return
    if name in cls.unsupported_methods and name not in cls.not_settable:
        raise AttributeError(f"{cls.__name__}.{name} is never called here. {cls.unsupported_methods[name]}")
    argument, foreign = name in _arguments(cls), not is_of_package(cls.__module__)
    if foreign and _is_method_of(caller, thing) and not (argument and thing.is_fixed()):
        return
    if name in cls.not_settable:
        raise AttributeError(f"{cls.__name__}.{name} cannot be set. {cls.not_settable[name].format(cls=cls.__name__)}")
    if argument:
        raise AttributeError(
            f"{cls.__name__}.{name} is fixed once it is made. {cls.replacement.format(cls=cls.__name__, name=name)}"
        )
    if hasattr(vars(thing).get(name), "assign"):
        raise AttributeError(f"{cls.__name__}.{name} is a variable and cannot be replaced. Change it: {name}.assign(array).")
    if callable(attribute):
        mine = f"class Mine({cls.__name__})"
        raise AttributeError(
            f"{cls.__name__}.{name} is a method and cannot be set. Override it in a class of your own: {mine}."
        )
    if any(name in vars(c) for c in _ancestors(cls)) or (name in vars(thing) and (not foreign or name in _stored(cls))):
        raise AttributeError(f"{cls.__name__}.{name} cannot be set: the package keeps it up to date by itself.")
    if foreign and (name in overridden(cls) or correction(name, _known(cls)) is None):
        return
    match = correction(name, {*_known(cls), *_arguments(cls)})
    raise AttributeError(f"{cls.__name__} has no attribute {name!r} to set{nearest(name, [match] if match else _known(cls))}")


def _is_method_of(caller: FrameType, thing: Any) -> bool:
    """Return whether ``caller`` executes a method of ``thing``: its first argument is ``thing``."""
    code = caller.f_code
    return code.co_argcount > 0 and caller.f_locals.get(code.co_varnames[0]) is thing


def _ancestors(cls: type) -> list[type]:
    """Return the classes of this package in the ancestry of ``cls``."""
    return [ancestor for ancestor in cls.__mro__ if is_of_package(ancestor.__module__)]


def _stored(cls: type) -> set[str]:
    """Return the names of attributes that methods of the package's classes set."""
    functions = [value for c in _ancestors(cls) for value in vars(c).values() if inspect.isfunction(value)]
    steps = (step for function in functions for step in dis.get_instructions(function))
    return {str(step.argval) for step in steps if step.opname == "STORE_ATTR"}


def _known(cls: type[Settable]) -> list[str]:
    """Return the names of the attributes that may be set."""
    properties = {name for c in cls.__mro__ for name, value in vars(c).items() if isinstance(value, property) and value.fset}
    return sorted({*cls.settable, *properties} - {"built"})


def _arguments(cls: type) -> Iterator[str]:
    """Yield the names of the constructors' arguments in the package's classes."""
    for ancestor in _ancestors(cls):
        if "__init__" in vars(ancestor):
            for parameter in inspect.signature(vars(ancestor)["__init__"]).parameters.values():
                if parameter.kind in (parameter.POSITIONAL_OR_KEYWORD, parameter.KEYWORD_ONLY) and parameter.name != "self":
                    yield parameter.name
