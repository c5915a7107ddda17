"""What an engine has to do in each mode: answer, to be compared, and then do it again and again."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from typing import Any

import numpy as np
import numpy.typing as npt

from .engine import Engine, Unsupported
from .modes import MODES
from .problem import Problem

Call = Callable[[], Any]
Answer = npt.NDArray[np.float64]


def task(mode: str, engine: Engine, problem: Problem) -> tuple[Answer, Call]:
    """The answer to compare, flat, and the function to time."""
    if problem.model not in engine.models:
        raise Unsupported(f"no {problem.model}")
    answer, call = _TASKS[MODES[mode].task or mode](engine, problem)
    return np.asarray(answer, np.float64).ravel(), call


def distance(answer: Answer, right: Answer) -> float:
    """The greatest difference, relative to the greatest right value where that is above 1; infinite for another length."""
    if answer.shape != right.shape or not np.isfinite(answer).all():
        return float("inf")
    return float(np.abs(answer - right).max() / max(1.0, np.abs(right).max()))


def _infer(engine: Engine, problem: Problem) -> tuple[Any, Call]:
    call = engine.infer(problem)
    return call(), call


def _train(engine: Engine, problem: Problem) -> tuple[Any, Call]:
    step = engine.train(problem)
    return [step(), step()], step  # the second loss shows the first gradient


def _masked(engine: Engine, problem: Problem) -> tuple[Any, Call]:
    infer, step = engine.masked(problem)  # what is dropped is drawn in other ways, so losses cannot be compared
    return infer(), step


def _stream(engine: Engine, problem: Problem) -> tuple[Any, Call]:
    step, inputs = engine.stream(problem), problem.x[0]
    return [np.array(step(x)) for x in inputs], partial(step, inputs[0])


def _beam(engine: Engine, problem: Problem) -> tuple[Any, Call]:
    call = engine.beam(problem)
    return call(), call


def _fit(engine: Engine, problem: Problem) -> tuple[Any, Call]:
    return engine.infer(problem)(), engine.fit(problem)


_TASKS = {"infer": _infer, "train": _train, "masked": _masked, "stream": _stream, "fit": _fit, "beam": _beam}
