"""Parameters of a forecaster, and the checks of their values."""

from __future__ import annotations

import inspect
from collections.abc import Sequence
from typing import Any, Self

import numpy as np

from .networks.windows import WindowShape
from .tables.frames import Columns
from .tables.targets import GAPS

_SCALINGS = ("standard", "window", "minmax", None)
_STRATEGIES = ("direct", "recursive")
_DISTRIBUTIONS = (None, "gaussian", "student_t")


class Parameters:
    """Base class of :class:`LSTMForecaster`: it keeps the arguments of the constructor, and checks them in a fit."""

    def __init__(
        self,
        horizon: int = 1,
        context_length: int | None = None,
        *,
        units: int | tuple[int, ...] = 32,
        lags: Sequence[int] = (),
        strategy: str = "direct",
        quantiles: Sequence[float] | None = None,
        distribution: str | None = None,
        df: float = 4.0,
        loss: Any = "mse",
        calendar: Any = "auto",
        scaling: str | None = "standard",
        gaps: str = "raise",
        freq: Any = None,
        id_column: Any = None,
        time_column: Any = None,
        target_column: Any = None,
        embed_series: bool = False,
        calibration_fraction: float = 0.0,
        early_stopping: bool = False,
        validation_fraction: float = 0.1,
        patience: int = 5,
        dropout: float = 0.0,
        epochs: int = 50,
        batch_size: int = 64,
        learning_rate: float = 0.01,
        window_stride: int = 1,
        num_samples: int = 200,
        random_state: int | None = None,
        verbose: int | str = 0,
    ) -> None:
        self.horizon, self.context_length, self.units, self.lags = horizon, context_length, units, lags
        self.strategy, self.quantiles, self.distribution, self.df, self.loss = strategy, quantiles, distribution, df, loss
        self.calendar, self.scaling, self.gaps, self.freq = calendar, scaling, gaps, freq
        self.id_column, self.time_column, self.target_column = id_column, time_column, target_column
        self.embed_series, self.calibration_fraction = embed_series, calibration_fraction
        self.early_stopping, self.validation_fraction, self.patience = early_stopping, validation_fraction, patience
        self.dropout, self.epochs, self.batch_size, self.learning_rate = dropout, epochs, batch_size, learning_rate
        self.window_stride, self.num_samples, self.random_state, self.verbose = (
            window_stride,
            num_samples,
            random_state,
            verbose,
        )

    def get_params(self, deep: bool = True) -> dict[str, Any]:
        """Return the arguments of the constructor by name; ``deep`` is there for scikit-learn's ``clone``."""
        return {name: getattr(self, name) for name in _names()}

    def set_params(self, **params: Any) -> Self:
        """Set arguments of the constructor; forecasts and files have those of the last fit until the next one."""
        unknown = sorted(set(params) - set(_names()))
        if unknown:
            raise ValueError(f"{type(self).__name__} has no parameter {unknown[0]!r}. It has {', '.join(_names())}.")
        for name, value in params.items():
            setattr(self, name, value)
        return self

    def __repr__(self) -> str:
        defaults = inspect.signature(Parameters.__init__).parameters
        changed = [f"{name}={value!r}" for name, value in self.get_params().items() if value != defaults[name].default]
        return f"{type(self).__name__}({', '.join(changed)})"

    @property
    def _columns(self) -> Columns:
        return Columns(self.id_column, self.time_column, self.target_column)

    @property
    def _units(self) -> tuple[int, ...]:
        return (self.units,) if isinstance(self.units, (int, np.integer)) else tuple(self.units)

    def _window_shape(self) -> WindowShape:
        """Return the windows that the network sees: of one step ahead if the strategy is recursive."""
        recursive = self.strategy == "recursive"
        context = 2 * self.horizon if self.context_length is None else self.context_length
        lags = tuple(self.lags)
        return WindowShape(context, 1 if recursive else self.horizon, lags, self.gaps == "mask", self.scaling == "window")

    def _check(self) -> None:
        """Raise ValueError for values that have no meaning."""
        for name in ("horizon", "context_length", "epochs", "batch_size", "window_stride", "num_samples", "patience"):
            value = getattr(self, name)
            if not (isinstance(value, (int, np.integer)) and value >= 1) and not (name == "context_length" and value is None):
                raise ValueError(f"{name} must be a whole number of at least 1, got {value!r}.")
        for name in ("lags", "quantiles"):
            if np.isscalar(getattr(self, name)):
                raise ValueError(f"{name} must be a sequence of numbers, such as ({getattr(self, name)!r},).")
        if not self._units or not all(isinstance(size, (int, np.integer)) and size >= 1 for size in self._units):
            raise ValueError(f"units must be a whole number of at least 1, or a tuple of them, got {self.units!r}.")
        for name, allowed in (
            ("strategy", _STRATEGIES),
            ("distribution", _DISTRIBUTIONS),
            ("scaling", _SCALINGS),
            ("gaps", GAPS),
        ):
            if getattr(self, name) not in allowed:
                raise ValueError(f"{name} must be one of {', '.join(map(repr, allowed))}, got {getattr(self, name)!r}.")
        for name in ("calibration_fraction", "validation_fraction", "dropout"):
            if not 0 <= getattr(self, name) < 1:
                raise ValueError(f"{name} must be in [0, 1), got {getattr(self, name)!r}.")
        least = 1 if self.strategy == "recursive" else self.horizon
        if any(not isinstance(lag, (int, np.integer)) or lag < least for lag in self.lags):
            raise ValueError(
                f"lags must be whole numbers of at least {least}, since later values are unknown, got {tuple(self.lags)}."
                + ("" if least == 1 else " Leave out shorter ones, or choose strategy='recursive'.")
            )
        self._check_outputs()

    def _check_outputs(self) -> None:
        if self.quantiles is not None:
            levels = tuple(self.quantiles)
            if not levels or not all(0 < level < 1 for level in levels) or list(levels) != sorted(set(levels)):
                raise ValueError(f"quantiles must be ascending numbers in (0, 1), got {levels}.")
            if self.distribution is not None:
                raise ValueError("give quantiles or distribution, not both: a distribution has all quantiles.")
        if self.distribution == "student_t" and not self.df > 1:
            raise ValueError(f"df must be above 1, so that there is a mean, got {self.df!r}.")


def _names() -> list[str]:
    return [name for name in inspect.signature(Parameters.__init__).parameters if name != "self"]
