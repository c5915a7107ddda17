"""Ctrl-C and forks at random moments of compiling: the process, and its child, compile and compute right afterwards."""

import gc
import os
import subprocess
import sys

import pytest

from numba_lstm.kernels.cpu.compiler.compile_guard import run_uninterrupted

COMMON = """
import os, random, signal, sys, threading, time
import numpy as np
from numba import types
from numba_lstm.kernels.cpu.compiler.jit import entry, inlined, kernel

rounds = int(sys.argv[1])
pick = random.Random(0)

@inlined
def power(x, n):
    return x if n == 1 else x * x if n == 2 else np.exp(n * np.log(x))

def compiled(n):
    "A kernel that nobody has compiled yet, for each number."
    def scale(x, out):
        for k in range(len(x)):
            out[k] = power(x[k], n) + np.tanh(x[k]) * n
    return kernel(scale, f"scale_{n}", types.float64, "x1 f1")

def right(n):
    x, out = np.linspace(0.1, 1, 5), np.empty(5)
    compiled(n)(x, out)
    entry(compiled(n))
    np.testing.assert_allclose(out, x ** n + np.tanh(x) * n)

began = time.perf_counter()
right(0)
right(1000)
a_while = time.perf_counter() - began
"""

CTRL_C = """
signal.signal(signal.SIGINT, signal.default_int_handler)  # a process in the background may be started without
interrupted = 0
for n in range(1, rounds + 1):
    timer = threading.Timer(pick.uniform(0, 0.6 * a_while), lambda: os.kill(os.getpid(), signal.SIGINT))
    try:
        timer.start()
        right(n)
        timer.join()
        time.sleep(0.01)
    except KeyboardInterrupt:
        interrupted += 1
    right(n)
    right(1000 + n)
print(interrupted)
"""

FORK = """
def all_along():
    n = 2000
    while not ended.is_set():
        right(n)
        n += 1

ended = threading.Event()
other = threading.Thread(target=all_along)
other.start()
try:
    for n in range(1, rounds + 1):
        time.sleep(pick.uniform(0, 0.6 * a_while))
        child = os.fork()
        if child == 0:
            signal.alarm(120)
            try:
                right(n)
            except BaseException as error:
                os.write(2, repr(error).encode())
                os._exit(1)
            os._exit(0)
        if n % 2:
            right(5000 + n)
        assert os.waitpid(child, 0)[1] == 0, f"child {n}"
finally:
    ended.set()
    other.join()
"""


def run(code: str, rounds: int, folder: object) -> str:
    environment = os.environ | {"NUMBA_LSTM_CACHE_DIR": str(folder)}
    process = subprocess.run(
        [sys.executable, "-W", "ignore", "-c", COMMON + code, str(rounds)],
        env=environment, capture_output=True, text=True, timeout=3000,
    )  # fmt: skip
    assert process.returncode == 0, process.stderr
    return process.stdout


@pytest.mark.parametrize("rounds", [4, pytest.param(100, marks=pytest.mark.slow)])
def test_after_ctrl_c_in_a_compilation_kernels_compile_and_compute(rounds, tmp_path):
    assert int(run(CTRL_C, rounds, tmp_path)) > 0


@pytest.mark.skipif(not hasattr(os, "fork"), reason="this system cannot fork")
@pytest.mark.parametrize("rounds", [4, pytest.param(100, marks=pytest.mark.slow)])
def test_a_child_forked_while_another_thread_compiles_compiles_and_computes(rounds, tmp_path):
    run(FORK, rounds, tmp_path)


def test_garbage_collection_pauses_and_is_as_before():
    def nested():
        return run_uninterrupted("inner", gc.isenabled), gc.isenabled()

    assert run_uninterrupted("outer", nested) == (False, False)
    assert gc.isenabled()
    gc.disable()
    try:
        run_uninterrupted("outer", nested)
        assert not gc.isenabled()
    finally:
        gc.enable()
