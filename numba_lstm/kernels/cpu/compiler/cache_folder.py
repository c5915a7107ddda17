"""The folder of the cache of compiled kernels, and whether it is trusted.

The folder is the first of these:

1. what ``warmup(model, cache=folder)`` or :func:`choose` named,
2. the environment variable ``NUMBA_LSTM_CACHE_DIR``,
3. ``numba_lstm`` in Numba's ``NUMBA_CACHE_DIR``,
4. ``numba_lstm`` in ``XDG_CACHE_HOME``, or in ``~/.cache``.

Kernels have a sub-folder for the processor and the versions of Numba, llvmlite and Python.

Numba's cache files are pickles, so that anyone who can write them can run code here. The default folder is created for its
owner alone, and not used if it belongs to another user or if others can write to it. A folder that a user named is used as it
is.
"""

from __future__ import annotations

import hashlib
import os
import sys
from functools import cache
from pathlib import Path
from typing import NamedTuple

import llvmlite
import numba
from numba.core import config
from numba.core.registry import cpu_target

from . import cpu_info

VARIABLE = "NUMBA_LSTM_CACHE_DIR"

#: Settings of Numba that change the machine code of a kernel.
_SETTINGS = ("OPT", "LOOP_VECTORIZE", "SLP_VECTORIZE", "BOUNDSCHECK", "DEBUGINFO_DEFAULT", "ENABLE_AVX")

_chosen: str | None = None


class Folder(NamedTuple):
    """The folder of the cache."""

    root: Path
    path: Path  #: the sub-folder for this processor and these versions
    named: bool  #: whether a user named it, who trusts it

    def make(self) -> None:
        """Create both folders; default ones for their owner alone."""
        for place in (self.root, self.path):
            place.parent.mkdir(parents=True, exist_ok=True)
            place.mkdir(mode=0o755 if self.named else 0o700, exist_ok=True)

    def distrusted(self) -> str | None:
        """Return why the folder is not used, or None if it is."""
        if self.named:
            return None
        for place in (self.root, self.path):
            try:
                facts = place.stat()
            except OSError:
                continue  # it does not exist yet, or cannot be used, which a warning says when it is written
            if facts.st_uid not in (os.geteuid(), 0):
                return f"{place} belongs to another user"
            if facts.st_mode & 0o022:
                return f"other users can write to {place}"
        return None


@cache
def _key() -> str:
    """Return the name of the sub-folder, from the processor and the versions."""
    triple, cpu, features = cpu_target.target_context.codegen().magic_tuple()
    settings = [str(getattr(config, name, None)) for name in _SETTINGS]
    settings += [os.environ[name] for name in (cpu_info.VARIABLE,) if name in os.environ]
    target = hashlib.sha256(repr((triple, features, settings)).encode()).hexdigest()[:8]
    python = f"{sys.implementation.cache_tag}{getattr(sys, 'abiflags', '')}"
    return f"{cpu}-{target}-numba{numba.__version__}-llvmlite{llvmlite.__version__}-{python}"


def folder() -> Folder | None:
    """Return the folder in use; None if there is no home folder."""
    named = _chosen or os.environ.get(VARIABLE)
    if named:
        root = Path(named).expanduser().absolute()
    elif config.CACHE_DIR:
        root = Path(config.CACHE_DIR).absolute() / "numba_lstm"
    else:
        home = os.environ.get("XDG_CACHE_HOME", "")
        root = Path(home if os.path.isabs(home) else os.path.expanduser("~/.cache")) / "numba_lstm"
        if not root.is_absolute():
            return None
    return Folder(root, root / _key(), bool(named or config.CACHE_DIR))


def choose(path: str | None) -> str | None:
    """Name the folder to use from now on; None: none is named. Return the name before."""
    global _chosen
    before, _chosen = _chosen, path
    return before
