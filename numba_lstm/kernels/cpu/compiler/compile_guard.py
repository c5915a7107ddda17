"""Compilation that neither a signal nor a fork interrupts, so that what follows them finds Numba and LLVM in order.

Python runs signal handlers in its main thread, between any two instructions: an exception of theirs, such as Ctrl-C's, would
leave Numba's registries half filled for the rest of the process. So the main thread waits for another thread that compiles.
Ctrl-C ends the waiting at once; the other thread ends the one kernel it is at, which the next call finds.

A fork copies one thread alone. A lock that another one holds would never be released in the child. So a fork waits until
nobody compiles.
"""

from __future__ import annotations

import os
import threading
from collections.abc import Callable
from concurrent.futures import Future
from typing import Any

from llvmlite.binding import ffi
from numba.core.compiler_lock import global_compiler_lock

_jobs: dict[str, Future[Any]] = {}  #: what is being compiled for the main thread, or was when that was interrupted


def run_uninterrupted(name: str, work: Callable[[], Any]) -> Any:
    """``work()``, with its answer and its errors, out of reach of signals. One ``name`` is done once at a time."""
    if threading.current_thread() is not threading.main_thread() or global_compiler_lock.is_locked():
        return work()  # no signal's handler runs here, or we are in the midst of compiling
    job = _jobs.get(name)
    if job is None:
        job = Future()
        try:
            # not a daemon: the end of the interpreter waits for it, since LLVM cannot be taken down under it
            threading.Thread(target=_run, args=(job, work), name="numba_lstm-compiler").start()
        except RuntimeError:  # the system has no thread to give
            return work()
        _jobs[name] = job
    try:
        return job.result()
    finally:
        if job.done():
            _jobs.pop(name, None)


def _run(job: Future[Any], work: Callable[[], Any]) -> None:
    try:
        job.set_result(work())
    except BaseException as error:  # noqa: BLE001 - raised again by whoever waits
        job.set_exception(error)


# -- forks ------------------------------------------------------------------------------------------------------------------

_unlocks: list[Callable[[], object]] = []  #: releases the locks that the forking thread holds


def _lock_before_fork() -> None:
    global_compiler_lock.acquire()
    _unlocks.append(global_compiler_lock.release)
    llvm = getattr(ffi.lib, "_lock", None)  # llvmlite's own, which is held for moments outside of compilations too
    if llvm is not None:
        llvm.__enter__()
        _unlocks.append(lambda: llvm.__exit__(None, None, None))


def _unlock_after_fork() -> None:
    while _unlocks:
        _unlocks.pop()()


def _reset_in_child() -> None:
    if not _unlocks:  # Ctrl-C ended the waiting, so another thread may have had it
        global_compiler_lock._lock = threading.RLock()
    _unlock_after_fork()
    _jobs.clear()


if hasattr(os, "register_at_fork"):
    os.register_at_fork(before=_lock_before_fork, after_in_parent=_unlock_after_fork, after_in_child=_reset_in_child)
