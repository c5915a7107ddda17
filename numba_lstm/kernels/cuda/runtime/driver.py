"""The current driver of this process.

All other files access a device through :func:`current`, so that kernels run on any implementation of
:class:`.protocol.Driver`.
"""

from __future__ import annotations

import threading
from collections.abc import Iterator
from contextlib import contextmanager

from ....system.forks import free_after_fork
from .protocol import Driver

_lock = free_after_fork(threading.Lock())
_bound: Driver | None = None


class _Thread(threading.local):
    recorder: Driver | None = None


_thread = _Thread()


def current() -> Driver:
    """Return what ops of the calling thread run on: the device, or what records their launches."""
    return _thread.recorder or _bound or device()


@contextmanager
def recording_to(recorder: Driver) -> Iterator[None]:
    """Let the ops that the calling thread calls run on ``recorder``."""
    outer, _thread.recorder = _thread.recorder, recorder
    try:
        yield
    finally:
        _thread.recorder = outer


def recorder() -> Driver | None:
    """Return what records the launches of the calling thread, if anything does."""
    return _thread.recorder


def device() -> Driver:
    """Return the driver of this process, also while launches are recorded. The first call creates that of the real device.

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
