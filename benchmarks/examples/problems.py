"""Problems of the examples by name."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from .motion_problems import exercises_problem, gestures_problem, pendulum_problem, video_problem
from .problem import Problem
from .series_problems import demand_problem, stocks_problem, temperatures_problem
from .text_problems import dates_problem, language_problem, pronunciation_problem, speakers_problem, translation_problem

PROBLEMS: dict[str, Callable[..., Problem]] = {
    "speakers": speakers_problem,
    "stocks": stocks_problem,
    "temperatures": temperatures_problem,
    "exercises": exercises_problem,
    "pendulum": pendulum_problem,
    "language": language_problem,
    "dates": dates_problem,
    "pronunciation": pronunciation_problem,
    "translation": translation_problem,
    "demand": demand_problem,
    "gestures": gestures_problem,
    "video": video_problem,
}

#: Arguments of the functions for the sizes of the examples, where their defaults are smaller.
FULL: dict[str, dict[str, Any]] = {
    "temperatures": {"epochs": 5, "stride": 3},
    "exercises": {"epochs": 15, "window": 400},
    "pendulum": {"epochs": 60},
    "language": {"epochs": 12, "characters": 400000},
    "dates": {"epochs": 4, "samples": 40000},
    "pronunciation": {"epochs": 4, "words": 24000},
    "translation": {"epochs": 30, "pairs": 1632},
    "demand": {"epochs": 10, "stride": 2},
    "video": {"epochs": 6, "samples": 3000},
}
