"""Engines take turns, round after round, at one mode and shape; nobody is timed whose answer is not the reference's."""

from __future__ import annotations

import statistics
from collections.abc import Iterator, Mapping
from dataclasses import asdict, dataclass, field
from typing import Any, Protocol

import numpy as np

from .modes import MODES
from .process import Died, Failed
from .registry import BEFORE, CPU, FEWER, LABELS, PEAK, REFERENCE
from .shape import Shape
from .tasks import Answer, distance


@dataclass
class Result:
    """What was measured at one mode, shape and number of threads."""

    mode: str
    shape: Shape
    threads: int
    seconds: dict[str, float] = field(default_factory=dict)  #: median of a call, by engine
    reasons: dict[str, str] = field(default_factory=dict)  #: why an engine has none: "unsupported", "wrong", "failed"
    peak: float | None = None  #: of a processor, floating point operations a second
    device: str = CPU
    fewer: float | None = None  #: median of our call with fewer threads, in the same turns
    before: float | None = None  #: median of our call of another checkout, in the same turns

    def rate(self, name: str) -> float | None:
        """An engine's floating point operations a second."""
        return MODES[self.mode].flops(self.shape) / self.seconds[name] if name in self.seconds else None


class Worker(Protocol):
    """Interface of a worker in a race, which :class:`.process.Process` implements."""

    def ask(self, do: str, **arguments: Any) -> dict[str, Any]: ...

    def close(self) -> None: ...


class Race:
    """Engines of one number of threads.

    Parameters
    ----------
    threads : int
        How many each may use.
    workers : mapping
        Those that run, by engine, and ``FEWER`` and ``BEFORE``, which may be absent.
    judges : mapping
        The peak, which may be absent, and the reference.
    device : str
        What they run on.

    Attributes
    ----------
    troubles : list of str
        Sentences on engines that failed or answered wrongly.
    """

    def __init__(self, threads: int, workers: Mapping[str, Worker], judges: Mapping[str, Worker], device: str = CPU) -> None:
        self.threads, self.device = threads, device
        self.workers = dict(workers)
        self.judges = dict(judges)
        self.troubles: list[str] = []

    def close(self) -> None:
        """End all workers."""
        for worker in (*self.workers.values(), *self.judges.values()):
            worker.close()

    def run(self, mode: str, shape: Shape, rounds: int) -> Result:
        """Compare the answers, then time."""
        result = Result(mode, shape, self.threads, device=self.device)
        task = {"mode": mode, **asdict(shape)}
        ready = list(self._right(result, task))
        flops = 0.0
        if PEAK in self.judges:
            flops = self.judges[PEAK].ask("prepare", **task, activation="tanh")["flops"]
            ready.append(PEAK)
        for name in ready:
            self._ask(name, result, "warm")
        seconds: dict[str, list[float]] = {name: [] for name in ready}
        for _ in range(rounds):
            for name in ready:
                reply = self._ask(name, result, "time")
                if reply is not None:
                    seconds[name].append(reply["seconds"])
            ready.append(ready.pop(0))
        if PEAK in seconds:
            result.peak = flops / statistics.median(seconds.pop(PEAK))
        result.seconds = {name: statistics.median(s) for name, s in seconds.items() if name not in result.reasons}
        result.fewer = result.seconds.pop(FEWER, None)
        result.before = result.seconds.pop(BEFORE, None)
        return result

    def _ask(self, name: str, result: Result, do: str, **arguments: Any) -> dict[str, Any] | None:
        """A worker's reply; None where it fails."""
        if name in self.judges:
            return self.judges[name].ask(do, **arguments)
        if name not in self.workers or name in result.reasons:
            return None
        try:
            return self.workers[name].ask(do, **arguments)
        except Failed as reason:
            self._trouble(name, result, "failed", str(reason))
            if isinstance(reason, Died):
                del self.workers[name]
            return None

    def _trouble(self, name: str, result: Result, word: str, reason: str) -> None:
        result.reasons[name] = word
        self.troubles.append(f"{LABELS[name]} {word} at {result.mode} {result.shape}: {reason}")

    def _right(self, result: Result, task: dict[str, Any]) -> Iterator[str]:
        """The engines that can do it and answer rightly; why not, of the others, goes to ``result.reasons``."""
        mode = MODES[result.mode]
        expected: dict[str, Answer] = {}
        for name in list(self.workers):
            reply = self._ask(name, result, "prepare", **task, activation=mode.activation)
            if reply is None:
                continue
            if "unsupported" in reply:
                result.reasons[name] = "unsupported"
                continue
            activation = reply["activation"]
            if activation not in expected:
                reference = self.judges[REFERENCE].ask("prepare", **task, activation=activation)
                expected[activation] = np.array(reference["answer"])
            difference = distance(np.array(reply["answer"]), expected[activation])
            if difference <= mode.tolerance:
                yield name
            else:
                self._trouble(name, result, "wrong", f"{difference:.2g} from the reference")
