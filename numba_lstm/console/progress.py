"""Progress bar: redrawn on a terminal and in a notebook, one line of text that is written once anywhere else."""

from __future__ import annotations

import shutil
import sys
import time
from collections.abc import Mapping
from typing import Any, TextIO

from .notebook import NotebookBar, in_notebook
from .tables import can_encode

REFRESH = 0.1  #: seconds between two updates
WIDTH = 20  #: of the bar, in characters


class Bar:
    """The progress of an epoch or a run.

    Parameters
    ----------
    label : str
        Title, as ``"Epoch 1/5"``; may be empty.
    total : int or None
        Number of steps, None if it is unknown.
    lines : bool
        Write one line at the end even on a terminal and in a notebook.
    out : text stream, optional
        Default: the current ``sys.stdout``.
    unit : str
        What a step is called.
    """

    def __init__(
        self, label: str, total: int | None, *, lines: bool = False, out: TextIO | None = None, unit: str = "step"
    ) -> None:
        self.label, self.total, self.unit = label, total, unit
        self.out = sys.stdout if out is None else out
        self._cell = NotebookBar(label) if not lines and in_notebook(self.out) else None
        self.live = self._cell is not None or (not lines and self.out.isatty())
        self._glyphs = _glyphs(self.out)
        self._drawn = 0
        self._begin = time.perf_counter()
        self._next = self._begin + REFRESH
        if self.live and label and self._cell is None:
            self.out.write(f"{label}\n")

    def due(self) -> bool:
        """Return whether the bar should be redrawn now. It never is on anything but a terminal or a notebook."""
        return self.live and time.perf_counter() >= self._next

    def draw(self, count: int, values: Mapping[str, float]) -> None:
        """Draw the bar with ``count`` finished steps and the current values."""
        if not self.live:
            return
        elapsed = time.perf_counter() - self._begin
        self._next = self._begin + elapsed + REFRESH
        remaining = "" if self.total is None else f" {_duration(elapsed / max(count, 1) * (self.total - count))} left"
        if self._cell is not None:
            steps = f"{count}/{'?' if self.total is None else self.total}"
            head = f"{steps}{remaining} {_pace(elapsed, count, self.unit)}"
            self._cell.show(count, self.total, " - ".join([head, *_pairs(values)]))
            return
        fields = [f"{self._gauge(count)}{remaining} {_pace(elapsed, count, self.unit)}", *_pairs(values)]
        self._overwrite(" - ".join(fields)[: shutil.get_terminal_size().columns - 1])  # a wrapped line cannot be overwritten

    def finish(self, count: int, values: Mapping[str, float]) -> None:
        """Write the last line."""
        elapsed = time.perf_counter() - self._begin
        self.total = count if self.total is None else self.total
        steps = [f"{count}/{self.total}", _duration(elapsed), _pace(elapsed, count, self.unit), *_pairs(values)]
        if self._cell is not None:
            self._cell.show(count, self.total, " - ".join(steps))
            return
        if self.live:
            head = [f"{self._gauge(count)} {_duration(elapsed)} {_pace(elapsed, count, self.unit)}"]
            self._overwrite(" - ".join([*head, *_pairs(values)]))
            self.out.write("\n")
        else:
            self.out.write(" - ".join(([self.label] if self.label else []) + steps) + "\n")
        self.out.flush()

    def _gauge(self, count: int) -> str:
        if self.total is None:
            return f"{count}/?"
        full = WIDTH * min(count, self.total) // max(self.total, 1)
        return f"{count:{len(str(self.total))}}/{self.total} {self._glyphs[0] * full}{self._glyphs[1] * (WIDTH - full)}"

    def _overwrite(self, line: str) -> None:
        self.out.write("\r" + line + " " * (self._drawn - len(line)))
        self.out.flush()
        self._drawn = len(line)


def _glyphs(out: TextIO) -> tuple[str, str]:
    return ("━", "─") if can_encode(out, "━─") else ("=", ".")


def _pairs(values: Mapping[str, float]) -> list[str]:
    return [f"{name}: {_number(value)}" for name, value in values.items()]


def _number(value: Any) -> str:
    """Return a number in a few digits, or the numbers of a metric that has one for each class."""
    if hasattr(value, "__len__"):
        return f"[{' '.join(map(_number, value))}]"
    return f"{value:.4f}" if abs(value) > 1e-3 else f"{value:.4e}"


def _pace(elapsed: float, count: int, unit: str) -> str:
    seconds = elapsed / max(count, 1)
    for name, size in (("s", 1.0), ("ms", 1e-3)):
        if seconds >= size:
            return f"{seconds / size:.0f}{name}/{unit}"
    return f"{seconds / 1e-6:.0f}us/{unit}"


def _duration(seconds: float) -> str:
    rounded = round(seconds)
    if rounded < 60:
        return f"{seconds:.1f}s"
    minutes, hours = rounded // 60, rounded // 3600
    return f"{hours}:{minutes % 60:02}:{rounded % 60:02}" if hours else f"{minutes}:{rounded % 60:02}"
