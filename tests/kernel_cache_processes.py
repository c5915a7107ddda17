"""Processes that compile kernels into a folder."""

import os
import subprocess
import sys
from pathlib import Path

VARIABLE = "NUMBA_LSTM_CACHE_DIR"
MODEL = """
import sys, time
import numpy as np
from numba_lstm import Input, Sequential
from numba_lstm.layers import LSTM, Activation, Dense
kinds, activation, start = sys.argv[1].split(","), sys.argv[2], float(sys.argv[3])
x = np.random.default_rng(0).normal(size=(3, 4, 1)).astype(np.float32)

def output(model, kind):
    return model.stream().step(x[0, 0]) if kind == "stream" else model(x)

layers = {"LSTM": lambda: LSTM(8, activation=activation), "Activation": lambda: Activation(activation)}
models = []
for kind in kinds:
    layer = layers.get(kind, lambda: Dense(8, activation=activation))
    model, reference = (Sequential([Input((4, 1)), layer()], device=d) for d in ("cpu", "reference"))
    reference.set_weights(model.get_weights())
    if kind == "Activation":
        model.compile(run_eagerly=True)  # else there would be a plan and the kernel that runs it
    models.append((model, reference, kind))
time.sleep(max(0, start - time.time()))
for model, reference, kind in models:
    np.testing.assert_allclose(output(model, kind), output(reference, kind), rtol=1e-5, atol=1e-6)
if sys.argv[4:] == ["compile nothing"]:
    from numba_lstm.kernels.cpu.compiler.compile_notice import notice
    assert notice._begun == 0
"""


def environment(**variables) -> dict[str, str]:
    """A process's variables: those of the tests, but of those about caches only these."""
    removed = (VARIABLE, "NUMBA_CACHE_DIR", "XDG_CACHE_HOME")
    return {k: v for k, v in os.environ.items() if k not in removed} | {k: str(v) for k, v in variables.items()}


#: Seconds until a process that hangs fails a test; compiling takes long on a busy machine.
SECONDS = 1200


def compute(kind: str = "Activation", cwd: Path | None = None, before: str = "", **variables) -> str:
    """Compute a layer in a process; return what it writes to stderr, but for the notices of compiling.

    An activation without a plan has a single kernel. Most tests need any kernel.
    """
    process = subprocess.run(
        [sys.executable, "-c", before + MODEL, kind, "tanh", "0"],
        env=environment(**variables), cwd=cwd, capture_output=True, text=True, timeout=SECONDS,
    )  # fmt: skip
    assert process.returncode == 0, process.stderr
    return "".join(line for line in process.stderr.splitlines(keepends=True) if not line.startswith("numba_lstm: compiling"))


def written(folder: Path) -> dict[Path, int]:
    return {path.relative_to(folder): path.stat().st_mtime_ns for path in folder.rglob("*.nb?")}
