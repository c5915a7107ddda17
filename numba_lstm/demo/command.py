"""The demo: trains a model, forecasts the held-out year, saves the model, and loads it in a new process."""

from __future__ import annotations

import sys
import tempfile
import time
from collections.abc import Sequence
from pathlib import Path

from .. import philox
from ..models.sequential import Sequential
from .digest import digest, digest_in_new_process
from .options import parse
from .problem import Problem, load_problem
from .recipe import Recipe
from .report import print_scores


def main(arguments: Sequence[str] | None = None, commands: str = "") -> int:
    """Run the demo with the options in ``arguments`` (default: those of the command line) and return its exit code.

    ``commands`` is the text about other commands in its help.
    """
    options = parse(arguments, commands)
    philox.set_random_seed(options.seed)
    problem = load_problem()
    recipe = Recipe(units=options.units, epochs=options.epochs)
    model = recipe.build(problem, options.device)
    model.summary()

    print(f"\nSeattle 2012 to 2014: {len(problem.x_train)} windows of {problem.x_train.shape[1]} days to learn from.")
    start = time.perf_counter()
    history = recipe.train(model, problem)
    print(f"Trained on {options.device} in {time.perf_counter() - start:.1f} s; a first epoch compiles or loads its kernels.\n")

    forecast = problem.forecast(model.predict(problem.x_test, verbose=0))
    print_scores(problem, forecast)
    try:
        if options.plot:
            from .plot import draw

            draw(options.plot, problem, forecast, history.history["loss"])
            print(f"Drawn into {options.plot}.")
        _save_and_check(model, problem, options.save, options.device)
    except (OSError, RuntimeError) as error:
        print(f"The demo could not finish: {error}", file=sys.stderr)
        return 1
    return 0


def _save_and_check(model: Sequential, problem: Problem, file: Path | None, device: str) -> None:
    """Save to ``file`` (None: a temporary file), and compare its forecasts in a new process bit for bit."""
    with tempfile.TemporaryDirectory() as folder:
        saved = file or Path(folder) / "weather.nlstm"
        model.save(saved)
        expected, actual = digest(model, problem), digest_in_new_process(saved, device)
    if expected != actual:
        raise RuntimeError(f"the model loaded again forecasts other bits: SHA-256 {actual}, here {expected}.")
    print(f"Saved to {saved if file else 'a temporary file'}, loaded again in a new process:")
    print(f"{len(problem.x_test)} forecasts equal bit for bit (SHA-256 {expected[:16]}...).")
