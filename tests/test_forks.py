"""A child forked while another thread is in the midst of something: it works as any other process."""

import os
import subprocess
import sys

import pytest

pytestmark = pytest.mark.skipif(not hasattr(os, "fork"), reason="this system cannot fork")

HELD = """
import importlib, os, signal, sys, threading
import numba_lstm
from numba_lstm.layers import LSTM, Dense, Input

module, name = sys.argv[1:]
lock = getattr(importlib.import_module(module), name)
held, forked = threading.Event(), threading.Event()

def hold():
    with lock:
        held.set()
        forked.wait(600)

other = threading.Thread(target=hold)
other.start()
assert held.wait(600)
child = os.fork()
if child == 0:
    signal.alarm(500)  # a child that waits for ever is ended by it
    with lock:
        pass
    model = numba_lstm.Sequential([Input((2, 2)), LSTM(3), Dense(1)], device="reference")
    model.compile("nadam", "mse")
    model.train_on_batch([[[1.0, 2.0], [3.0, 4.0]]], [[1.0]])
    os._exit(0)
forked.set()
other.join()
sys.exit(os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]))
"""


@pytest.mark.parametrize(
    ("module", "name"),
    [
        ("numba_lstm.layers.base.building", "_building"),
        ("numba_lstm.philox", "_lock"),
        ("numba_lstm.kernels.cpu.training.update", "_growing"),
    ],
)
def test_a_child_does_not_wait_for_a_lock_that_another_thread_held(module, name):
    command = [sys.executable, "-W", "ignore", "-c", HELD, module, name]
    process = subprocess.run(command, capture_output=True, text=True, timeout=1200)
    assert process.returncode == 0, process.stderr or "the child waited until the alarm"
