"""Programs in new processes, for benchmarks of start-up time and of memory."""

from __future__ import annotations

import os
import subprocess
import sys
import tempfile

#: Defines peak_rss(), the peak memory of this process in bytes (ru_maxrss includes that of its parent), and forget_peak(),
#: which resets the peak to the memory in use, without what importing or compiling took.
PEAK_RSS = """
def peak_rss():
    with open("/proc/self/status") as status:
        return 1024 * next(int(line.split()[1]) for line in status if line.startswith("VmHWM"))
def forget_peak():
    with open("/proc/self/clear_refs", "w") as peaks:
        peaks.write("5")
"""

#: A typical first model, and a batch for it.
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
    """Return the environment variables of a kernel cache in ``folder``. Older commits know only the second one."""
    return {"NUMBA_LSTM_CACHE_DIR": folder, "NUMBA_CACHE_DIR": folder}


def run(code: str, **environment: str) -> list[float]:
    """Run ``code`` in a new process in an empty folder, so that it imports the installed numba_lstm; return printed numbers.

    Bytecode is cached as for an installed package: compiling 158 modules at each start takes 0.2 s.
    """
    inherited = {name: value for name, value in os.environ.items() if name != "PYTHONDONTWRITEBYTECODE"}
    with tempfile.TemporaryDirectory() as folder:
        process = subprocess.run(
            [sys.executable, "-c", code],
            cwd=folder,
            env={**inherited, **environment},
            capture_output=True,
            text=True,
            check=False,
        )
    if process.returncode:
        raise RuntimeError(process.stderr)
    return [float(word) for word in process.stdout.split()]
