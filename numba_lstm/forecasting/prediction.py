"""Forecasts of windows: from one call of the network, or step by step."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

from .fitted import Fitted
from .networks.heads import Head
from .networks.windows import Sample, Values, cut_windows

#: Windows of a batch of predictions. More windows follow in further batches, which bounds the memory.
BATCH = 4096


class Forecasts:
    """Forecasts of n windows, in the units of the series."""

    def point(self) -> Values:
        """Return (n, horizon)."""
        raise NotImplementedError

    def spread(self) -> Values:
        """Return the uncertainty of each forecast, (n, horizon)."""
        raise NotImplementedError

    def quantiles(self, quantiles: Sequence[float]) -> Values:
        """Return (n, horizon, len(quantiles))."""
        raise NotImplementedError


@dataclass
class DirectForecasts(Forecasts):
    """Forecasts from the outputs of the head."""

    head: Head
    outputs: Values  #: (n, horizon, outputs), scaled
    location: Values  #: (n,)
    scale: Values  #: (n,)

    def point(self) -> Values:
        return self.head.point(self.outputs) * self.scale[:, None] + self.location[:, None]

    def spread(self) -> Values:
        return self.head.spread(self.outputs) * self.scale[:, None]

    def quantiles(self, quantiles: Sequence[float]) -> Values:
        values = self.head.quantiles(self.outputs, quantiles)
        return values * self.scale[:, None, None] + self.location[:, None, None]


@dataclass
class PathForecasts(Forecasts):
    """Forecasts from drawn paths, or from one path of point forecasts for each window."""

    paths: Values  #: (n, paths, horizon)
    scale: Values  #: (n,)
    uses_mean: bool  #: whether the mean of the paths is the point forecast, else their median

    def point(self) -> Values:
        found: Values = self.paths.mean(axis=1) if self.uses_mean else np.median(self.paths, axis=1)
        return found

    def spread(self) -> Values:
        if self.paths.shape[1] == 1:
            return np.broadcast_to(self.scale[:, None], self.paths[:, 0].shape)
        spread: Values = np.maximum(self.paths.std(axis=1), 1e-6 * self.scale[:, None])
        return spread

    def quantiles(self, quantiles: Sequence[float]) -> Values:
        return np.moveaxis(np.quantile(self.paths, quantiles, axis=1), 0, -1)


def forecast(fitted: Fitted, sample: Sample, origins: Values, horizon: int, recursion: Recursion | None) -> Forecasts:
    """Return the forecasts of one series from ``origins`` on.

    Parameters
    ----------
    fitted : Fitted
        The network and the shape of its windows.
    sample : Sample
        The series; ``known`` must reach ``horizon`` steps beyond the last origin.
    origins : array of int (n,)
        Positions of the first step of each forecast.
    horizon : int
        Steps of each forecast.
    recursion : Recursion, optional
        How to forecast step by step; None for one call of the network.
    """
    if recursion is not None:
        return recursion.forecast(fitted, sample, origins, horizon)
    outputs, location, scale = [], [], []
    for begin in range(0, len(origins), BATCH):
        windows = cut_windows(sample, origins[begin : begin + BATCH], fitted.shape, steps=horizon)
        outputs.append(predict_outputs(fitted, windows.inputs))
        location.append(windows.location)
        scale.append(windows.scale)
    return DirectForecasts(fitted.head, np.concatenate(outputs), np.concatenate(location), np.concatenate(scale))


def predict_outputs(fitted: Fitted, inputs: list[Values]) -> Values:
    """Return the outputs of the network, float64."""
    outputs: npt.NDArray[Any] = fitted.model.predict(inputs, batch_size=256, verbose=0)
    return outputs.astype(np.float64)


@dataclass(frozen=True)
class Recursion:
    """Forecasts step by step, each of which is an input of the next."""

    num_samples: int  #: paths of each window, if the head has a distribution
    seed: int | None

    def forecast(self, fitted: Fitted, sample: Sample, origins: Values, horizon: int) -> PathForecasts:
        """Return the paths from ``origins`` on."""
        paths = self.num_samples if fitted.head.gives_quantiles else 1
        generator = np.random.default_rng(self.seed)
        count = max(1, BATCH // paths)
        found, scales = [], []
        for begin in range(0, len(origins), count):
            some = origins[begin : begin + count]
            drawn, scale = self._draw(fitted, sample, np.repeat(some, paths), horizon, generator)
            found.append(drawn.reshape(len(some), paths, horizon))
            scales.append(scale.reshape(len(some), paths)[:, 0])
        return PathForecasts(np.concatenate(found), np.concatenate(scales), fitted.head.point_is_mean)

    def _draw(
        self, fitted: Fitted, sample: Sample, origins: Values, horizon: int, generator: np.random.Generator
    ) -> tuple[Values, Values]:
        """Return one path for each origin, (n, horizon), and the scale of its first window."""
        reach, rows = fitted.shape.reach, np.arange(len(origins))[:, None]
        paths = np.empty((len(origins), reach + horizon))
        paths[:, :reach] = sample.before(origins, origins[:, None] + np.arange(-reach, 0))
        first_scale = np.empty(0)
        for step in range(horizon):
            windows = cut_windows(
                sample, origins + step, fitted.shape, lambda positions: paths[rows, positions - origins[:, None] + reach]
            )
            outputs = predict_outputs(fitted, windows.inputs)[:, 0]
            values = fitted.head.sample(outputs, generator) if fitted.head.gives_quantiles else fitted.head.point(outputs)
            paths[:, reach + step] = values * windows.scale + windows.location
            first_scale = first_scale if step else windows.scale
        return paths[:, reach:], first_scale
