"""No kernel touches memory before or behind an array: random models with every array between guard pages."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

HERE = Path(__file__).parent

#: Units of recurrent layers in a usual run, which other tests compile kernels for too; in a slow one there are all.
UNITS = 4, 11

#: In a process that does what is not allowed: read and write one byte behind an array, and one before it.
WRONG = """
import ctypes, os, sys
import numpy as np
from guard_pages import Guards

guards = Guards()
guards.install()
guards.behind = sys.argv[1] == "behind"
x = np.zeros(5, np.float32)
ctypes.memset(x.ctypes.data + (20 if guards.behind == (sys.argv[2] == "outside") else -1), 0, 1)
del x
os._exit(len(guards.overwritten))
"""


def run(*command: str, timeout: float) -> subprocess.CompletedProcess[str]:
    return subprocess.run([sys.executable, *command], cwd=HERE, capture_output=True, text=True, timeout=timeout)


@pytest.mark.parametrize(
    ("dtype", "rounds", "first", "units"),
    [
        ("float32", 1, 0, UNITS),
        ("float64", 1, 1, UNITS),
        *(
            pytest.param(dtype, 4, 100 + 4 * k, tuple(range(k + 1, k + 6)), marks=pytest.mark.slow)
            for dtype in ("float32", "float64")
            for k in range(0, 70, 5)
        ),
    ],
)
def test_no_kernel_leaves_its_arrays(dtype, rounds, first, units):
    done = run("guarded_models.py", dtype, str(rounds), str(first), ",".join(map(str, units)), timeout=3600)
    assert done.returncode == 0, f"{done.stdout[-500:]}\n{done.stderr[-3000:]}"
    assert "beside 0 of which something was written" in done.stdout


@pytest.mark.parametrize("side", ["behind", "before"])
def test_who_leaves_an_array_is_found(side):
    assert run("-c", WRONG, side, "outside", timeout=600).returncode == -11
    assert run("-c", WRONG, side, "inside", timeout=600).returncode == 1
