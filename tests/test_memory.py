"""Memory that is used once and given back: nothing grows with the number of calls, and a prediction takes one batch's worth."""

from __future__ import annotations

import subprocess
import sys

import pytest

MEBIBYTE = 2**20

PROGRAM = """
import os
import numpy as np
from numba_lstm import Sequential
from numba_lstm.layers import LSTM, Dense, Input

def resident():
    with open("/proc/self/statm") as statm:
        return int(statm.read().split()[1]) * os.sysconf("SC_PAGE_SIZE")

model = Sequential([Input((None, 1)), LSTM(50), Dense(1)])
x = np.zeros((1, 10, 1), np.float32)
step = model.stream().step

def grown(call, count):
    for _ in range(count // 10):
        call()
    before = resident()
    for _ in range(count):
        call()
    return resident() - before
"""

pytestmark = pytest.mark.skipif(not sys.platform.startswith("linux"), reason="reads /proc/self/statm")


def grown(call: str, count: int) -> int:
    """Bytes that a new process grows by in ``count`` calls, after a tenth as many."""
    program = f"{PROGRAM}\nprint(grown(lambda: {call}, {count}))"
    process = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True)
    return int(process.stdout)


@pytest.mark.parametrize(("call", "count"), [("step(x[0, 0])", 100_000), ("model.predict(x, verbose=0)", 10_000)])
def test_calls_leave_nothing(call, count):
    assert grown(call, count) < MEBIBYTE


@pytest.mark.slow
@pytest.mark.parametrize(("call", "count"), [("step(x[0, 0])", 10_000_000), ("model.predict(x, verbose=0)", 1_000_000)])
def test_millions_of_calls_leave_nothing(call, count):
    assert grown(call, count) < MEBIBYTE


def test_a_long_prediction_takes_one_batch_beyond_input_and_output():
    program = (
        PROGRAM
        + """
import resource
def peak():
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * 1024
many = np.ones((100_000, 20, 1), np.float32)
model.predict(many[:64], verbose=0)
before = peak()
answer = model.predict(many, verbose=0)
print(peak() - before - answer.nbytes)
"""
    )
    process = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True)
    assert int(process.stdout) < MEBIBYTE
