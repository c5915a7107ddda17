"""Reports long compilations on stderr: in a terminal, a notebook or a log, whatever ``verbose`` says.

The first line appears after a second of compiling, the following ones less and less often. A line says which kernel is being
compiled, and how far it is: ``7/19`` of the kernels of a plan, which are known in advance, else the number of kernels so far.
"""

from __future__ import annotations

import contextlib
import sys
import threading
import time
from collections.abc import Callable, Iterator

#: Seconds of compiling after which a line is written.
TIMES = (1.0, 5.0, 10.0, 20.0, 40.0, 80.0, 160.0)


class Notice:
    """Counts the kernels that this process has compiled, and the seconds."""

    def __init__(self, times: tuple[float, ...] = TIMES) -> None:
        self._times = times
        self._lines = 0  # lines written so far
        self._begun = 0  # kernels, including those that are being compiled
        self._counted = self._expected = 0  # kernels of plans: those that are there, and all
        self._seconds = 0.0  # of finished kernels
        self._running: dict[int, tuple[str, float]] = {}  # by thread: the kernel, and its start
        self._writer: threading.Thread | None = None

    @contextlib.contextmanager
    def counting(self, kernels: int) -> Iterator[Callable[[], None]]:
        """Expect so many kernels more, and yield a function to call after each of them."""
        before = self._counted
        self._expected += kernels

        def counted() -> None:
            self._counted += 1

        try:
            yield counted
        finally:  # an error, or Ctrl-C, leaves some out
            self._expected -= kernels - (self._counted - before) if self._counted < before + kernels else 0

    def begin(self, kernel: str, place: str | None) -> None:
        """Note that the calling thread begins to compile a kernel, to be stored in ``place``."""
        self._begun += 1
        self._running[threading.get_ident()] = kernel, time.perf_counter()
        self._place = place
        if self._lines < len(self._times) and not (self._writer and self._writer.is_alive()):
            self._writer = threading.Thread(target=self._write, name="numba_lstm-notice", daemon=True)
            with contextlib.suppress(RuntimeError):  # the system has no more threads
                self._writer.start()

    def end(self) -> None:
        """Note that the calling thread has finished, if it had begun."""
        _, since = self._running.pop(threading.get_ident(), ("", 0.0))
        self._seconds += time.perf_counter() - since if since else 0.0

    def _elapsed(self) -> float:
        now = time.perf_counter()
        return self._seconds + sum(now - since for _, since in list(self._running.values()))

    def _write(self) -> None:
        while self._running and self._lines < len(self._times):
            missing = self._times[self._lines] - self._elapsed()
            if missing > 0:
                time.sleep(missing)
                continue
            kernels = [kernel for kernel, _ in list(self._running.values())]
            if kernels:
                _print(self._line(kernels[-1]))
                passed = sum(seconds <= self._elapsed() for seconds in self._times)
                self._lines = max(self._lines + 1, passed)

    def _line(self, kernel: str) -> str:
        planned = self._expected > self._counted
        far = f"{self._counted + 1}/{self._expected}" if planned else f"{self._begun} so far"
        line = f"numba_lstm: compiling kernels for this processor, {far} ({self._elapsed():.0f} s), now {kernel}."
        if self._lines:
            return line
        return line + (f" Later runs load them from {self._place}." if self._place else " They cannot be kept on disk.")


def _print(line: str) -> None:
    with contextlib.suppress(OSError, ValueError, AttributeError):  # stderr is closed, or there is none
        over = "\r\x1b[2K" if sys.stderr.isatty() else ""  # a progress bar may stand there
        sys.stderr.write(f"{over}{line}\n")
        sys.stderr.flush()


notice = Notice()
