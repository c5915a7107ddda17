"""Digests of the sources of kernels: of a module, and of all modules of its device's package that it imports.

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

from .. import gates
from . import formulas, int8, slopes, specs

#: The packages of the devices whose kernels are compiled.
PACKAGES = tuple(f"{__name__.rpartition('.')[0]}.{device}" for device in ("cpu", "cuda"))

#: Modules outside of these packages that kernels depend on.
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
def _modules(package: str) -> dict[str, tuple[object, bool]]:
    """Return name -> loader, and whether it is a package, of all modules that the kernels of a package depend on."""
    found = {name: (loader, is_package) for name, loader, is_package in _inside(sys.modules[package].__path__, package)}
    for module in OUTSIDE:
        assert module.__spec__ is not None
        found[module.__name__] = module.__spec__.loader, False
    return found


def _content(loader: object, name: str) -> tuple[bytes, str | None]:
    """Return the bytes of a module for the digest, and its source, or None if there is none."""
    source = loader.get_source(name)  # type: ignore[attr-defined]
    if source is not None:
        return str(source).encode(), str(source)
    return describe_code(loader.get_code(name)).encode(), None  # type: ignore[attr-defined]


def describe_code(value: object) -> str:
    """Describe code, or a constant of it, independently of its place on disk and of the order of sets."""
    if isinstance(value, CodeType):
        names = value.co_names, value.co_varnames, value.co_freevars, value.co_cellvars
        return repr((value.co_name, value.co_code, names, [describe_code(constant) for constant in value.co_consts]))
    if isinstance(value, frozenset):
        return repr(sorted(map(repr, value)))
    return repr(value)


@cache
def _read(package: str, name: str) -> tuple[bytes, frozenset[str]]:
    """Return a module's content, and the names of the modules that it imports: all of them if it has no source."""
    modules = _modules(package)
    loader, is_package = modules[name]
    content, source = _content(loader, name)
    if source is None:
        return content, frozenset(modules)
    home = name.split(".") if is_package else name.split(".")[:-1]
    found = set()
    for dots, module, names in _IMPORT.findall(source):
        base = ".".join([*home[: len(home) + 1 - len(dots)], *filter(None, [module])])
        found |= {base, *(f"{base}.{imported.split(' as ')[0].strip()}" for imported in names.strip("()").split(","))}
    return content, frozenset(found & modules.keys())


@cache
def digest(module: str) -> str:
    """Return twelve hexadecimal digits for a module and all that it imports, directly or not.

    For the package of a device they are those of all its modules, and for any other module those of the CPU's.
    """
    package = next((package for package in PACKAGES if f"{module}.".startswith(f"{package}.")), PACKAGES[0])
    modules = _modules(package)
    reached, new = set[str](), {module} if module in modules else set(modules)
    while new:
        reached |= new
        new = {imported for name in new for imported in _read(package, name)[1]} - reached
    hashed = hashlib.sha256()
    for name in sorted(reached):
        content = _read(package, name)[0]
        hashed.update(f"{name} {len(content)}\n".encode() + content)
    return hashed.hexdigest()[:12]
