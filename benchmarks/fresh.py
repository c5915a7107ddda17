"""Code in a new process: what a person waits for, and what memory a program takes."""

from __future__ import annotations

import os
import subprocess
import sys
import tempfile

#: Defines peak_rss() in bytes: of the process alone, where ru_maxrss begins with its parent's. And forget_peak(), after which
#: the peak is what the process takes now, not what importing or compiling took for a moment.
PEAK_RSS = """
def peak_rss():
    with open("/proc/self/status") as status:
        return 1024 * next(int(line.split()[1]) for line in status if line.startswith("VmHWM"))
def forget_peak():
    with open("/proc/self/clear_refs", "w") as peaks:
        peaks.write("5")
"""

#: The model that most people write first, and a batch for it.
FIRST_MODEL = """
import numpy as np
from numba_lstm.layers import LSTM, Dense
from numba_lstm.models import Sequential
model = Sequential()
model.add(LSTM(50, activation="relu", input_shape=(100, 1)))
model.add(Dense(1))
model.compile(optimizer="adam", loss="mean_squared_error")
x = np.sin(np.arange(3200, dtype=np.float32)).reshape(32, 100, 1)
"""


def kernels_in(folder: str) -> dict[str, str]:
    """The variables that let a process keep its kernels in ``folder``; older commits know the second one alone."""
    return {"NUMBA_LSTM_CACHE_DIR": folder, "NUMBA_CACHE_DIR": folder}


def run(code: str, **environment: str) -> list[float]:
    """The numbers that ``code`` prints, run in a new process in an empty folder, so that numba_lstm is the installed one.

    It may keep its bytecode, as that of an installed package is kept: to compile 158 modules at each start takes 0.2 s.
    """
    kept = {name: value for name, value in os.environ.items() if name != "PYTHONDONTWRITEBYTECODE"}
    with tempfile.TemporaryDirectory() as folder:
        done = subprocess.run(
            [sys.executable, "-c", code],
            cwd=folder,
            env={**kept, **environment},
            capture_output=True,
            text=True,
            check=False,
        )
    if done.returncode:
        raise RuntimeError(done.stderr)
    return [float(word) for word in done.stdout.split()]
