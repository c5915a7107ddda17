"""The folder of the cache of compiled kernels, and whether it is trusted.

The folder is the first of these:

1. what ``warmup(model, cache=folder)`` or :func:`choose` named,
2. the environment variable ``NUMBA_LSTM_CACHE_DIR``,
3. ``numba_lstm`` in Numba's ``NUMBA_CACHE_DIR``,
4. ``numba_lstm`` in ``XDG_CACHE_HOME``, or in ``~/.cache``.

Kernels have a sub-folder for the processor and the versions of what compiles them.

Files in this folder are machine code, or pickles that contain it, so that anyone who can write them can run code here. The
default folder is created for its owner alone, and not used if it belongs to another user or if others can write to it. A folder
that a user named is used as it is.
"""

from __future__ import annotations

import os
import warnings
from pathlib import Path
from typing import NamedTuple

from numba.core import config

VARIABLE = "NUMBA_LSTM_CACHE_DIR"

_chosen: str | None = None

_warned: set[str] = set()


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


def folder(name: str) -> Folder | None:
    """Return the folder in use, with its sub-folder ``name``; None if there is no home folder."""
    named, of_numba = _chosen or os.environ.get(VARIABLE), config.CACHE_DIR  # type: ignore[attr-defined]
    if named:
        root = Path(named).expanduser().absolute()
    elif of_numba:
        root = Path(of_numba).absolute() / "numba_lstm"
    else:
        home = os.environ.get("XDG_CACHE_HOME", "")
        root = Path(home if os.path.isabs(home) else os.path.expanduser("~/.cache")) / "numba_lstm"
        if not root.is_absolute():
            return None
    return Folder(root, root / name, bool(named or of_numba))


def trusted(place: Folder | None) -> Folder | None:
    """Return the folder if it is used, otherwise None, with one warning per process that says why."""
    if place is None:
        warn_unwritable("there is no home folder")
        return None
    why = place.distrusted()
    if why is None:
        return place
    warn_once(
        "distrusted",
        f"compiled kernels on disk are not used: {why}, who could run code here. So every process compiles them again. "
        f"Set {VARIABLE} to a folder of your own; or to {place.root}, if you trust all who can write to it.",
    )
    return None


def choose(path: str | None) -> str | None:
    """Name the folder to use from now on; None: none is named. Return the name before."""
    global _chosen
    before, _chosen = _chosen, path
    return before


def warn_once(about: str, sentence: str) -> None:
    """Warn about one thing once per process."""
    if about not in _warned:
        _warned.add(about)
        warnings.warn(sentence, RuntimeWarning, stacklevel=2)


def warn_unwritable(why: str) -> None:
    """Warn once per process that kernels cannot be stored."""
    warn_once(
        "unwritable",
        f"compiled kernels cannot be kept on disk ({why}), so every process compiles them again. Set {VARIABLE} to a folder "
        "that can be written, or to one that numba_lstm.warmup(model, cache=folder) has filled.",
    )
