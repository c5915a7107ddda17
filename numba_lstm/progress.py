"""A progress bar in one line of text: drawn over and over on a terminal, written once anywhere else."""

from __future__ import annotations

import shutil
import sys
import time
from collections.abc import Mapping
from typing import TextIO

from .tables import can_encode

REFRESH = 0.1  #: seconds between two drawings
WIDTH = 20  #: of the bar, in characters


class Bar:
    """The progress of an epoch or a run.

    Parameters
    ----------
    label : str
        What is going on, ``"Epoch 1/5"``; may be empty.
    total : int or None
        How many steps there will be, None where nobody knows.
    lines : bool
        One line at the end even on a terminal.
    out : text stream, optional
        Default: the present ``sys.stdout``.
    """

    def __init__(self, label: str, total: int | None, *, lines: bool = False, out: TextIO | None = None) -> None:
        self.label, self.total = label, total
        self.out = sys.stdout if out is None else out
        self.live = not lines and self.out.isatty()
        self._glyphs = _glyphs(self.out)
        self._drawn = 0
        self._begin = time.perf_counter()
        self._next = self._begin + REFRESH
        if self.live and label:
            self.out.write(f"{label}\n")

    def due(self) -> bool:
        """Whether it is time to draw again; never where it is no terminal."""
        return self.live and time.perf_counter() >= self._next

    def draw(self, done: int, values: Mapping[str, float]) -> None:
        """Show that ``done`` steps are over, with the present values."""
        if not self.live:
            return
        elapsed = time.perf_counter() - self._begin
        self._next = self._begin + elapsed + REFRESH
        left = "" if self.total is None else f" {_duration(elapsed / max(done, 1) * (self.total - done))} left"
        parts = [f"{self._gauge(done)}{left} {_pace(elapsed, done)}", *_pairs(values)]
        self._overwrite(" - ".join(parts)[: shutil.get_terminal_size().columns - 1])  # what is wrapped cannot be drawn over

    def finish(self, done: int, values: Mapping[str, float]) -> None:
        """Write the last line."""
        elapsed = time.perf_counter() - self._begin
        self.total = done if self.total is None else self.total
        if self.live:
            head = [f"{self._gauge(done)} {_duration(elapsed)} {_pace(elapsed, done)}"]
            self._overwrite(" - ".join([*head, *_pairs(values)]))
            self.out.write("\n")
        else:
            head = [self.label] if self.label else []
            head += [f"{done}/{self.total}", _duration(elapsed), _pace(elapsed, done)]
            self.out.write(" - ".join([*head, *_pairs(values)]) + "\n")
        self.out.flush()

    def _gauge(self, done: int) -> str:
        if self.total is None:
            return f"{done}/?"
        full = WIDTH * min(done, self.total) // max(self.total, 1)
        return f"{done:{len(str(self.total))}}/{self.total} {self._glyphs[0] * full}{self._glyphs[1] * (WIDTH - full)}"

    def _overwrite(self, line: str) -> None:
        self.out.write("\r" + line + " " * (self._drawn - len(line)))
        self.out.flush()
        self._drawn = len(line)


def _glyphs(out: TextIO) -> tuple[str, str]:
    return ("━", "─") if can_encode(out, "━─") else ("=", ".")


def _pairs(values: Mapping[str, float]) -> list[str]:
    return [f"{name}: {value:.4f}" if abs(value) > 1e-3 else f"{name}: {value:.4e}" for name, value in values.items()]


def _pace(elapsed: float, done: int) -> str:
    seconds = elapsed / max(done, 1)
    for unit, size in (("s", 1.0), ("ms", 1e-3)):
        if seconds >= size:
            return f"{seconds / size:.0f}{unit}/step"
    return f"{seconds / 1e-6:.0f}us/step"


def _duration(seconds: float) -> str:
    whole = round(seconds)
    if whole < 60:
        return f"{seconds:.1f}s"
    minutes, hours = whole // 60, whole // 3600
    return f"{hours}:{minutes % 60:02}:{whole % 60:02}" if hours else f"{minutes}:{whole % 60:02}"
