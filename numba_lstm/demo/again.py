"""The saved model in a process of its own: ``python -m numba_lstm.demo.again FILE`` prints a digest of its forecasts."""

from __future__ import annotations

import hashlib
import os
import subprocess
import sys
from pathlib import Path

from ..models import Sequential, load_model
from .problem import Problem, load_problem


def digest(model: Sequential, problem: Problem) -> str:
    """SHA-256 of the bytes that a model answers for the test days: equal only if every bit is."""
    return hashlib.sha256(model.predict(problem.x_test, verbose=0).tobytes()).hexdigest()


def digest_in_new_process(file: Path, device: str) -> str:
    """:func:`digest` of the model in ``file``, loaded by a new Python process.

    Raises
    ------
    RuntimeError
        With what that process printed, if it failed.
    """
    run = subprocess.run(
        [sys.executable, "-m", __name__, str(file)],
        env={**os.environ, "NUMBA_LSTM_DEVICE": device},
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        check=False,
    )
    if run.returncode:
        raise RuntimeError(f"the new process ended with code {run.returncode}:\n{run.stderr}")
    return run.stdout.strip()


if __name__ == "__main__":
    print(digest(load_model(sys.argv[1]), load_problem()))
