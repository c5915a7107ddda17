"""Ctrl-C while the package is imported for a command, before the command could catch it: the process ends without a traceback.

The first import of ``numba_lstm/__init__.py`` is this module. ``__main__.py`` restores Python's handler.
"""

import os
import signal
import sys
from types import FrameType

INTERRUPTED = 130  #: exit code after Ctrl-C, as shells give it


def _is_command() -> bool:
    """Tell ``python -m numba_lstm`` and ``numba-lstm`` from programs that import the package."""
    program = os.path.basename(sys.argv[0]) if sys.argv else ""
    return program == "numba-lstm" or (program == "-m" and not {"numba_lstm", "-mnumba_lstm"}.isdisjoint(sys.orig_argv))


def _end_process(number: int, frame: FrameType | None) -> None:
    os._exit(INTERRUPTED)


def restore() -> None:
    """Let Ctrl-C raise KeyboardInterrupt again."""
    if signal.getsignal(signal.SIGINT) is _end_process:
        signal.signal(signal.SIGINT, signal.default_int_handler)


if _is_command() and signal.getsignal(signal.SIGINT) is signal.default_int_handler:
    signal.signal(signal.SIGINT, _end_process)
