"""The demo's model on the demo's data, here and in PyTorch, over five seeds: both must learn equally well.

Run ``python benchmarks/weather/vs_torch.py`` after ``pip install -e '.[peers]'``. It prints a table of ``docs/weather.md`` and
ends with code 1 unless PyTorch's mean RMSE on the test year lies within one standard deviation of ours. Architecture, initial
distributions, optimizer, schedule, dropout, batch size and epochs are the same; the random numbers are not.
"""

from __future__ import annotations

import math
import platform
import statistics
import sys
import time

import numba
import numpy as np
import torch

import numba_lstm
from numba_lstm.demo.problem import Problem, load_problem, rmse
from numba_lstm.demo.recipe import Recipe

SEEDS = range(5)
RECIPE = Recipe()


def ours(problem: Problem, seed: int) -> np.ndarray:
    numba_lstm.set_random_seed(seed)
    model = RECIPE.build(problem)
    RECIPE.train(model, problem, verbose=0)
    return model.predict(problem.x_test, verbose=0)


class Peer(torch.nn.Module):
    """LSTM, dropout, dense, with Keras's initial distributions."""

    def __init__(self, features: int) -> None:
        super().__init__()
        self.lstm = torch.nn.LSTM(features, RECIPE.units, batch_first=True)
        self.dropout = torch.nn.Dropout(RECIPE.dropout)
        self.dense = torch.nn.Linear(RECIPE.units, 1)
        torch.nn.init.xavier_uniform_(self.lstm.weight_ih_l0)
        torch.nn.init.orthogonal_(self.lstm.weight_hh_l0)
        torch.nn.init.xavier_uniform_(self.dense.weight)
        for bias in (self.lstm.bias_ih_l0, self.lstm.bias_hh_l0, self.dense.bias):
            torch.nn.init.zeros_(bias)
        self.lstm.bias_ih_l0.data[RECIPE.units : 2 * RECIPE.units] = 1
        self.lstm.bias_hh_l0.requires_grad_(False)  # Keras has one bias: the sum of two would learn twice as fast

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        return self.dense(self.dropout(self.lstm(x)[0][:, -1]))


def theirs(problem: Problem, seed: int) -> np.ndarray:
    torch.manual_seed(seed)
    x, y = torch.from_numpy(problem.x_train), torch.from_numpy(problem.y_train)
    model = Peer(x.shape[2])
    steps = RECIPE.epochs * math.ceil(len(x) / RECIPE.batch_size)
    optimizer = torch.optim.Adam([p for p in model.parameters() if p.requires_grad], lr=RECIPE.learning_rate, eps=1e-7)
    schedule = torch.optim.lr_scheduler.CosineAnnealingLR(optimizer, steps)
    for _ in range(RECIPE.epochs):
        for rows in torch.randperm(len(x)).split(RECIPE.batch_size):
            optimizer.zero_grad()
            torch.nn.functional.mse_loss(model(x[rows]), y[rows]).backward()
            optimizer.step()
            schedule.step()
    model.eval()
    with torch.no_grad():
        return model(torch.from_numpy(problem.x_test)).numpy()


def main() -> int:
    # One thread each: where other work shares the cores, PyTorch's threads wait for one another (79 s a training, not 4).
    numba_lstm.set_num_threads(1)
    torch.set_num_threads(1)
    problem = load_problem()
    ours(problem, seed=0)  # compiles
    contenders = {"numba_lstm": ours, "PyTorch": theirs}
    errors: dict[str, list[float]] = {name: [] for name in contenders}
    seconds: dict[str, list[float]] = {name: [] for name in contenders}
    for seed in SEEDS:
        for name, train in contenders.items():
            start = time.perf_counter()
            answer = train(problem, seed)
            seconds[name].append(time.perf_counter() - start)
            errors[name].append(rmse(problem.forecast(answer), problem.truth))

    print(f"Python {platform.python_version()}, numba {numba.__version__}, PyTorch {torch.__version__}, one thread\n")
    print("| test RMSE, °C | " + " | ".join(f"seed {seed}" for seed in SEEDS) + " | mean | standard deviation | training |")
    print("|---|" + "---|" * (len(SEEDS) + 3))
    for name, values in errors.items():
        cells = [f"{value:.3f}" for value in (*values, statistics.mean(values), statistics.stdev(values))]
        print(f"| {name} | " + " | ".join(cells) + f" | {statistics.median(seconds[name]):.1f} s |")
    persistence = f"{rmse(problem.today, problem.truth):.3f}"
    print(f"| as today (persistence) | {' | ' * (len(SEEDS) - 1)} | {persistence} | | |\n")

    difference = statistics.mean(errors["PyTorch"]) - statistics.mean(errors["numba_lstm"])
    within = abs(difference) <= statistics.stdev(errors["numba_lstm"])
    print(f"PyTorch's mean is {difference:+.4f} °C from ours: {'within' if within else 'NOT within'} one standard deviation.")
    return 0 if within else 1


if __name__ == "__main__":
    sys.exit(main())
