"""Problems of the examples with time series."""

from __future__ import annotations

from typing import Any

import numpy as np

from numba_lstm import Model, Sequential
from numba_lstm.examples.series import demand, stocks, temperatures
from numba_lstm.forecasting.networks.heads import QuantileHead
from numba_lstm.forecasting.networks.network import build_network
from numba_lstm.forecasting.networks.windows import Windows
from numba_lstm.layers import LSTM, Dense, Input
from numba_lstm.optimizers import Adam
from numba_lstm.optimizers.schedules import CosineDecay

from .problem import Array, Problem, batches


def demand_problem(epochs: int = 5, stride: int = 6) -> Problem:
    """Half-hourly demand: LSTM(64) and Dense(48) on two days of demand, beside the covariates of a day later."""
    day, units, batch, rate = demand.DAY, 64, 32, 5e-3
    data = demand.load()
    y, covariates = data.y.to_numpy(), data.covariates.to_numpy()
    hours = 2 * np.pi * np.arange(len(y)) / day
    test = len(y) - demand.TEST_DAYS * day
    mean, deviation = y[:test].mean(), y[:test].std()
    scaled = (y - mean) / deviation
    known = (covariates - covariates[:test].mean(axis=0)) / covariates[:test].std(axis=0)

    def windows(origins: Array) -> tuple[Array, Array]:
        past, future = origins[:, None] + np.arange(-2 * day, 0), origins[:, None] + np.arange(day)
        columns = [scaled[past], np.sin(hours[past]), np.cos(hours[past]), *np.moveaxis(known[past + day], 2, 0)]
        return np.stack(columns, axis=2).astype(np.float32), scaled[future].astype(np.float32)

    x, targets = windows(np.arange(2 * day, test - day, stride))
    x_test, targets_test = windows(np.arange(test, len(y), day))
    steps = epochs * batches(len(x), batch)

    def build() -> Sequential:
        model = Sequential([Input(x.shape[1:]), LSTM(units), Dense(day)], name="demand")
        model.compile(Adam(CosineDecay(rate, steps)), "mse")
        return model

    def error(outputs: Array, truth: Array) -> float:
        return 1000 * float(np.abs(outputs - truth).mean() * deviation)

    return Problem("demand", "MAE, MW", "mse", [x], targets, [x_test], targets_test, build, error, rate, epochs, batch)


def temperatures_problem(epochs: int = 3, stride: int = 6) -> Problem:
    """Hourly temperatures: the network of the example's forecaster, with the hour of the day as the only other input."""
    day, batch, rate, levels = temperatures.DAY, 32, 1e-3, temperatures.LEVELS
    table = temperatures.load().y
    test = len(table) - temperatures.TEST_DAYS * day
    angles = 2 * np.pi * table.index.hour.to_numpy() / day
    hour = np.stack([np.sin(angles), np.cos(angles)], axis=1)

    def windows(origins: Array) -> tuple[list[Array], Array, Array]:
        past, future = origins[:, None] + np.arange(-2 * day, 0), origins[:, None] + np.arange(day)
        pieces: list[Any] = []
        for name in table:
            y = table[name].to_numpy()
            mean, deviation = y[past].mean(axis=1, keepdims=True), y[past].std(axis=1, keepdims=True)
            before = np.concatenate([((y[past] - mean) / deviation)[..., None], hour[past]], axis=2)
            ahead = np.broadcast_to((np.arange(1, day + 1) / day)[:, None], (*future.shape, 1))
            after = np.concatenate([ahead, hour[future]], axis=2)
            pieces.append((before, after, ((y[future] - mean) / deviation)[..., None], np.repeat(deviation, day, axis=1)))
        before, after, target, scale = (np.concatenate(some).astype(np.float32) for some in zip(*pieces, strict=True))
        return [before, after], target, scale

    x, y, _ = windows(np.arange(2 * day, test - day, stride))
    x_test, y_test, scale = windows(np.arange(test, len(table) - day, temperatures.STRIDE))
    shapes = Windows(*x, np.empty((len(y), 0)), *[np.empty(0)] * 4)

    def build() -> Model:
        return build_network(shapes, (32,), 0.1, QuantileHead(levels), rate)

    def pinball(outputs: Array, truth: tuple[Array, Array]) -> float:
        target, scale = truth
        error = target - outputs
        return 100 * float((np.maximum(np.array(levels) * error, (np.array(levels) - 1) * error) * scale[..., None]).mean())

    return Problem(
        "temperatures",
        "pinball loss, 0.01 °C",
        "quantiles",
        x,
        y,
        x_test,
        (y_test, scale),
        build,
        pinball,
        rate,
        epochs,
        batch,
        1.0,
        decays=False,
        levels=levels,
    )


def stocks_problem(epochs: int = 15) -> Problem:
    """Daily returns: means and variances of four indices by an LSTM, as in the example, without a choice of the epoch."""
    names, returns = stocks.load()
    train = len(returns) - stocks.TEST_DAYS
    days, later = np.arange(stocks.CONTEXT, train), np.arange(train, len(returns))
    scale = returns[:train].std(axis=0)
    y, y_test = ((returns[some] / scale).astype(np.float32) for some in (days, later))

    def likelihood(outputs: Array, truth: Array) -> float:
        means, logarithms = np.split(outputs.astype(np.float64), 2, axis=1)
        return float(50 * (np.log(2 * np.pi) + logarithms + (truth - means) ** 2 / np.exp(logarithms)).mean())

    return Problem(
        "stocks",
        "-log likelihood, 0.01",
        "gaussian",
        [stocks.windows(returns, scale, days)],
        y,
        [stocks.windows(returns, scale, later)],
        y_test,
        lambda: stocks.build(len(names)),
        likelihood,
        1e-3,
        epochs,
        32,
        1.0,
        decays=False,
    )
