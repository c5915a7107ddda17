"""``python -m numba_lstm benchmark``: times this machine beside the table in README.md."""

from __future__ import annotations

import csv
import platform
import statistics
import sys
import time
from collections.abc import Callable
from importlib.resources import files
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np

from ..console import tables
from ..device import num_threads
from ..layers import LSTM, Dense, Input
from ..models import Sequential
from .errors import CommandError

SECONDS = 50.0  #: after which no further shape begins
TURNS, TURN_SECONDS = 9, 0.15  #: turns of a measurement, and their length where a call takes less

COLUMNS = ("N T D H", "inference, ms", "README", "ratio", "training step, ms", "README", "ratio")


class Figures(NamedTuple):
    """A row of README.md."""

    shape: tuple[int, int, int, int]  #: N, T, D, H
    inference: str  #: milliseconds, as they are printed
    training: str


def published() -> list[Figures]:
    """Return the figures of the table in README.md."""
    text = files("numba_lstm.data").joinpath("speed.csv").read_text(encoding="utf-8")
    _, *rows = csv.reader(text.splitlines())
    return [Figures((int(N), int(T), int(D), int(H)), inference, training) for N, T, D, H, inference, training in rows]


def run(options: Any) -> None:
    """Print the table."""
    rows = published()
    if options.shape is not None:
        chosen = options.shape.replace(",", " ").split()
        rows = [row for row in rows if [str(size) for size in row.shape] == chosen]
        if not rows:
            known = ", ".join(repr(" ".join(map(str, row.shape))) for row in published())
            raise CommandError(f"--shape must be one of {known}, got {options.shape!r}.")
    print(f"{processor()}, one thread, beside the figures of README.md:")
    end = time.perf_counter() + SECONDS
    with num_threads(1):
        cells = [_cells(row) if time.perf_counter() < end else _unmeasured(row) for row in rows]
    widths = [max(map(len, column)) for column in zip(COLUMNS, *cells, strict=True)]
    print("\n".join(tables.draw(COLUMNS, cells, right=COLUMNS[1:], widths=widths, rules=False, out=sys.stdout)))
    print("A ratio above 1 is slower than README.md says.")


def processor() -> str:
    """Return the name of the processor."""
    cpuinfo = Path("/proc/cpuinfo")
    if cpuinfo.exists():
        for line in cpuinfo.read_text(encoding="utf-8", errors="replace").splitlines():
            if line.startswith("model name"):
                return line.split(":", 1)[1].strip()
    return platform.processor() or platform.machine()


def _cells(row: Figures) -> list[str]:
    N, T, D, H = row.shape
    random = np.random.default_rng(0)
    x, y = (random.uniform(-1, 1, size).astype(np.float32) for size in ((N, T, D), (N, 1)))
    model = Sequential([Input((T, D)), LSTM(H), Dense(1)], device="cpu")
    model.compile("adam", "mse")
    times = milliseconds(lambda: model.predict_on_batch(x)), milliseconds(lambda: model.train_on_batch(x, y))
    figures = (row.inference, row.training)
    pairs = [[f"{mine:.3g}", figure, f"{mine / float(figure):.2f}"] for mine, figure in zip(times, figures, strict=True)]
    return [" ".join(map(str, row.shape)), *pairs[0], *pairs[1]]


def _unmeasured(row: Figures) -> list[str]:
    return [" ".join(map(str, row.shape)), "-", row.inference, "-", "-", row.training, "-"]


def milliseconds(call: Callable[[], Any]) -> float:
    """Return the median time of a call, without those that compile."""
    for _ in range(3):  # compile or load kernels, record a plan, run it
        start = time.perf_counter()
        call()
        seconds = time.perf_counter() - start
    number = max(1, int(TURN_SECONDS / TURNS / max(seconds, 1e-9)))
    turns = []
    for _ in range(TURNS):
        start = time.perf_counter()
        for _ in range(number):
            call()
        turns.append((time.perf_counter() - start) / number)
    return 1000 * statistics.median(turns)
