"""Measures the host time of the GPU device: kernels do nothing on a stub of CUDA's driver library. Needs no GPU.

    python -m benchmarks.driver_stub

It needs a C compiler, numba-cuda and its compiler of kernels. What remains is what Python and the driver's calls cost the host:
a device that computes faster than that waits for it.
"""

from __future__ import annotations

import ctypes
import shutil
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path
from tempfile import TemporaryDirectory

import numpy as np

SOURCE = Path(__file__).parents[1] / "tests" / "gpu" / "driver_stub" / "driver_stub.c"
LAUNCHES, CALLS = 0, 1  # what the stub counts


def load_stub(folder: str) -> ctypes.CDLL:
    """Compile the stub and load it under the name of the driver library."""
    library = Path(folder, "libcuda.so.1")
    compiler = shutil.which("cc")
    if compiler is None:
        raise SystemExit("benchmarks.driver_stub needs a C compiler (cc). Install one.")
    command = [compiler, "-shared", "-fPIC", "-O1", "-Wl,-soname,libcuda.so.1", "-o", str(library), str(SOURCE), "-ldl"]
    subprocess.run(command, check=True)
    stub = ctypes.CDLL(str(library), ctypes.RTLD_GLOBAL)
    stub.stub_count.restype = ctypes.c_int64
    return stub


def best(function: Callable[[], object], repeats: int = 7) -> float:
    """Return the least processor time of several calls in microseconds. Nothing waits, and other programs do not count."""
    times = []
    for _ in range(repeats):
        begin = time.thread_time()
        function()
        times.append(time.thread_time() - begin)
    return 1e6 * min(times)


def rows(stub: ctypes.CDLL) -> list[tuple[str, float, int, int]]:
    """Return names, microseconds, launches and calls of the driver."""
    from numba_lstm import Input, Sequential
    from numba_lstm.kernels.cuda.arrays.elementwise import _add
    from numba_lstm.kernels.cuda.runtime import driver
    from numba_lstm.layers import LSTM, Dense

    model = Sequential([Input((10, 3)), LSTM(64), Dense(1)], device="cuda")
    model.compile(optimizer="adam", loss="mse")
    x, steps = np.zeros((640, 10, 3), np.float32), 20

    def fit(epochs: int) -> Callable[[], object]:
        return lambda: model.fit(x, x[:, 0, :1], batch_size=len(x) // steps, epochs=epochs, verbose=0)

    def counted(function: Callable[[], object]) -> tuple[int, int]:
        before = stub.stub_count(LAUNCHES), stub.stub_count(CALLS)
        function()
        return stub.stub_count(LAUNCHES) - before[0], stub.stub_count(CALLS) - before[1]

    found = [("first fit", best(fit(1), 1), *counted(fit(1)))]  # with kernels from disk, where an earlier process stored them
    launches, calls = (count // steps for count in counted(fit(1)))
    found.append(("fit step", (best(fit(6), 5) - best(fit(1), 5)) / (5 * steps), launches, calls))
    stream, sample = model.stream(), np.zeros(3, np.float32)
    stream.step(sample)
    found.append(
        ("stream step", best(lambda: [stream.step(sample) for _ in range(200)]) / 200, *counted(lambda: stream.step(sample)))
    )
    predict = lambda: model.predict(x[:32], verbose=0)  # noqa: E731
    predict(), predict()
    found.append(("predict", best(lambda: [predict() for _ in range(100)]) / 100, *counted(predict)))
    device = driver.current()
    array, kernel = device.empty((640,), np.float32), _add("float32")
    launch = lambda: device.launch(kernel, 3, 256, (array, array, array))  # noqa: E731
    found.append(("launch", best(lambda: [launch() for _ in range(1000)]) / 1000, *counted(launch)))
    return found


def main() -> int:
    """Run the command."""
    with TemporaryDirectory() as folder:
        stub = load_stub(folder)
        print("LSTM(64), Dense(1), Adam, batches of 32 x 10 x 3; host time alone")
        print(f"{'':12} {'us':>8} {'launches':>9} {'calls':>6}")
        for name, microseconds, launches, calls in rows(stub):
            print(f"{name:12} {microseconds:8.1f} {launches:9} {calls:6}")
    return 0


if __name__ == "__main__":
    sys.exit(main())
