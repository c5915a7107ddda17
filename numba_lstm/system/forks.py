"""Locks that a forked child finds free."""

from __future__ import annotations

import os
from typing import TypeVar

Lock = TypeVar("Lock")


def free_after_fork(lock: Lock) -> Lock:
    """Return ``lock``, which a forked child will find free.

    A fork copies the forking thread alone. A lock that another thread holds at that moment would never be released in the
    child, as Python's own ``logging`` and ``random`` know. What such a lock protects must be in order between any two
    statements.

    Parameters
    ----------
    lock : threading.Lock or threading.RLock
        A lock that lives as long as the process.
    """
    if hasattr(os, "register_at_fork"):
        os.register_at_fork(after_in_child=lock._at_fork_reinit)  # type: ignore[attr-defined]
    return lock
