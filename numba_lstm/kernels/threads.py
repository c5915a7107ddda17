"""How many threads an op may use. Results do not depend on it, bit for bit."""

from __future__ import annotations

import operator
import os

_threads: int | None = None


def set_num_threads(n: int) -> None:
    """Use at most ``n`` threads. The results do not depend on it, bit for bit.

    Raises
    ------
    ValueError
        Unless ``n`` is a whole number of at least 1.
    """
    global _threads
    if isinstance(n, bool) or not hasattr(n, "__index__") or operator.index(n) < 1:
        raise ValueError(f"the number of threads must be a whole number of at least 1, got {n!r}.")
    _threads = operator.index(n)


def get_num_threads() -> int:
    """The number of threads in use: as set, or the number of cores that this process may run on."""
    global _threads
    if _threads is None:
        affinity = getattr(os, "sched_getaffinity", None)
        _threads = len(affinity(0)) if affinity else os.cpu_count() or 1
    return _threads
