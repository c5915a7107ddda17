"""What each part of the demo's recipe is worth: trained on 2012 and 2013, judged on 2014, without the test year 2015.

Run ``python benchmarks/weather/recipe.py``. It prints a table of ``docs/weather.md``: the recipe, and
what one change does to it.
"""

from __future__ import annotations

import statistics
from dataclasses import replace

import numba_lstm
from numba_lstm.demo.problem import Problem, load_problem, rmse
from numba_lstm.demo.recipe import Recipe

SEEDS = range(3)
CHANGES = [
    {},
    {"dropout": 0.0},
    {"dropout": 0.2},
    {"learning_rate": 2e-3},
    {"learning_rate": 1e-2},
    {"epochs": 10},
    {"epochs": 40},
    {"batch_size": 64},
    {"units": 16},
    {"units": 64},
]


def error(problem: Problem, recipe: Recipe, seed: int) -> float:
    """RMSE in °C on the problem's test days after training with ``seed``."""
    numba_lstm.set_random_seed(seed)
    model = recipe.build(problem)
    recipe.train(model, problem, verbose=0)
    return rmse(problem.forecast(model.predict(problem.x_test, verbose=0)), problem.truth)


def main() -> None:
    problem = load_problem(test_year=2014)
    print(f"| change | RMSE on 2014, °C: mean of {len(SEEDS)} seeds | smallest and largest |\n|---|---|---|")
    for change in CHANGES:
        errors = [error(problem, replace(Recipe(), **change), seed) for seed in SEEDS]
        name = ", ".join(f"{field} {value:g}" for field, value in change.items()) or "none"
        print(f"| {name} | {statistics.mean(errors):.3f} | {min(errors):.3f}, {max(errors):.3f} |", flush=True)
    print(f"| as today (persistence) | {rmse(problem.today, problem.truth):.3f} | |")


if __name__ == "__main__":
    main()
