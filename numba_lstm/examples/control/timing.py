"""Times of single steps: percentiles, and a histogram with them."""

from __future__ import annotations

from typing import Any

import numpy as np
import numpy.typing as npt

PERCENTILES = (50, 99, 99.9)


def percentiles(seconds: npt.NDArray[np.float64]) -> dict[float, float]:
    """Return the percentiles 50, 99 and 99.9 of times, in microseconds."""
    return dict(zip(PERCENTILES, map(float, np.percentile(seconds * 1e6, PERCENTILES)), strict=True))


def draw_times(axes: Any, seconds: npt.NDArray[np.float64], unit: str = "µs") -> None:
    """Draw a histogram of times on logarithmic axes, with lines at the percentiles. ``unit`` is µs or ms."""
    times = seconds * (1e6 if unit == "µs" else 1e3)
    low, high = times.min() * 0.95, times.max() * 1.05
    axes.hist(times, np.geomspace(low, high, 80), color="0.7")
    for k, (percent, time) in enumerate(zip(PERCENTILES, np.percentile(times, PERCENTILES), strict=True)):
        axes.axvline(time, color=f"C{k}", linewidth=1.5, label=f"p{percent}: {time:,.{0 if time > 100 else 1}f} {unit}")
    axes.set(xscale="log", yscale="log", xlabel=f"time of a step, {unit}", ylabel="steps", title="Time of a step")
    axes.legend(fontsize="small")
