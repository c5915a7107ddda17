"""The end of all processes of a job when one of them fails: the others would wait for it without end."""

from __future__ import annotations

import sys
import threading
import traceback
from collections.abc import Callable
from time import sleep
from types import TracebackType
from typing import Any

#: Exit code of a job that an exception ended.
FAILED = 1

#: Seconds between the message of a failure and the end of the job. MPICH's ``mpiexec`` drops what it has not yet read from a
#: process when that process ends the job: without the pause one message of 150 was lost.
PAUSE = 0.5


def end_job_on_exceptions(communicator: Any) -> None:
    """Let an exception that nobody catches print its traceback, with the rank, and end all processes of ``communicator``."""
    if getattr(sys.excepthook, "communicator", None) is communicator:
        return
    sys.excepthook = _Hook(communicator, sys.excepthook)
    threading.excepthook = lambda arguments: sys.excepthook(
        arguments.exc_type, arguments.exc_value or arguments.exc_type(), arguments.exc_traceback
    )


def end_job(communicator: Any, message: str) -> None:
    """Write a message, which ends with a newline, to stderr, and end all processes of ``communicator``."""
    sys.stderr.write(message)
    sys.stderr.flush()
    sleep(PAUSE)
    communicator.Abort(FAILED)


class _Hook:
    """A hook for exceptions that ends a job."""

    def __init__(self, communicator: Any, before: Callable[..., Any]) -> None:
        self.communicator, self._before = communicator, before

    def __call__(self, kind: type[BaseException], error: BaseException, trace: TracebackType | None) -> None:
        if issubclass(kind, SystemExit) or self.communicator.size == 1:
            self._before(kind, error, trace)
            return
        text = "".join(traceback.format_exception(kind, error, trace))
        rank, ranks = self.communicator.rank, self.communicator.size
        end_job(self.communicator, f"rank {rank} of {ranks} failed, and ends the job:\n{text}")
