"""Windows of series: the steps before an origin, the steps from it on, and what the network gets of them."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any, NamedTuple

import numpy as np
import numpy.typing as npt

from ..tables.frames import divisor

Values = npt.NDArray[Any]

#: Least deviation of a window, as a share of its series' deviation.
_LEAST_DEVIATION = 1e-2


class WindowShape(NamedTuple):
    """Sizes and options of windows."""

    context: int  #: steps before the origin
    horizon: int  #: steps from the origin on
    lags: tuple[int, ...]  #: distances of further values of the series, beside each step
    masked: bool  #: whether values may be missing; a column then says which
    scaled_by_window: bool  #: whether each window has its own mean and deviation

    @property
    def reach(self) -> int:
        """Steps that a window needs before its origin."""
        return self.context + max(self.lags, default=0)


class Sample(NamedTuple):
    """What is known of one series."""

    y: Values  #: (T,), NaN where missing
    filled: Values  #: (T,), what the network reads: ``y``, or straight lines over its gaps
    last: Values  #: (T,), of each step the last one at or before it that a forecast may read
    location: float
    scale: float
    past: Values  #: (T, columns): covariates of the past, with straight lines over gaps
    past_last: Values  #: (T, columns), as ``last``
    known: Values  #: (T + steps ahead, columns): calendar features and covariates of the future
    static: Values  #: (columns,)

    def before(self, origins: Values, positions: Values) -> Values:
        """Return the values (n, steps) at ``positions`` before ``origins``, (n,), from what is known there.

        A straight line over a gap ends in a later value. If the gap reaches to the origin, its steps repeat the value before.
        """
        found: Values = self.filled[np.minimum(positions, self.last[origins - 1][:, None])]
        return found

    def past_before(self, origins: Values, positions: Values) -> Values:
        """Return the covariates of the past (n, steps, columns), as :meth:`before` does the values."""
        rows = np.minimum(positions[..., None], self.past_last[origins - 1][:, None])
        found: Values = np.take_along_axis(self.past[None], rows, axis=1)
        return found


class Windows(NamedTuple):
    """Inputs of the network, and its targets in scaled units."""

    past: Values  #: (n, context, columns)
    future: Values  #: (n, horizon, columns)
    static: Values  #: (n, columns)
    target: Values  #: (n, horizon, 1), 0 where missing
    weight: Values  #: (n, horizon), 0 where the target is missing, else 1
    location: Values  #: (n,)
    scale: Values  #: (n,)

    @property
    def inputs(self) -> list[Values]:
        """The inputs in the order of the network."""
        return [self.past, self.future, self.static] if self.static.shape[1] else [self.past, self.future]

    def take(self, rows: Any) -> Windows:
        """Return some of the windows."""
        return Windows(*(array[rows] for array in self))


def cut_windows(
    sample: Sample,
    origins: Values,
    shape: WindowShape,
    values_at: Callable[[Values], Values] | None = None,
    *,
    steps: int | None = None,
) -> Windows:
    """Return the windows of one series whose future begins at ``origins``, (n,).

    Parameters
    ----------
    sample : Sample
        The series. Its targets count as missing beyond its end.
    origins : array of int (n,)
        Positions of the first future step.
    shape : WindowShape
        Sizes.
    values_at : callable, optional
        Returns the values of the series at positions (n, steps), if they are not those of ``sample.y``.
    steps : int, optional
        Future steps of the windows, if they are fewer than ``shape.horizon``.
    """
    before = origins[:, None] + np.arange(-shape.context, 0)
    after = origins[:, None] + np.arange(shape.horizon if steps is None else steps)
    take = values_at or (lambda positions: sample.before(origins, positions))
    context = take(before)
    location, scale = _location_and_scale(sample, context, shape)

    def scaled(values: Values) -> Values:
        return np.nan_to_num((values - location[:, None]) / scale[:, None])[..., None]

    past = [scaled(context)]
    if shape.masked:
        past.append(np.isfinite(context)[..., None])
    past += [scaled(take(before - lag)) for lag in shape.lags]
    if sample.past.shape[1]:
        past.append(sample.past_before(origins, before))
    future = [np.broadcast_to((np.arange(1, after.shape[1] + 1) / shape.horizon)[:, None], (*after.shape, 1))]
    future += [scaled(take(after - lag)) for lag in shape.lags]
    target = _values(sample.filled, after)
    return Windows(
        np.concatenate([*past, sample.known[before]], axis=-1).astype(np.float32),
        np.concatenate([*future, sample.known[after]], axis=-1).astype(np.float32),
        np.broadcast_to(sample.static, (len(origins), len(sample.static))).astype(np.float32),
        scaled(target).astype(np.float32),
        np.isfinite(target).astype(np.float32),
        location,
        scale,
    )


def _values(y: Values, positions: Values) -> Values:
    """Return the values at positions, NaN beyond the end."""
    return np.where(positions < len(y), y[np.minimum(positions, len(y) - 1)], np.nan)


def _location_and_scale(sample: Sample, context: Values, shape: WindowShape) -> tuple[Values, Values]:
    n = len(context)
    location, scale = np.full(n, sample.location), np.full(n, sample.scale)
    if not shape.scaled_by_window:
        return location, scale
    observed = np.isfinite(context)
    count = observed.sum(axis=1)
    mean = np.where(observed, context, 0).sum(axis=1) / np.maximum(1, count)
    squares = np.where(observed, context - mean[:, None], 0) ** 2
    deviation = np.sqrt(squares.sum(axis=1) / np.maximum(1, count))
    some = count > 0
    return np.where(some, mean, location), np.where(some, np.maximum(deviation, _LEAST_DEVIATION * scale), scale)


def join_windows(windows: Sequence[Windows]) -> Windows:
    """Return the windows of several series as one batch."""
    return Windows(*(np.concatenate(arrays) for arrays in zip(*windows, strict=True)))


def scale_of(values: Values, scaling: str | None) -> tuple[float, float]:
    """Return what is subtracted from a series, and by what it is divided.

    Parameters
    ----------
    values : array (T,)
        The series, NaN where missing.
    scaling : "standard", "window", "minmax" or None
        Mean and deviation (also for ``"window"``, as bounds), minimum and range, or 0 and 1. A constant is divided by 1.
    """
    if scaling is None:
        return 0.0, 1.0
    observed = values[np.isfinite(values)]
    if scaling == "minmax":
        location, scale = float(observed.min()), float(np.ptp(observed))
    else:
        location, scale = float(observed.mean()), float(observed.std())
    return location, divisor(scale, observed)
