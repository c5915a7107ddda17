"""Digests of the sources of kernels: of a module, and of all modules of the kernels' package that it imports.

A digest is the same for the same sources, wherever they are installed. A kernel's name ends in the digest of its module, so
that a change recompiles the kernels of the modules that it can reach, and no others. Modules are read by their loaders: from
``.py`` files or a zip archive, or from compiled code if an installation has no sources (``.pyc`` files alone, PyInstaller).
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

_PACKAGE = __name__.rsplit(".", 2)[0]  # the package of the CPU's kernels

#: Modules outside of the package that kernels depend on.
OUTSIDE = (formulas, gates, int8, slopes, specs)

_IMPORT = re.compile(r"^[ \t]*from (\.+)([\w.]*) import (\([^)]*\)|[^\n#]*)", re.MULTILINE)


def _inside(path: Iterable[str], package: str) -> Iterator[tuple[str, object, bool]]:
    """Yield the modules of a package and of its sub-packages: name, loader, and whether it is a package."""
    for finder, name, is_package in pkgutil.iter_modules(path, f"{package}."):
        spec = finder.find_spec(name)  # type: ignore[call-arg]
        assert spec is not None
        yield name, spec.loader, is_package
        if is_package:
            yield from _inside(spec.submodule_search_locations or (), name)


@cache
def _modules() -> dict[str, tuple[object, bool]]:
    """Return name -> loader, and whether it is a package, of all modules that kernels depend on."""
    found = {name: (loader, package) for name, loader, package in _inside(sys.modules[_PACKAGE].__path__, _PACKAGE)}
    for module in OUTSIDE:
        assert module.__spec__ is not None
        found[module.__name__] = module.__spec__.loader, False
    return found


def _content(loader: object, name: str) -> tuple[bytes, str | None]:
    """Return the bytes of a module for the digest, and its source, or None if there is none."""
    source = loader.get_source(name)  # type: ignore[attr-defined]
    if source is not None:
        return str(source).encode(), str(source)
    return _described(loader.get_code(name)).encode(), None  # type: ignore[attr-defined]


def _described(value: object) -> str:
    """Describe code independently of its place on disk and of the order of sets."""
    if isinstance(value, CodeType):
        names = value.co_names, value.co_varnames, value.co_freevars, value.co_cellvars
        return repr((value.co_name, value.co_code, names, [_described(constant) for constant in value.co_consts]))
    if isinstance(value, frozenset):
        return repr(sorted(map(repr, value)))
    return repr(value)


@cache
def _read(name: str) -> tuple[bytes, frozenset[str]]:
    """Return a module's content, and the names of the modules that it imports: all of them if it has no source."""
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
    """Return twelve hexadecimal digits for a module and all that it imports, directly or not.

    For a module outside of the package they are those of all modules.
    """
    reached, new = set[str](), {module} if module in _modules() else set(_modules())
    while new:
        reached |= new
        new = {imported for name in new for imported in _read(name)[1]} - reached
    hashed = hashlib.sha256()
    for name in sorted(reached):
        content = _read(name)[0]
        hashed.update(f"{name} {len(content)}\n".encode() + content)
    return hashed.hexdigest()[:12]
