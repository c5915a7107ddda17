"""Kernels on disk: right for processes that start together, and done without where no folder can be written."""

import os
import subprocess
import sys
import time
from pathlib import Path

import pytest

LAYER = """
import sys, time
import numpy as np
from numba_lstm.layers import LSTM
from numba_lstm.kernels.reference import lstm_forward
activation, start = sys.argv[1], float(sys.argv[2])
x = np.random.default_rng(0).normal(size=(3, 4, 2)).astype(np.float32)
while time.time() < start:
    pass
layer = LSTM(8, activation=activation)
y = layer(x)
from numba_lstm.kernels.contract import LSTMWeights
weights = LSTMWeights(layer.kernel, layer.recurrent_kernel, layer.bias)
expected = lstm_forward(x.transpose(1, 0, 2), weights, None, None, layer.spec).h
np.testing.assert_allclose(y, expected, rtol=1e-5, atol=1e-6)
"""

ACTIVATIONS = ("tanh", "relu", "softsign", "linear")


def start(activation: str, cache: Path, at: float = 0.0) -> subprocess.Popen:
    environment = {**os.environ, "NUMBA_CACHE_DIR": str(cache)}
    arguments = [sys.executable, "-W", "error", "-c", LAYER, activation, str(at)]
    return subprocess.Popen(arguments, env=environment, stderr=subprocess.PIPE, text=True)


def finish(process: subprocess.Popen) -> None:
    _, error = process.communicate(timeout=300)
    assert process.returncode == 0, error


def race(cache: Path) -> None:
    """Eight processes at once on an empty cache, with different layers, then one a layer that reads what they left."""
    at = time.time() + 3
    for process in [start(activation, cache, at) for activation in ACTIVATIONS * 2]:
        finish(process)
    for process in [start(activation, cache) for activation in ACTIVATIONS]:
        finish(process)


@pytest.mark.parametrize("round_", range(3))
def test_processes_that_start_together_all_get_right_numbers(round_, tmp_path):
    race(tmp_path)


@pytest.mark.slow
@pytest.mark.parametrize("round_", range(50))
def test_fifty_rounds_of_processes_that_start_together(round_, tmp_path):
    race(tmp_path)


def test_the_next_process_finds_every_kernel_again(tmp_path):
    finish(start("tanh", tmp_path))
    files = {path: path.stat().st_mtime_ns for path in tmp_path.rglob("*.nb?")}
    assert files
    finish(start("tanh", tmp_path))
    assert {path: path.stat().st_mtime_ns for path in tmp_path.rglob("*.nb?")} == files


def test_without_a_folder_to_write_kernels_are_compiled_and_one_warning_is_given(tmp_path):
    program = LAYER.replace("layer = LSTM(8", "import warnings\nwarnings.simplefilter('always')\nlayer = LSTM(8")
    program = "import numba_lstm.kernels.cpu.jit as jit\n" + program.replace(
        "import numpy as np\n",
        "import numpy as np\nfrom numba.core import caching\n"
        "for cls in caching.CacheImpl._locator_classes: cls.from_function = classmethod(lambda cls, f, p: None)\n",
        1,
    )
    environment = {k: v for k, v in os.environ.items() if k != "NUMBA_CACHE_DIR"}
    done = subprocess.run(
        [sys.executable, "-c", program, "tanh", "0"], env=environment, capture_output=True, text=True, timeout=300
    )
    assert done.returncode == 0, done.stderr
    assert done.stderr.count("NUMBA_CACHE_DIR") == 1
