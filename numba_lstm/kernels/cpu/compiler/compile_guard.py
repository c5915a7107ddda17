"""Protects compilation from signals and forks, which would leave Numba and LLVM in an inconsistent state.

Python runs signal handlers in its main thread, between any two instructions: their exceptions, such as that of Ctrl-C, would
leave Numba's registries half filled for the rest of the process. The main thread therefore waits for another thread that
compiles. Ctrl-C ends the wait immediately; the other thread finishes its kernel, which the next call finds.

A fork copies one thread only. A lock that another thread holds would never be released in the child. A fork therefore waits
until no thread compiles.

Garbage collection pauses meanwhile. Numba makes many objects, among which a collector that runs all the time finds little.
"""

from __future__ import annotations

import gc
import os
import threading
from collections.abc import Callable
from concurrent.futures import Future
from typing import Any

from llvmlite.binding import ffi
from numba.core.compiler_lock import global_compiler_lock

_jobs: dict[str, Future[Any]] = {}  #: by name: what compiles for the main thread, or did when it was interrupted


def run_uninterrupted(name: str, work: Callable[[], Any]) -> Any:
    """Return ``work()``, or raise its error, out of reach of signals. No ``name`` runs twice at the same time."""
    if global_compiler_lock.is_locked():
        return work()  # a compilation calls this
    if threading.current_thread() is not threading.main_thread():
        return _run_uncollected(work)  # no signal handler runs here
    job = _jobs.get(name)
    if job is None:
        job = Future()
        try:
            # not a daemon: the interpreter waits for it at its end, since it must not unload LLVM before
            threading.Thread(target=_run, args=(job, work), name="numba_lstm-compiler").start()
        except RuntimeError:  # the system has no more threads
            return _run_uncollected(work)
        _jobs[name] = job
    try:
        return job.result()
    finally:
        if job.done():
            _jobs.pop(name, None)


def _run(job: Future[Any], work: Callable[[], Any]) -> None:
    try:
        job.set_result(_run_uncollected(work))
    except BaseException as error:  # noqa: BLE001 - the waiting thread raises it again
        job.set_exception(error)


def _run_uncollected(work: Callable[[], Any]) -> Any:
    """Return ``work()`` without garbage collection. The lock keeps threads from restoring each other's setting."""
    with global_compiler_lock:
        enabled = gc.isenabled()
        gc.disable()
        try:
            return work()
        finally:
            if enabled:
                gc.enable()


# -- forks ------------------------------------------------------------------------------------------------------------------

_unlocks: list[Callable[[], object]] = []  #: releases the locks that the forking thread holds


def _lock_before_fork() -> None:
    global_compiler_lock.acquire()
    _unlocks.append(global_compiler_lock.release)
    llvm = getattr(ffi.lib, "_lock", None)  # the lock of llvmlite, which other calls hold for moments too
    if llvm is not None:
        llvm.__enter__()
        _unlocks.append(lambda: llvm.__exit__(None, None, None))


def _unlock_after_fork() -> None:
    while _unlocks:
        _unlocks.pop()()


def _reset_in_child() -> None:
    if not _unlocks:  # Ctrl-C ended the wait, so another thread may hold the lock
        global_compiler_lock._lock = threading.RLock()
    _unlock_after_fork()
    _jobs.clear()


if hasattr(os, "register_at_fork"):
    os.register_at_fork(before=_lock_before_fork, after_in_parent=_unlock_after_fork, after_in_child=_reset_in_child)
