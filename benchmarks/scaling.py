"""Time of a training step on one process and on two, and a model of it on up to 1,024.

``python -m benchmarks.scaling`` needs mpi4py and mpiexec. It starts one process with two threads and two processes with one
thread, in turns, and prints the median time of a step of each. Then it prints the modelled times as a table.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
import time
from typing import NamedTuple

import numpy as np

#: Samples, steps, features and units of the models.
SHAPES = [(32, 100, 64, 128), (64, 50, 128, 256), (128, 100, 64, 128)]

TURNS, STEPS = 3, 12


class Network(NamedTuple):
    """Costs of a message: it takes ``latency`` and its bytes divided by ``bandwidth``."""

    name: str
    latency: float  #: s
    bandwidth: float  #: bytes/s


#: Typical figures: what an MPI of each kind takes for short and for long messages.
NETWORKS = [
    Network("Ethernet, 10 Gbit/s, TCP", 30e-6, 1.1e9),
    Network("Ethernet, 100 Gbit/s, RoCE", 3e-6, 11e9),
    Network("InfiniBand, 200 Gbit/s", 1.5e-6, 23e9),
]


def measure(shards: int) -> None:
    """Print the times of steps of each shape as JSON; rank 0 of each job does."""
    import numba_lstm
    from numba_lstm import Sequential
    from numba_lstm.distributed import DataParallel
    from numba_lstm.layers import LSTM, Dense

    strategy = DataParallel(shards) if shards else None
    results = {}
    for n, steps, features, units in SHAPES:
        numba_lstm.utils.set_random_seed(0)
        model = Sequential([LSTM(units), Dense(1)])
        model.compile("adam", "mse", strategy=strategy)
        rng = np.random.default_rng(0)
        x, y = rng.standard_normal((n, steps, features)).astype("float32"), rng.standard_normal((n, 1)).astype("float32")
        times = []
        for step in range(STEPS + 3):
            start = time.perf_counter()
            model.train_on_batch(x, y)
            if step >= 3:
                times.append(time.perf_counter() - start)
        results[f"{n} {steps} {features} {units}"] = (float(np.median(times)), model.count_params())
    if strategy is None or strategy.rank == 0:
        print(json.dumps(results))


def run(ranks: int, threads: int, shards: int) -> dict[str, tuple[float, int]]:
    """Return the results of a job."""
    environment = {**os.environ, "NUMBA_NUM_THREADS": str(threads)}
    environment.pop("OPENBLAS_CORETYPE", None)
    command = ["mpiexec", "-n", str(ranks), sys.executable, "-m", "benchmarks.scaling", str(shards)]
    return json.loads(subprocess.run(command, capture_output=True, text=True, check=True, env=environment).stdout)


def modelled(compute: float, parameters: int, ranks: int, network: Network) -> float:
    """Return the time of a step on ``ranks`` processes: ``compute`` divided among them, and the exchange of gradients.

    The exchange sends a segment to each other process, and again to all: ``2 (ranks - 1)`` messages, of twice the bytes of the
    gradients without the own segment. Nothing overlaps with it.
    """
    if ranks == 1:
        return compute
    moved = 2 * (ranks - 1) / ranks * 4 * parameters
    return compute / ranks + 2 * (ranks - 1) * network.latency + moved / network.bandwidth


def main() -> None:
    jobs = {"1 process, 2 threads": (1, 2, 0), "1 process, 2 shards": (1, 2, 2), "2 processes": (2, 1, 2)}
    found = {name: [run(*job) for _ in range(TURNS)] for name, job in jobs.items()}
    medians = {
        name: {shape: np.median([one[shape][0] for one in turns]) for shape in turns[0]} for name, turns in found.items()
    }
    print("| shape | " + " | ".join(f"{name}, ms" for name in jobs) + " | two processes / two threads | kB sent by each |")
    print("|---|" + "---:|" * (len(jobs) + 2))
    first = found["2 processes"][0]
    for shape in first:
        times = [medians[name][shape] for name in jobs]
        cells = " | ".join(f"{1000 * value:.2f}" for value in times)
        print(f"| {shape} | {cells} | {times[2] / times[0]:.2f} | {4 * first[shape][1] / 1000:.0f} |")
    print()
    counts = [2, 8, 32, 128, 1024]
    print("| samples of a batch, network | " + " | ".join(map(str, counts)) + " |")
    print("|---|" + "---:|" * len(counts))
    second, parameters = found["2 processes"][0]["32 100 64 128"]
    sample = 2 * second / 32  # of one thread
    for samples in (256, 4096, 65536):
        for network in NETWORKS:
            speeds = [samples * sample / modelled(samples * sample, parameters, count, network) for count in counts]
            print(f"| {samples}, {network.name} | " + " | ".join(f"{speed:.1f}" for speed in speeds) + " |")


if __name__ == "__main__":
    if len(sys.argv) > 1:
        measure(int(sys.argv[1]))
    else:
        main()
