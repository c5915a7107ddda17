"""Check of the saved model in a new process: ``python -m numba_lstm.demo.digest FILE`` prints a digest of its forecasts."""

from __future__ import annotations

import hashlib
import os
import subprocess
import sys
from pathlib import Path

from ..models import Sequential, load_model
from .problem import Problem, load_problem


def digest(model: Sequential, problem: Problem) -> str:
    """Return the SHA-256 digest of a model's forecasts for the test days, which is equal only if every bit is."""
    return hashlib.sha256(model.predict(problem.x_test, verbose=0).tobytes()).hexdigest()


def digest_in_new_process(file: Path, device: str) -> str:
    """Return :func:`digest` of the model in ``file``, loaded by a new Python process.

    Raises
    ------
    RuntimeError
        If the process fails. The message has its output.
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
