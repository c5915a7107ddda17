"""The parent's end of a worker."""

from __future__ import annotations

import contextlib
import json
import os
import signal
import subprocess
import sys
import tempfile
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any, Self

from .registry import CPU, DEVICES, JUDGES, OURS, PEAK, Entry

ROOT = Path(__file__).resolve().parents[2]


class Missing(Exception):
    """A package that the engine needs is not installed; the message names it."""


class Failed(Exception):
    """The engine raised; the message says what."""


class Died(Failed):
    """The worker ended before it answered; the message has its last words."""


class Process:
    """An engine in a process of its own, which from its first request on runs only while it is asked.

    Threads of some libraries spin for some 60 ms after a call, which would be in the turns of others.

    Parameters
    ----------
    name, entry
        The engine, as :mod:`.registry` has it.
    threads : int
        How many it may use.
    python : str
        The interpreter of the environment that the engine is installed in.
    device : str
        Which of the engine's it is.
    folder : path
        The checkout whose benchmarks and numba_lstm it imports.

    Raises
    ------
    Missing
        If that environment lacks a package.
    Failed
        If the engine cannot be started for another reason.
    """

    def __init__(
        self, name: str, entry: Entry, threads: int, python: str = sys.executable, device: str = CPU, folder: Path = ROOT
    ) -> None:
        self._log = tempfile.TemporaryFile()  # noqa: SIM115 - closed with the process
        # -m puts the working folder first: numba_lstm is that checkout's
        command = [python, "-m", "benchmarks.peers.worker", name, str(threads), device]
        environment = {**os.environ, **_bounds(threads), **entry.environment}
        self._child = subprocess.Popen(
            command, cwd=folder, env=environment, text=True, stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=self._log
        )
        self.pid = self._child.pid
        hello = self._read()
        if "missing" in hello:
            self.close()
            raise Missing(f"{hello['missing']} is not installed in {python}")
        if "unusable" in hello:
            self.close()
            raise Failed(hello["unusable"])
        self.versions: dict[str, str] = hello["versions"]

    def ask(self, do: str, **arguments: Any) -> dict[str, Any]:
        """The reply to one request; :class:`Failed` where it is an error."""
        assert self._child.stdin is not None
        self._child.send_signal(signal.SIGCONT)
        try:
            self._child.stdin.write(json.dumps({"do": do, **arguments}) + "\n")
            self._child.stdin.flush()
        except BrokenPipeError:
            pass  # it has died, and reading will say of what
        reply = self._read()
        self._child.send_signal(signal.SIGSTOP)
        if "error" in reply:
            raise Failed(reply["error"])
        return reply

    def _read(self) -> dict[str, Any]:
        assert self._child.stdout is not None
        line = self._child.stdout.readline()
        if not line:
            self._child.wait()
            self._log.seek(0)
            words = self._log.read().decode(errors="replace").strip()[-2000:]
            self.close()
            raise Died(f"exit code {self._child.returncode}: {words}")
        return json.loads(line)  # type: ignore[no-any-return]

    def close(self) -> None:
        """End the worker, to which nothing but SIGKILL comes through while it is stopped."""
        assert self._child.stdin is not None
        assert self._child.stdout is not None
        self._child.kill()
        self._child.wait()
        with contextlib.suppress(BrokenPipeError):  # a request may be left that it never read
            self._child.stdin.close()
        self._child.stdout.close()
        self._log.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()


def _bounds(threads: int) -> Mapping[str, str]:
    """What bounds the threads of libraries that ask the environment."""
    names = ("OMP_NUM_THREADS", "MKL_NUM_THREADS", "OPENBLAS_NUM_THREADS")
    return {**dict.fromkeys(names, str(threads)), "TF_CPP_MIN_LOG_LEVEL": "3"}


def start(
    names: Iterable[str], threads: int, pythons: Mapping[str, str], device: str = CPU
) -> tuple[dict[str, Process], dict[str, str]]:
    """Workers by engine; and of those that cannot be had, the reason. ``pythons`` has interpreters that are not this one."""
    workers: dict[str, Process] = {}
    absent: dict[str, str] = {}
    for name in names:
        try:
            workers[name] = Process(name, DEVICES[device][name], threads, pythons.get(name, sys.executable), device)
        except (Missing, Failed) as reason:
            absent[name] = str(reason)
    return workers, absent


def start_before(folder: Path, threads: int, python: str = sys.executable) -> Process:
    """Ours as another checkout has it, whose tasks and protocol must be those of this one."""
    return Process(OURS, DEVICES[CPU][OURS], threads, python, folder=folder)


def start_judges(threads: int, python: str = sys.executable, device: str = CPU) -> dict[str, Process]:
    """The peak and the reference, with the interpreter of numba_lstm; the peak is a processor's."""
    judges = {name: entry for name, entry in JUDGES.items() if device == CPU or name != PEAK}
    return {name: Process(name, entry, threads, python) for name, entry in judges.items()}
