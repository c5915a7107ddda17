"""What an engine is: one framework, given a problem, answers functions that do one unit of work."""

from __future__ import annotations

from collections.abc import Callable, Collection
from typing import Any, ClassVar

import numpy.typing as npt

from .kinds import LSTM
from .problem import Problem

Values = npt.NDArray[Any]


class Unsupported(Exception):
    """The framework cannot do this; the message says why."""


class Unusable(Exception):
    """The engine cannot run on this machine; the message says why."""


class Engine:
    """A framework. Its functions return when the result is there, as NumPy or a float: nothing is left to be awaited.

    Parameters
    ----------
    threads : int
        How many threads it may use.

    Raises
    ------
    Unusable
        Where it has no device to run on.
    """

    #: Activations of its LSTM; asked for another, it is given a problem with the first of these.
    activations: ClassVar[tuple[str, ...]] = ("tanh", "relu")

    #: Models that it has, of :data:`.kinds.KINDS`.
    models: ClassVar[Collection[str]] = (LSTM,)

    def __init__(self, threads: int) -> None:
        self.threads = threads

    def versions(self) -> dict[str, str]:
        """Versions by package."""
        raise NotImplementedError

    def infer(self, problem: Problem) -> Callable[[], Values]:
        """A function that answers the output for ``problem.x``."""
        raise Unsupported("no inference")

    def train(self, problem: Problem) -> Callable[[], float]:
        """A function that does one step of Adam on ``problem.batch`` and answers the loss from before it."""
        raise Unsupported("no training")

    def masked(self, problem: Problem) -> tuple[Callable[[], Values], Callable[[], float]]:
        """Inference, and a step of training with recurrent dropout, for ``problem.padded``, whose zeros are masked."""
        raise Unsupported("no masks")

    def beam(self, problem: Problem) -> Callable[[], Values]:
        """A function that answers the log probabilities of the best sequences, by beam search from token 0 and zero states."""
        raise Unsupported("no beam search")

    def stream(self, problem: Problem) -> Callable[[Values], Values]:
        """A function that takes the next input (D,) and answers the output; the state is zero at first, and moves on."""
        raise Unsupported("no streaming")

    def fit(self, problem: Problem) -> Callable[[], float]:
        """A function that trains for an epoch on ``problem.windows``, shuffled, and answers the mean loss."""
        raise Unsupported("no training")
