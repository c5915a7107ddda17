"""A process per program, forked from one that has imported the engine."""

from __future__ import annotations

import contextlib
import importlib
import os
import random
import resource
import runpy
import signal
import sys
import time
import traceback
from pathlib import Path
from typing import Any

import numpy as np

PRELOADED = ("numba", "pandas", "matplotlib.pyplot", "sklearn.metrics", "sklearn.preprocessing", "scipy.stats", "h5py")


def start(engine_name: str) -> Any:
    """Import an engine, and what most programs import, for the processes of all programs."""
    os.environ |= {"MPLBACKEND": "Agg", "PROGRAMS_ENGINE": engine_name, "KERAS_BACKEND": "jax"}
    engine = importlib.import_module("numba_lstm" if engine_name == "numba_lstm" else "keras")
    for module in ("datasets.imdb", "datasets.reuters", "datasets.mnist", "utils", "models", "layers"):
        importlib.import_module(f"{engine.__name__}.{module}")
    for module in PRELOADED:
        with contextlib.suppress(ImportError):
            importlib.import_module(module)
    return engine


def run(engine: Any, script: Path, downloads: Path, checks: Path | None, seconds: int) -> tuple[int, str]:
    """Run a script within seconds of processor time, and return its exit status and the last line of its output."""
    output = downloads / "output.txt"
    process = os.fork()
    if process == 0:
        status = 1
        try:
            resource.setrlimit(resource.RLIMIT_CPU, (seconds, seconds + 5))
            with output.open("w") as file, open(os.devnull) as nothing:
                for source, number in ((nothing, 0), (file, 1), (file, 2)):
                    os.dup2(source.fileno(), number)
                status = program(engine, script, downloads, checks)
        finally:
            os._exit(status)  # threads of a program do not keep it
    limit = time.monotonic() + 4 * seconds
    while (ended := os.waitpid(process, os.WNOHANG)) == (0, 0):
        if time.monotonic() > limit:
            os.kill(process, signal.SIGKILL)
        time.sleep(0.1)
    lines = [line for line in output.read_text(errors="replace").splitlines() if line.strip()]
    return os.waitstatus_to_exitcode(ended[1]), lines[-1] if lines else ""


def program(engine: Any, script: Path, downloads: Path, checks: Path | None) -> int:
    """Run a script in this process. The last line that it writes is the type and the first line of its error."""
    from . import data, losses, training  # noqa: PLC0415  # they change the engine

    data.install(engine, downloads)
    training.shorten(engine, losses.Checks(engine, checks) if checks else None)
    np.random.seed(0)
    random.seed(0)
    os.chdir(script.parent)
    for name in ("aclImdb",):
        if not Path(name).exists():
            os.symlink(downloads / name, name)
    sys.argv = [str(script)]
    sys.path.insert(0, str(script.parent))
    try:
        if (script.parent / "__init__.py").exists():  # a module of a package, which may import relatively
            sys.path.insert(0, str(script.parent.parent))
            runpy.run_module(f"{script.parent.name}.{script.stem}", run_name="__main__")
        else:
            runpy.run_path(str(script), run_name="__main__")
    except SystemExit as end:
        return int(bool(end.code))
    except BaseException as error:  # noqa: BLE001
        traceback.print_exc()
        line = (str(error).strip().splitlines() or [""])[0]
        print(f"\n{type(error).__name__}: {line}", file=sys.stderr)
        return 1
    finally:
        sys.stdout.flush()
        sys.stderr.flush()
    return 0
