"""Models of the examples, here and in PyTorch, over five seeds: both must learn equally well.

Run ``python -m benchmarks.examples.vs_torch`` after ``pip install -e '.[examples,peers]' && pip install --no-deps aeon``. It
prints the table of ``docs/performance/examples.md``, and ends with code 1 where our mean score is worse than PyTorch's by more
than one standard deviation. Architecture, first weights, order of the batches, optimizer, schedule, clipping and epochs are the
same. Dropout and noise have the same distribution, but other numbers.
"""

from __future__ import annotations

import argparse
import math
import platform
import statistics
import sys
import time
from collections.abc import Iterator
from typing import Any

import numba
import numpy as np
import torch

import numba_lstm
from benchmarks.examples.problems import PROBLEMS, Problem
from benchmarks.examples.torch_modules import torch_model
from benchmarks.peers.machine import describe
from benchmarks.peers.pytorch import EPSILON

SEEDS = range(5)


def orders(problem: Problem, seed: int, epochs: int | None = None) -> Iterator[np.ndarray]:
    """The order of the rows in each epoch."""
    generator = np.random.default_rng(seed)
    for _ in range(problem.epochs if epochs is None else epochs):
        yield generator.permutation(len(problem.x))


def first_model(problem: Problem, seed: int) -> Any:
    numba_lstm.set_random_seed(seed)
    return problem.build()


def ours(problem: Problem, seed: int) -> tuple[float, np.ndarray]:
    """Seconds of training, and the outputs of the test."""
    model = first_model(problem, seed)
    start = time.perf_counter()
    for order in orders(problem, seed):
        model.fit(problem.x[order], problem.y[order], batch_size=problem.batch, epochs=1, shuffle=False, verbose=0)
    seconds = time.perf_counter() - start
    return seconds, model.predict(problem.x_test, verbose=0)


def theirs(problem: Problem, seed: int) -> tuple[float, np.ndarray]:
    """The same of PyTorch."""
    model = torch_model(first_model(problem, seed)).train()
    torch.manual_seed(seed)
    parameters = [p for p in model.parameters() if p.requires_grad]
    optimizer = torch.optim.Adam(parameters, lr=problem.rate, eps=EPSILON, fused=True)
    schedule = torch.optim.lr_scheduler.LambdaLR(optimizer, lambda k: (1 + math.cos(math.pi * k / problem.steps)) / 2)
    classes = problem.y.dtype.kind == "i"
    x, y = torch.from_numpy(problem.x), torch.from_numpy(problem.y)
    start = time.perf_counter()
    for order in orders(problem, seed):
        for rows in torch.from_numpy(order).split(problem.batch):
            optimizer.zero_grad()
            outputs = model(x[rows])
            if classes:
                loss = torch.nn.functional.cross_entropy(outputs.reshape(-1, outputs.shape[-1]), y[rows].reshape(-1))
            else:
                loss = torch.nn.functional.mse_loss(outputs, y[rows])
            loss.backward()
            for parameter in parameters if problem.clipnorm else ():
                torch.nn.utils.clip_grad_norm_([parameter], problem.clipnorm)
            optimizer.step()
            schedule.step()
    seconds = time.perf_counter() - start
    model.eval()
    with torch.inference_mode():
        return seconds, model(torch.from_numpy(problem.x_test)).numpy()


def compile_kernels(problem: Problem) -> None:
    """Train and predict once, so that no kernel is compiled in a timing."""
    model = first_model(problem, 0)
    model.fit(problem.x, problem.y, batch_size=problem.batch, epochs=1, shuffle=False, verbose=0)
    model.predict(problem.x_test, verbose=0)


def row(problem: Problem, seeds: range) -> tuple[str, bool]:
    """The row of a problem in the table, and whether our score is not worse by more than a deviation."""
    compile_kernels(problem)
    engines = {"numba_lstm": ours, "PyTorch": theirs}
    scores: dict[str, list[float]] = {name: [] for name in engines}
    seconds: dict[str, list[float]] = {name: [] for name in engines}
    for seed in seeds:
        for name, train in engines.items():  # in turns
            spent, outputs = train(problem, seed)
            seconds[name].append(spent)
            scores[name].append(problem.score_of(outputs, problem.y_test))
    means = {name: statistics.mean(values) for name, values in scores.items()}
    deviation = max(map(statistics.stdev, scores.values())) if len(seeds) > 1 else 0.0
    cells = [f"{means[name]:.2f} ± {statistics.stdev(values) if len(values) > 1 else 0:.2f}" for name, values in scores.items()]
    times = [f"{statistics.median(seconds[name]):.1f} s" for name in engines]
    equal = means["numba_lstm"] - means["PyTorch"] <= deviation
    shape = " × ".join(map(str, problem.x.shape))
    return f"| {problem.name} | {shape} | {problem.epochs} | {problem.score} | {' | '.join(cells + times)} |", equal


def main() -> int:
    parser = argparse.ArgumentParser(description="Models of the examples, here and in PyTorch.")
    parser.add_argument("names", nargs="*", help=f"of {', '.join(PROBLEMS)} (default: all)")
    parser.add_argument("--seeds", type=int, default=len(SEEDS))
    parser.add_argument("--threads", type=int, default=1)
    options = parser.parse_args()
    unknown = [name for name in options.names if name not in PROBLEMS]
    if unknown:
        parser.error(f"there is no problem {unknown[0]!r}. There are {', '.join(PROBLEMS)}.")
    numba_lstm.set_num_threads(options.threads)
    torch.set_num_threads(options.threads)
    print("| problem | x | epochs | score | numba_lstm | PyTorch | training, numba_lstm | training, PyTorch |")
    print("|" + "---|" * 8)
    worse = []
    for name in options.names or PROBLEMS:
        line, equal = row(PROBLEMS[name](), range(options.seeds))
        print(line, flush=True)
        worse += [] if equal else [name]
    versions = {"numba": numba.__version__, "numba_lstm": numba_lstm.__version__, "torch": torch.__version__}
    print("\n" + "\n".join(describe(versions, {})) + f"\nPython {platform.python_version()}, {options.threads} thread(s)")
    if worse:
        print(f"Worse than PyTorch by more than one standard deviation: {', '.join(worse)}.")
    return 1 if worse else 0


if __name__ == "__main__":
    sys.exit(main())
