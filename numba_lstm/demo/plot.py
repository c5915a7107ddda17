"""Plot of the demo: forecast and truth, and the learning curve."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from .problem import TEST_YEAR, Array, Problem


def draw(file: Path, problem: Problem, forecast: Array, losses: Sequence[float]) -> None:
    """Write a PNG to ``file``: ``forecast`` (m,) in °C over the test days, and the training ``losses``, one an epoch."""
    from matplotlib.figure import Figure  # an optional extra, and slow to import

    figure = Figure(figsize=(10, 7), layout="constrained")
    days, curve = figure.subplots(2, 1, height_ratios=[2, 1])
    days.plot(problem.date, problem.truth, color="0.6", label="measured")
    days.plot(problem.date, forecast, color="C0", linewidth=1.2, label="forecast on the day before")
    days.set(title=f"Maximum temperature in Seattle, {TEST_YEAR}", ylabel="°C")
    days.legend()
    curve.plot(range(1, len(losses) + 1), losses, color="C1", marker=".")
    curve.xaxis.get_major_locator().set_params(integer=True)
    curve.set(title="Learning curve", xlabel="epoch", ylabel="training loss")
    figure.savefig(file, format="png", dpi=120)
