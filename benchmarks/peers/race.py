"""Engines take turns, round after round, at one mode and shape; nobody is timed whose answer is not the witness's."""

from __future__ import annotations

import statistics
import sys
import time
from collections.abc import Iterator, Mapping
from dataclasses import asdict, dataclass, field
from typing import Any

import numpy as np

from .modes import MODES
from .problem import Shape
from .process import Died, Failed, Missing, Process
from .registry import ENGINES, JUDGES, PEAK, WITNESS
from .tasks import Answer, distance

#: Seconds between turns: threads that spin after their work must not take the next engine's time.
PAUSE = 0.01


@dataclass
class Result:
    """What was measured at one mode, shape and number of threads."""

    mode: str
    shape: Shape
    threads: int
    seconds: dict[str, float] = field(default_factory=dict)  #: median of a call, by engine
    reasons: dict[str, str] = field(default_factory=dict)  #: why an engine has none: "unsupported", "wrong", "failed"
    peak: float | None = None  #: floating point operations a second

    @property
    def rates(self) -> dict[str, float]:
        """Floating point operations a second, by engine."""
        flops = MODES[self.mode].flops(self.shape)
        return {name: flops / seconds for name, seconds in self.seconds.items()}


class Field:
    """All workers of one number of threads.

    Parameters
    ----------
    names : list of str
        Engines that are wanted. Those that cannot be had are in ``absent``, by name, with the reason. Those that fail or answer
        wrongly later are in ``troubles``, as sentences.
    threads : int
        For each engine.
    pythons : mapping
        Interpreters by engine; the current one for all others.
    """

    def __init__(self, names: list[str], threads: int, pythons: Mapping[str, str]) -> None:
        self.threads = threads
        self.workers: dict[str, Process] = {}
        self.absent: dict[str, str] = {}
        self.troubles: list[str] = []
        self.versions: dict[str, str] = {"numpy": np.__version__}
        ours = pythons.get("numba_lstm", sys.executable)
        self.judges = {name: Process(name, entry, threads, ours) for name, entry in JUDGES.items()}
        for name in names:
            try:
                worker = Process(name, ENGINES[name], threads, pythons.get(name, sys.executable))
            except (Missing, Failed) as reason:
                self.absent[name] = str(reason)
            else:
                self.workers[name] = worker
                self.versions.update(worker.versions)

    def close(self) -> None:
        """End all workers."""
        for worker in (*self.workers.values(), *self.judges.values()):
            worker.close()

    def run(self, mode: str, shape: Shape, rounds: int) -> Result:
        """Compare the answers, then time."""
        result = Result(mode, shape, self.threads)
        task = {"mode": mode, **asdict(shape)}
        ready = list(self._right(result, task))
        flops = self.judges[PEAK].ask("prepare", **task, activation="tanh")["flops"]
        ready.append(PEAK)
        for name in ready:
            self._ask(name, result, "warm")
        seconds: dict[str, list[float]] = {name: [] for name in ready}
        for _ in range(rounds):
            for name in ready:
                time.sleep(PAUSE)
                reply = self._ask(name, result, "time")
                if reply is not None:
                    seconds[name].append(reply["seconds"])
            ready.append(ready.pop(0))
        result.peak = flops / statistics.median(seconds.pop(PEAK))
        result.seconds = {name: statistics.median(s) for name, s in seconds.items() if name not in result.reasons}
        return result

    def _ask(self, name: str, result: Result, do: str, **arguments: Any) -> dict[str, Any] | None:
        """A worker's reply; None where it fails."""
        if name in self.judges:
            return self.judges[name].ask(do, **arguments)
        if name not in self.workers:
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
        self.troubles.append(f"{ENGINES[name].label} {word} at {result.mode} {result.shape}: {reason}")

    def _right(self, result: Result, task: dict[str, Any]) -> Iterator[str]:
        """The engines that can do it and answer rightly; why not, of the others, goes to ``result.reasons``."""
        mode = MODES[result.mode]
        witnessed: dict[str, Answer] = {}
        for name in list(self.workers):
            reply = self._ask(name, result, "prepare", **task, activation=mode.activation)
            if reply is None:
                continue
            if "unsupported" in reply:
                result.reasons[name] = "unsupported"
                continue
            activation = reply["activation"]
            if activation not in witnessed:
                witness = self.judges[WITNESS].ask("prepare", **task, activation=activation)
                witnessed[activation] = np.array(witness["answer"])
            difference = distance(np.array(reply["answer"]), witnessed[activation])
            if difference <= mode.tolerance:
                yield name
            else:
                self._trouble(name, result, "wrong", f"{difference:.2g} from the witness")
