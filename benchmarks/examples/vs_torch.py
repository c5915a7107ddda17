"""Models of the examples, here and in PyTorch, over five seeds: both must learn equally well.

Run ``python -m benchmarks.examples.vs_torch`` after ``pip install -e '.[examples,peers]' && pip install --no-deps aeon``. It
prints the table of ``docs/performance/examples.md``, and ends with code 1 where our mean score is worse than PyTorch's by more
than one standard deviation. Architecture, first weights, order of the batches, optimizer, schedule, clipping and epochs are the
same. Dropout and noise have the same distribution, but other numbers.
"""

from __future__ import annotations

import argparse
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
from benchmarks.examples.problem import Problem
from benchmarks.examples.problems import FULL, PROBLEMS
from benchmarks.examples.torch_training import train
from benchmarks.peers.machine import describe

SEEDS = range(5)


def orders(problem: Problem, seed: int, epochs: int | None = None) -> Iterator[np.ndarray]:
    """The order of the rows in each epoch."""
    generator = np.random.default_rng(seed)
    for _ in range(problem.epochs if epochs is None else epochs):
        yield generator.permutation(len(problem.y))


def first_model(problem: Problem, seed: int) -> Any:
    numba_lstm.set_random_seed(seed)
    return problem.build()


def fit(problem: Problem, model: Any, order: np.ndarray) -> None:
    """Train a model for an epoch with its rows in an order."""
    weights = None if problem.weights is None else problem.weights[order]
    x = [x[order] for x in problem.x]
    model.fit(x, problem.y[order], sample_weight=weights, batch_size=problem.batch, epochs=1, shuffle=False, verbose=0)


def ours(problem: Problem, seed: int) -> tuple[float, np.ndarray]:
    """Seconds of the processor in training, and the outputs of the test."""
    model = first_model(problem, seed)
    start = time.process_time()
    for order in orders(problem, seed):
        fit(problem, model, order)
    seconds = time.process_time() - start
    return seconds, model.predict(problem.x_test, verbose=0)


def theirs(problem: Problem, seed: int) -> tuple[float, np.ndarray]:
    """The same of PyTorch."""
    return train(problem, first_model(problem, seed), seed, orders(problem, seed))


def compile_kernels(problem: Problem) -> None:
    """Train and predict once, so that no kernel is compiled in a timing."""
    model = first_model(problem, 0)
    fit(problem, model, np.arange(len(problem.y)))
    model.predict(problem.x_test, verbose=0)


def row(problem: Problem, seeds: range) -> tuple[str, bool]:
    """The row of a problem in the table, and whether our score is not worse by more than a deviation."""
    compile_kernels(problem)
    engines = {"numba_lstm": ours, "PyTorch": theirs}
    scores: dict[str, list[float]] = {name: [] for name in engines}
    seconds: dict[str, list[float]] = {name: [] for name in engines}
    for seed in seeds:
        for name, engine in engines.items():  # in turns
            spent, outputs = engine(problem, seed)
            seconds[name].append(spent)
            scores[name].append(problem.score_of(outputs, problem.y_test))
    means = {name: statistics.mean(values) for name, values in scores.items()}
    deviation = max(map(statistics.stdev, scores.values())) if len(seeds) > 1 else 0.0
    cells = [f"{means[name]:.2f} ± {statistics.stdev(values) if len(values) > 1 else 0:.2f}" for name, values in scores.items()]
    times = [f"{statistics.median(seconds[name]):.1f} s" for name in engines]
    equal = means["numba_lstm"] - means["PyTorch"] <= deviation
    return f"| {problem.name} | {problem.shape} | {problem.epochs} | {problem.score} | {' | '.join(cells + times)} |", equal


def main() -> int:
    parser = argparse.ArgumentParser(description="Models of the examples, here and in PyTorch.")
    parser.add_argument("names", nargs="*", help=f"of {', '.join(PROBLEMS)} (default: all)")
    parser.add_argument("--seeds", type=int, default=len(SEEDS))
    parser.add_argument("--threads", type=int, default=1)
    parser.add_argument("--full", action="store_true", help="at the sizes of the examples, which takes hours")
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
        line, equal = row(PROBLEMS[name](**(FULL.get(name, {}) if options.full else {})), range(options.seeds))
        print(line, flush=True)
        worse += [] if equal else [name]
    versions = {"numba": numba.__version__, "numba_lstm": numba_lstm.__version__, "torch": torch.__version__}
    print("\n" + "\n".join(describe(versions, {})) + f"\nPython {platform.python_version()}, {options.threads} thread(s)")
    if worse:
        print(f"Worse than PyTorch by more than one standard deviation: {', '.join(worse)}.")
    return 1 if worse else 0


if __name__ == "__main__":
    sys.exit(main())
