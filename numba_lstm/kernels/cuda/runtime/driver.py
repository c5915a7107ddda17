"""The current driver of this process.

All other files access a device through :func:`current`, so that kernels run on any implementation of
:class:`.protocol.Driver`.
"""

from __future__ import annotations

import threading

from ....system.forks import free_after_fork
from .protocol import Driver

_lock = free_after_fork(threading.Lock())
_bound: Driver | None = None


def current() -> Driver:
    """Return the driver of this process. The first call creates that of the real device.

    Raises
    ------
    RuntimeError
        If there is no usable device. The message says what is missing, and what installs it.
    """
    global _bound
    if _bound is None:
        from .gpu import GPU

        with _lock:
            if _bound is None:
                _bound = GPU()
    return _bound


def bind(driver: Driver | None) -> Driver | None:
    """Make ``driver`` the current one, and return the previous one. For tests."""
    global _bound
    before, _bound = _bound, driver
    return before
