"""Kernels on disk: right for processes that start together, and done without where no folder can be written."""

import os
import subprocess
import sys
import time
from pathlib import Path

import pytest

MODEL = """
import sys, time
import numpy as np
from numba_lstm import Input, Sequential
from numba_lstm.layers import LSTM, Dense
kind, activation, start = sys.argv[1], sys.argv[2], float(sys.argv[3])
x = np.random.default_rng(0).normal(size=(3, 4, 1)).astype(np.float32)

def answer(model):
    return model.stream().step(x[0, 0]) if kind == "stream" else model(x)

layer = LSTM if kind == "LSTM" else Dense
model, witness = (Sequential([Input((4, 1)), layer(8, activation=activation)], device=d) for d in ("cpu", "reference"))
witness.set_weights(model.get_weights())
while time.time() < start:
    pass
np.testing.assert_allclose(answer(model), answer(witness), rtol=1e-5, atol=1e-6)
"""

KINDS = ("LSTM", "Dense", "stream")  #: whose kernels and cells come from different factories
ACTIVATIONS = ("tanh", "relu", "softsign", "linear")


def start(kind: str, activation: str, cache: Path, at: float = 0.0) -> subprocess.Popen:
    environment = {**os.environ, "NUMBA_CACHE_DIR": str(cache)}
    arguments = [sys.executable, "-W", "error", "-c", MODEL, kind, activation, str(at)]
    return subprocess.Popen(arguments, env=environment, stderr=subprocess.PIPE, text=True)


def finish(process: subprocess.Popen) -> None:
    _, error = process.communicate(timeout=300)
    assert process.returncode == 0, error


def race(kind: str, cache: Path) -> None:
    """Eight processes at once on an empty cache, with different layers, then one a layer that reads what they left."""
    at = time.time() + 3
    for process in [start(kind, activation, cache, at) for activation in ACTIVATIONS * 2]:
        finish(process)
    for process in [start(kind, activation, cache) for activation in ACTIVATIONS]:
        finish(process)


@pytest.mark.parametrize("kind", KINDS)
def test_processes_that_start_together_all_get_right_numbers(kind, tmp_path):
    race(kind, tmp_path)


@pytest.mark.slow
@pytest.mark.parametrize("round_", range(50))
def test_fifty_rounds_of_processes_that_start_together(round_, tmp_path):
    race("LSTM", tmp_path)


def test_the_next_process_finds_every_kernel_again(tmp_path):
    finish(start("LSTM", "tanh", tmp_path))
    files = {path: path.stat().st_mtime_ns for path in tmp_path.rglob("*.nb?")}
    assert files
    finish(start("LSTM", "tanh", tmp_path))
    assert {path: path.stat().st_mtime_ns for path in tmp_path.rglob("*.nb?")} == files


NO_FOLDER = """
import warnings
from numba.core import caching
warnings.simplefilter("always")
for cls in caching.CacheImpl._locator_classes:
    cls.from_function = classmethod(lambda cls, function, path: None)
"""


def test_without_a_folder_to_write_kernels_are_compiled_and_one_warning_is_given():
    environment = {k: v for k, v in os.environ.items() if k != "NUMBA_CACHE_DIR"}
    done = subprocess.run(
        [sys.executable, "-c", NO_FOLDER + MODEL, "stream", "tanh", "0"],
        env=environment, capture_output=True, text=True, timeout=300,
    )  # fmt: skip
    assert done.returncode == 0, done.stderr
    assert done.stderr.count("NUMBA_CACHE_DIR") == 1
