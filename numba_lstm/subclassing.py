"""What a subclass may override and which attributes may be set, checked before anything is computed.

A method that Keras calls and this package does not, or an attribute that nothing reads, would be ignored without a word, and a
model would compute something else than its author wrote. So a class statement that defines such a method raises TypeError, and
an assignment to such an attribute raises AttributeError; both name what works.
"""

from __future__ import annotations

import dis
import inspect
import sys
from collections.abc import Iterator, Mapping
from types import FrameType
from typing import Any, ClassVar

from .spelling import meant, nearest

_PACKAGE = __name__.partition(".")[0]


def is_of_package(module: str) -> bool:
    """Whether a module of this name is of this package, not of a user."""
    return module == _PACKAGE or module.startswith(f"{_PACKAGE}.")


class Extensible:
    """The base of the classes that users derive their own from."""

    #: Methods that Keras calls and this package does not -> what works in their place, as sentences.
    never_called: ClassVar[Mapping[str, str]] = {}

    #: Methods that an override must keep callable with the arguments of the method that it overrides.
    called: ClassVar[tuple[str, ...]] = ()

    #: Methods that depend on each other -> what goes wrong if only one of them is overridden.
    together: ClassVar[Mapping[tuple[str, str], str]] = {}

    def __init_subclass__(cls, **kwargs: Any) -> None:
        super().__init_subclass__(**kwargs)
        if not is_of_package(cls.__module__):
            cls.check_class()

    @classmethod
    def check_assigned(cls) -> None:
        """Raise TypeError if a method that is never called was assigned to the class after its statement.

        Constructors ask, for the statement could not know. It costs some microseconds.
        """
        for name, advice in cls.never_called.items():
            found = getattr(cls, name, None)
            function = found.fget if isinstance(found, property) else found
            if not is_of_package(getattr(function, "__module__", None) or _PACKAGE):
                raise TypeError(f"{cls.__name__}.{name} was assigned, which is never called here. {advice}")

    @classmethod
    def check_class(cls) -> None:
        """Raise TypeError if the class, which is not of this package, overrides what is never called, or by other arguments."""
        own = overridden(cls)
        for name in own:
            if name in cls.never_called:
                raise TypeError(f"{cls.__name__} overrides {name}, which is never called here. {cls.never_called[name]}")
        for name in cls.called:
            if name in own and own[name] is inspect.getattr_static(cls, name):
                check_arguments(cls, name, own[name])
        for pair, reason in cls.together.items():
            for one, other in (pair, pair[::-1]):
                if one in own and other not in own:
                    raise TypeError(f"{cls.__name__} overrides {one} without {other}, {reason}. Override both.")


def overridden(cls: type) -> dict[str, Any]:
    """All that the classes of others in the ancestry of ``cls``, itself included, define, as it stands in the classes."""
    own: dict[str, Any] = {}
    for ancestor in reversed(cls.__mro__):
        if ancestor is not object and not is_of_package(ancestor.__module__):
            own.update(vars(ancestor))
    return own


def check_arguments(cls: type, name: str, function: Any) -> None:
    """Raise TypeError unless ``function`` can be called as the package's method of that name, which it overrides."""
    base = next((vars(c)[name] for c in _ancestors(cls) if name in vars(c)), None)
    if not (inspect.isfunction(function) and inspect.isfunction(base)):
        return
    expected = inspect.signature(base)
    parameters = [p for p in expected.parameters.values() if p.kind not in (p.VAR_POSITIONAL, p.VAR_KEYWORD)]
    by_name = [p.name for p in parameters if p.kind is p.KEYWORD_ONLY]
    try:
        inspect.signature(function).bind(*[None] * (len(parameters) - len(by_name)), **dict.fromkeys(by_name))
    except TypeError as error:
        asked = ", ".join(str(p.replace(annotation=p.empty)) for p in list(expected.parameters.values())[1:])
        raise TypeError(f"{cls.__name__}.{name} is called as {name}({asked}), but {error}. Give it these arguments.") from None


class Settable(Extensible):
    """The base of the classes whose attributes users set: known ones only.

    The package's own code sets what it likes. Everybody else sets the attributes that are declared in :attr:`settable`,
    properties that have a setter, and in classes of their own the attributes of their own.
    """

    #: Attributes that may be set at any time.
    settable: ClassVar[frozenset[str]] = frozenset()

    #: Attributes that cannot be set -> what to do in place of it, as a sentence. ``{cls}`` stands for the class.
    not_settable: ClassVar[Mapping[str, str]] = {}

    #: Attributes of older versions of Keras that are no longer there -> what to write, as a sentence.
    gone: ClassVar[Mapping[str, str]] = {}

    #: How many times a public attribute has been set: what was computed with one number belongs to that number.
    _changes: int = 0

    #: What to do about an argument of the constructor, as a sentence with ``{cls}`` and ``{name}``.
    remake: ClassVar[str] = "Give it to the constructor: {cls}({name}=...)."

    def __setattr__(self, name: str, value: Any) -> None:
        if not name.startswith("_"):
            caller = sys._getframe(1)  # constructors and loops of this package set what users may not
            if not is_of_package(caller.f_globals.get("__name__", "")):
                _check_attribute(self, name, caller)
            vars(self)["_changes"] = self._changes + 1
        super().__setattr__(name, value)

    def __getattr__(self, name: str) -> Any:
        """Raise AttributeError, with what to write for an attribute of older versions of Keras."""
        cls = type(self)
        advice = cls.gone.get(name, cls.never_called.get(name))
        if advice is not None:
            raise AttributeError(f"{cls.__name__} has no {name}. {advice}")
        return object.__getattribute__(self, name)  # Python's own words, or those of the property that raised

    def is_fixed(self) -> bool:
        """Whether arguments of the constructor are in use, so that a new value would come too late."""
        return False


class Named(Extensible):
    """The base of classes whose attributes users may set as they are: those that exist, and no misspelling of one.

    What reads the attributes reads them each time, so a new value counts from then on. A class of a user's own may have any
    attribute that is no misspelling.
    """

    #: Whether objects of the package's classes may have attributes of the user's own, too.
    open_to_attributes: ClassVar[bool] = False

    #: Attributes that exist and are no part of the class's config -> what to do in place of setting them.
    not_settable: ClassVar[Mapping[str, str]] = {}

    def __setattr__(self, name: str, value: Any) -> None:
        exists = name.startswith("_") or name in vars(self) or hasattr(type(self), name)
        if not exists or name in self.not_settable:
            caller = sys._getframe(1)
            if not is_of_package(caller.f_globals.get("__name__", "")):
                if name in self.not_settable:
                    raise AttributeError(f"{type(self).__name__}.{name} cannot be set. {self.not_settable[name]}")
                known = [other for other in (*vars(self), *dir(type(self))) if not other.startswith("_")]
                alike, is_open = meant(name, known), self.open_to_attributes or not is_of_package(type(self).__module__)
                if not is_open or (alike is not None and not _is_method_of(caller, self)):
                    says = nearest(name, [alike] if alike else list(vars(self)) or known)
                    raise AttributeError(f"{type(self).__name__} has no attribute {name!r} to set{says}")
        super().__setattr__(name, value)


def _check_attribute(thing: Settable, name: str, caller: FrameType) -> None:
    """Raise AttributeError unless the code of ``caller`` may set the attribute."""
    cls = type(thing)
    found = inspect.getattr_static(cls, name, None)
    if name in cls.settable or (isinstance(found, property) and found.fset is not None):
        return
    if name in cls.never_called and name not in cls.not_settable:
        raise AttributeError(f"{cls.__name__}.{name} is never called here. {cls.never_called[name]}")
    argument, foreign = name in _arguments(cls), not is_of_package(cls.__module__)
    if foreign and _is_method_of(caller, thing) and not (argument and thing.is_fixed()):
        return
    if name in cls.not_settable:
        raise AttributeError(f"{cls.__name__}.{name} cannot be set. {cls.not_settable[name].format(cls=cls.__name__)}")
    if argument:
        raise AttributeError(
            f"{cls.__name__}.{name} is fixed once it is made. {cls.remake.format(cls=cls.__name__, name=name)}"
        )
    if hasattr(vars(thing).get(name), "assign"):
        raise AttributeError(f"{cls.__name__}.{name} is a variable and cannot be replaced. Change it: {name}.assign(array).")
    if callable(found):
        mine = f"class Mine({cls.__name__})"
        raise AttributeError(
            f"{cls.__name__}.{name} is a method and cannot be set. Override it in a class of your own: {mine}."
        )
    if any(name in vars(c) for c in _ancestors(cls)) or (name in vars(thing) and (not foreign or name in _stored(cls))):
        raise AttributeError(f"{cls.__name__}.{name} cannot be set: the package keeps it up to date by itself.")
    if foreign and (name in overridden(cls) or meant(name, _known(cls)) is None):
        return
    alike = meant(name, {*_known(cls), *_arguments(cls)})
    raise AttributeError(f"{cls.__name__} has no attribute {name!r} to set{nearest(name, [alike] if alike else _known(cls))}")


def _is_method_of(caller: FrameType, thing: Any) -> bool:
    """Whether the first argument of the code that runs is ``thing``."""
    code = caller.f_code
    return code.co_argcount > 0 and caller.f_locals.get(code.co_varnames[0]) is thing


def _ancestors(cls: type) -> list[type]:
    """The package's classes that ``cls`` is made of."""
    return [ancestor for ancestor in cls.__mro__ if is_of_package(ancestor.__module__)]


def _stored(cls: type) -> set[str]:
    """The names of attributes that methods of the package's classes set."""
    functions = [value for c in _ancestors(cls) for value in vars(c).values() if inspect.isfunction(value)]
    steps = (step for function in functions for step in dis.get_instructions(function))
    return {str(step.argval) for step in steps if step.opname == "STORE_ATTR"}


def _known(cls: type[Settable]) -> list[str]:
    """The attributes that may be set."""
    properties = {name for c in cls.__mro__ for name, value in vars(c).items() if isinstance(value, property) and value.fset}
    return sorted({*cls.settable, *properties} - {"built"})


def _arguments(cls: type) -> Iterator[str]:
    """The arguments of the constructors of the package's classes."""
    for ancestor in _ancestors(cls):
        if "__init__" in vars(ancestor):
            for parameter in inspect.signature(vars(ancestor)["__init__"]).parameters.values():
                if parameter.kind in (parameter.POSITIONAL_OR_KEYWORD, parameter.KEYWORD_ONLY) and parameter.name != "self":
                    yield parameter.name
