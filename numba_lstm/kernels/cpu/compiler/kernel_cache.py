"""The cache of compiled kernels on disk: loading, storing, and copying kernels to another folder.

:mod:`.cache_folder` says where it is. Files end in the digest of the kernel's sources (``kernels/source_digest.py``), so that
installations with the same sources share them, wherever they are imported from. (Numba's caches depend on the path and the age
of a file.) A folder that cannot be written is read.
"""

from __future__ import annotations

import contextlib
import os
from collections.abc import Callable
from pathlib import Path
from typing import Any, NamedTuple

from numba.core import config
from numba.core.caching import CompileResultCacheImpl, FunctionCache, NullCache
from numba.core.registry import cpu_target

from ...cache_folder import Folder, choose, trusted, warn_once, warn_unwritable
from ...source_digest import digest
from .cache_folder import folder
from .compile_guard import run_uninterrupted
from .compile_notice import notice


def _can_keep(path: str) -> bool:
    """Whether a kernel that is compiled now will be kept in the folder ``path``, as far as that is known before."""
    if int(config.OPT) == 0:  # such code holds addresses: see _Implementation.check_cachable
        return False
    there = next(folder for folder in (Path(path), *Path(path).parents) if folder.exists())
    return os.access(there, os.W_OK)


class _Locator:
    """Tells Numba the place of a function on disk, which does not depend on the file of the function."""

    def __init__(self, function: Any, place: Folder) -> None:
        self._py_file, self._lineno, self._place = function.__code__.co_filename, function.__code__.co_firstlineno, place
        self._module = function.__module__

    @classmethod
    def from_function(cls, function: Any, _: str) -> _Locator | None:
        place = folder()
        return None if place is None else cls(function, place)

    def ensure_cache_path(self) -> None:
        self._place.make()

    def get_cache_path(self) -> str:
        return str(self._place.path)

    def get_source_stamp(self) -> str:
        return digest(self._module)

    def get_disambiguator(self) -> str:
        return str(self._lineno)


class _Implementation(CompileResultCacheImpl):  # type: ignore[misc]
    _locator_classes = [_Locator]

    def check_cachable(self, data: Any) -> bool:
        if data.library.has_dynamic_globals:
            warn_once(
                "addresses",
                "compiled kernels hold addresses of this process and cannot be kept on disk, so every process compiles them "
                "again. Numba leaves these addresses in code that it does not optimize: unset NUMBA_OPT.",
            )
            return False
        return bool(super().check_cachable(data))


class KernelCache(FunctionCache):  # type: ignore[misc]
    """Numba's cache of one function, in the folder in use. A fault of the disk costs time and is reported once."""

    _impl_class = _Implementation

    def load_overload(self, sig: Any, target_context: Any) -> Any:
        found = self._load(sig, target_context)
        if found is None:
            notice.begin(_plain(self._py_func), self.cache_path if _can_keep(self.cache_path) else None)
        return found

    def _load(self, sig: Any, target_context: Any) -> Any:
        try:
            return super().load_overload(sig, target_context)
        except PermissionError as error:
            warn_unwritable(f"{error.filename or self.cache_path}: {error.strerror}")
        except Exception as error:  # a truncated pickle raises errors of many types
            warn_once("broken", f"kernels are compiled again, since files in {self.cache_path} cannot be read ({error!r}).")
            self._forget()
        return None

    def _forget(self) -> None:
        """Clear the index, which Numba reads before it writes."""
        with contextlib.suppress(OSError):  # reported when the kernel is written
            self.flush()

    def save_overload(self, sig: Any, data: Any) -> None:
        try:
            super().save_overload(sig, data)
        except OSError as error:
            warn_unwritable(f"{error.filename or self.cache_path}: {error.strerror}")

    def stored(self, sig: Any) -> Any:
        """Return what is on disk for a signature, or None."""
        try:
            return self._cache_file.load(self._index_key(sig, cpu_target.target_context.codegen()))
        except Exception:  # as above: it is compiled again
            return None

    def store(self, sig: Any, data: Any) -> None:
        """Write what :meth:`stored` returned to disk."""
        self._impl.locator.ensure_cache_path()
        self._cache_file.save(self._index_key(sig, cpu_target.target_context.codegen()), data)


class NoCache(NullCache):  # type: ignore[misc]
    """A cache that stores nothing."""

    def __init__(self, function: Any) -> None:
        self._function = function

    def load_overload(self, sig: Any, target_context: Any) -> None:
        notice.begin(_plain(self._function), None)


def _plain(function: Any) -> str:
    """Return a kernel's name without the digest of its sources."""
    return str(function.__name__.removesuffix(f"_{digest(function.__module__)}"))


def cache_of(function: Callable[..., Any]) -> Any:
    """Return the cache to compile ``function`` with; one that stores nothing if there is no trusted folder."""
    return NoCache(function) if trusted(folder()) is None else KernelCache(function)


class _Compiled(NamedTuple):
    """A kernel of this process: its function and signature, its cache, and what compiles it with another cache."""

    function: Callable[..., Any]
    signature: Any
    cache: Any
    compile: Callable[[Any], Any]


_compiled: list[_Compiled] = []


def load_or_compile(function: Callable[..., Any], signature: Any, compile_: Callable[[Any], Any]) -> Any:
    """Return ``compile_`` with the cache of ``function``: loaded from disk, or compiled and stored there."""
    cache_ = cache_of(function)
    compiled = _compile_with_notice(compile_, cache_)
    _compiled.append(_Compiled(function, signature, cache_, compile_))
    return compiled


def _compile_with_notice(compile_: Callable[[Any], Any], cache_: Any) -> Any:
    try:
        return compile_(cache_)
    finally:
        notice.end()


def use(path: str | os.PathLike[str]) -> None:
    """Store kernels in ``path`` from now on, including those that this process already has.

    Raises
    ------
    OSError
        If the folder cannot be created, or a missing kernel cannot be written.
    """
    before = choose(os.fspath(path))
    place = folder()
    assert place is not None
    try:
        place.make()
        for k, compiled in enumerate(_compiled.copy()):
            _compiled[k] = compiled._replace(cache=_copy_to_folder(compiled))
    except OSError as error:
        choose(before)
        why = f"compiled kernels cannot be kept in this folder: {error.strerror}"
        raise OSError(error.errno, why, error.filename or str(place.path)) from None


def _copy_to_folder(compiled: _Compiled) -> KernelCache:
    """Store a kernel of this process in the folder in use, too; return its cache there."""
    there = KernelCache(compiled.function)
    if there.stored(compiled.signature) is None:
        data = compiled.cache.stored(compiled.signature) if isinstance(compiled.cache, KernelCache) else None
        if data is None:
            run_uninterrupted(compiled.function.__name__, lambda: _compile_with_notice(compiled.compile, there))
        else:
            there.store(compiled.signature, data)
    return there
