"""Results as tables: medians, ratios, rates, the fraction of the peak. A ratio below 1 is a loss, and is shown as one."""

from __future__ import annotations

import math
import statistics
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass

from .modes import MODES
from .race import Result
from .registry import CUDA, ENGINES, OURS

#: What a cell says where there is no time.
WORDS = {"unsupported": "-", "wrong": "wrong", "failed": "failed"}


@dataclass
class Table:
    """A heading, and rows of cells below their names."""

    title: str
    columns: list[str]
    rows: list[list[str]]

    def markdown(self) -> str:
        """As Markdown, without the title."""
        lines = [self.columns, ["---", *["---:"] * (len(self.columns) - 1)], *self.rows]
        return "\n".join("| " + " | ".join(cells) + " |" for cells in lines)

    def text(self) -> str:
        """For a terminal."""
        widths = [max(map(len, cells)) for cells in zip(self.columns, *self.rows, strict=True)]
        lines = [self.columns, *self.rows]
        body = ["  ".join(cell.rjust(width) for cell, width in zip(cells, widths, strict=True)) for cells in lines]
        return "\n".join([self.title, *body])


def ratio(value: float | None, loss: Callable[[str], str]) -> str:
    """How many times ours another takes."""
    if value is None:
        return "-"
    return loss(f"{value:.2f}") if value < 1 else f"{value:.2f}"


def table(results: Sequence[Result], fewer: int = 1, loss: Callable[[str], str] = "{}*".format) -> Table:
    """A table of results of one mode and number of threads.

    Parameters
    ----------
    results : list of Result
        A row each.
    fewer : int
        The threads of :attr:`Result.fewer`, where results have it: gives a column of our speed-up.
    loss : function of a str
        Marks a ratio below 1.
    """
    mode, threads = MODES[results[0].mode], results[0].threads
    names = [name for name in ENGINES if any(name in r.seconds or name in r.reasons for r in results)]
    peers = [name for name in names if name != OURS]

    def against(peer: str) -> Callable[[Result], float | None]:
        return lambda r: _over(r.seconds.get(peer), r.seconds.get(OURS))

    def fastest(r: Result) -> float | None:
        return _over(min((s for name, s in r.seconds.items() if name != OURS), default=None), r.seconds.get(OURS))

    ratios: dict[str, Callable[[Result], float | None]] = {}
    if "torch" in peers:
        ratios["PyTorch / ours"] = against("torch")
    if peers:
        ratios["fastest peer / ours"] = fastest
    if any(r.fewer is not None for r in results):
        ratios[f"{fewer} / {threads} threads"] = lambda r: _over(r.fewer, r.seconds.get(OURS))

    if any(r.before is not None for r in results):
        ratios["before / ours"] = lambda r: _over(r.before, r.seconds.get(OURS))

    rows = [
        [
            str(r.shape),
            *(_time(r, name, mode.scale) for name in names),
            *(ratio(of(r), loss) for of in ratios.values()),
            *_rate(r),
        ]
        for r in results
    ]
    if len(results) > 1 and ratios:
        means = (ratio(_geometric_mean(map(of, results)), loss) for of in ratios.values())
        rows.append(["geometric mean", *[""] * len(names), *means, "", ""])
    on = "on the GPU" if results[0].device == CUDA else f"{threads} thread{'s' if threads > 1 else ''}"
    title = f"{mode.title}, {on}, {mode.unit}"
    columns = ["N T D H", *(ENGINES[name].label for name in names), *ratios, "GFLOP/s", "of peak"]
    return Table(title, columns, rows)


def _time(result: Result, name: str, scale: float) -> str:
    if name not in result.seconds:
        return WORDS[result.reasons.get(name, "failed")]
    value = result.seconds[name] * scale
    return f"{value:.{max(0, 2 - math.floor(math.log10(value)))}f}"


def _rate(result: Result) -> list[str]:
    rate = result.rate(OURS)
    if rate is None:
        return ["-", "-"]
    return [f"{rate / 1e9:.1f}", f"{rate / result.peak:.0%}" if result.peak is not None else "-"]


def _over(a: float | None, b: float | None) -> float | None:
    return None if a is None or b is None else a / b


def _geometric_mean(values: Iterable[float | None]) -> float | None:
    known = [value for value in values if value is not None]
    return statistics.geometric_mean(known) if known else None
