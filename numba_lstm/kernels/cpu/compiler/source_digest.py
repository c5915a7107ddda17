"""The digest of all that decides about a kernel's code. It is the same for the same sources, wherever they are installed.

Modules are read by their loaders: from ``.py`` files or a zip archive, and from compiled code where an installation has no
sources (``.pyc`` files alone, PyInstaller).
"""

from __future__ import annotations

import hashlib
import pkgutil
import sys
from collections.abc import Iterable, Iterator
from types import CodeType, ModuleType

from .... import gates
from ... import formulas, int8, slopes, specs

#: Modules outside this package whose numbers and text go into compiled code.
OUTSIDE = (formulas, gates, int8, slopes, specs)

_CPU = sys.modules[__name__.rsplit(".", 2)[0]]


def _inside(path: Iterable[str], package: str) -> Iterator[tuple[str, bytes]]:
    """The modules of a package and of its sub-packages: their names, and their sources or code."""
    for finder, name, is_package in pkgutil.iter_modules(path, f"{package}."):
        spec = finder.find_spec(name)  # type: ignore[call-arg]
        assert spec is not None
        yield name, _content(spec.loader, name)
        if is_package:
            yield from _inside(spec.submodule_search_locations or (), name)


def _content(loader: object, name: str) -> bytes:
    source = loader.get_source(name)  # type: ignore[attr-defined]
    if source is not None:
        return str(source).encode()
    return _described(loader.get_code(name)).encode()  # type: ignore[attr-defined]


def _described(value: object) -> str:
    """Code in words that do not depend on its place on disk, or on the order of sets."""
    if isinstance(value, CodeType):
        names = value.co_names, value.co_varnames, value.co_freevars, value.co_cellvars
        return repr((value.co_name, value.co_code, names, [_described(part) for part in value.co_consts]))
    if isinstance(value, frozenset):
        return repr(sorted(map(repr, value)))
    return repr(value)


def digest(package: ModuleType = _CPU) -> str:
    """Twelve hexadecimal digits of all modules of a package of kernels, and of what they are made with, :data:`OUTSIDE`."""
    found = dict(_inside(package.__path__, package.__name__))
    for module in OUTSIDE:
        assert module.__spec__ is not None
        found[module.__name__] = _content(module.__spec__.loader, module.__name__)
    hashed = hashlib.sha256()
    for name, content in sorted(found.items()):
        hashed.update(f"{name} {len(content)}\n".encode() + content)
    return hashed.hexdigest()[:12]


SOURCES = digest()
