"""Digests of what decides about a kernel's code: its module, and all that this imports of the kernels' package.

A digest is the same for the same sources, wherever they are installed. A kernel's name ends in the digest of its module, so a
change makes new kernels of those modules that it can reach, and of no others. Modules are read by their loaders: from ``.py``
files or a zip archive, and from compiled code where an installation has no sources (``.pyc`` files alone, PyInstaller).
"""

from __future__ import annotations

import hashlib
import pkgutil
import re
import sys
from collections.abc import Iterable, Iterator
from functools import cache
from types import CodeType

from .... import gates
from ... import formulas, int8, slopes, specs

_PACKAGE = __name__.rsplit(".", 2)[0]  # of the kernels of the CPU

#: Modules outside of the package that kernels are made from.
OUTSIDE = (formulas, gates, int8, slopes, specs)

_IMPORT = re.compile(r"^[ \t]*from (\.+)([\w.]*) import (\([^)]*\)|[^\n#]*)", re.MULTILINE)


def _inside(path: Iterable[str], package: str) -> Iterator[tuple[str, object, bool]]:
    """The modules of a package and of its sub-packages: name, loader, and whether it is a package."""
    for finder, name, is_package in pkgutil.iter_modules(path, f"{package}."):
        spec = finder.find_spec(name)  # type: ignore[call-arg]
        assert spec is not None
        yield name, spec.loader, is_package
        if is_package:
            yield from _inside(spec.submodule_search_locations or (), name)


@cache
def _modules() -> dict[str, tuple[object, bool]]:
    """Name -> loader, and whether it is a package, of all modules that kernels are made from."""
    found = {name: (loader, package) for name, loader, package in _inside(sys.modules[_PACKAGE].__path__, _PACKAGE)}
    for module in OUTSIDE:
        assert module.__spec__ is not None
        found[module.__name__] = module.__spec__.loader, False
    return found


def _content(loader: object, name: str) -> tuple[bytes, str | None]:
    """What stands for a module in a digest, and its source, None where there is none."""
    source = loader.get_source(name)  # type: ignore[attr-defined]
    if source is not None:
        return str(source).encode(), str(source)
    return _described(loader.get_code(name)).encode(), None  # type: ignore[attr-defined]


def _described(value: object) -> str:
    """Code in words that do not depend on its place on disk, or on the order of sets."""
    if isinstance(value, CodeType):
        names = value.co_names, value.co_varnames, value.co_freevars, value.co_cellvars
        return repr((value.co_name, value.co_code, names, [_described(constant) for constant in value.co_consts]))
    if isinstance(value, frozenset):
        return repr(sorted(map(repr, value)))
    return repr(value)


@cache
def _read(name: str) -> tuple[bytes, frozenset[str]]:
    """A module's content, and the names of those that it imports; all of them where it has no source to tell."""
    loader, package = _modules()[name]
    content, source = _content(loader, name)
    if source is None:
        return content, frozenset(_modules())
    home = name.split(".") if package else name.split(".")[:-1]
    found = set()
    for dots, module, names in _IMPORT.findall(source):
        base = ".".join([*home[: len(home) + 1 - len(dots)], *filter(None, [module])])
        found |= {base, *(f"{base}.{imported.split(' as ')[0].strip()}" for imported in names.strip("()").split(","))}
    return content, frozenset(found & _modules().keys())


@cache
def digest(module: str) -> str:
    """Twelve hexadecimal digits of a module and all that it imports, directly or not; of all modules for one from elsewhere."""
    reached, new = set[str](), {module} if module in _modules() else set(_modules())
    while new:
        reached |= new
        new = {imported for name in new for imported in _read(name)[1]} - reached
    hashed = hashlib.sha256()
    for name in sorted(reached):
        content = _read(name)[0]
        hashed.update(f"{name} {len(content)}\n".encode() + content)
    return hashed.hexdigest()[:12]
