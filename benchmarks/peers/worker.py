"""The child's end: one engine in a process of its own. A line of JSON in, a line of JSON out.

``{"do": "prepare", "mode", "N", "T", "D", "H", "activation"}`` answers ``answer, activation, flops``, or ``unsupported``.
``{"do": "warm"}`` calls until it is warm; then ``{"do": "time"}`` answers ``seconds`` a call. What raises is answered as
``error``. The first line out has ``versions``, or ``missing``, or why the engine is ``unusable`` here.
"""

from __future__ import annotations

import ctypes
import importlib
import json
import os
import signal
import sys
from typing import Any, TextIO

from .engine import Engine, Unsupported, Unusable
from .modes import MODES
from .problem import Problem
from .registry import CPU, DEVICES, JUDGES
from .shape import Shape
from .stopwatch import Stopwatch
from .tasks import task

#: Of Linux's <sys/prctl.h>: the signal to get when the parent ends.
PR_SET_PDEATHSIG = 1


class Worker:
    """An engine, and the task that it was given last."""

    def __init__(self, engine: Engine) -> None:
        self.engine = engine
        self.watch = Stopwatch(lambda: None)

    def prepare(self, mode: str, N: int, T: int, D: int, H: int, activation: str) -> dict[str, Any]:
        used = activation if activation in self.engine.activations else self.engine.activations[0]
        try:
            answer, call = task(mode, self.engine, Problem(Shape(N, T, D, H), used, MODES[mode].model))
        except Unsupported as reason:
            return {"unsupported": str(reason)}
        self.watch = Stopwatch(call)
        return {"answer": answer.tolist(), "activation": used, "flops": getattr(self.engine, "flops", None)}

    def warm(self) -> dict[str, Any]:
        self.watch.warm()
        return {}

    def time(self) -> dict[str, Any]:
        return {"seconds": self.watch.seconds()}


def pin(threads: int) -> None:
    """Stay on ``threads`` cores: the only bound that every framework keeps."""
    if hasattr(os, "sched_setaffinity"):
        os.sched_setaffinity(0, sorted(os.sched_getaffinity(0))[:threads])


def serve(worker: Worker, requests: TextIO, replies: TextIO) -> None:
    for line in requests:
        request = json.loads(line)
        try:
            values = getattr(worker, request.pop("do"))(**request)
        except Exception as error:  # a framework may raise anything: the parent says so, and goes on
            values = {"error": f"{type(error).__name__}: {error}"}
        reply(replies, values)


def reply(replies: TextIO, values: dict[str, Any]) -> None:
    replies.write(json.dumps(values) + "\n")
    replies.flush()


def end_with_parent() -> None:
    """Have the kernel end this process when its parent ends: stopped, it would never see the end of its requests."""
    ctypes.CDLL(None).prctl(PR_SET_PDEATHSIG, signal.SIGKILL)


def main(name: str, threads: int, device: str = CPU) -> None:
    end_with_parent()
    # What a framework prints goes to stderr: stdout belongs to the protocol.
    replies = os.fdopen(os.dup(1), "w")
    os.dup2(2, 1)
    entry = {**DEVICES[device], **JUDGES}[name]
    pin(threads)
    try:
        module = importlib.import_module(f".{entry.module}", __package__)
        engine: Engine = getattr(module, entry.attribute)(threads)
    except ModuleNotFoundError as error:
        reply(replies, {"missing": error.name})
        return
    except Unusable as reason:
        reply(replies, {"unusable": str(reason)})
        return
    reply(replies, {"versions": engine.versions()})
    serve(Worker(engine), sys.stdin, replies)


if __name__ == "__main__":
    main(sys.argv[1], int(sys.argv[2]), *sys.argv[3:])
