"""Nanoseconds a step of LSTM(H) and Dense(1) takes in the C library, in other engines, and in Python's stream.

``python -m benchmarks.c_library`` needs a C compiler. It compares with a plain loop in C, compiled with ``-O3 -march=native``.
``--rtneural CHECKOUT`` adds RTNeural, whose sources are in a folder with its modules Eigen, xsimd and json, and
``--onnxruntime HEADERS`` adds ONNX Runtime's C API, where the folder has ``onnxruntime_c_api.h`` and the Python package
onnxruntime has the library. Engines take turns in several rounds, each in one thread, after their outputs were compared.
A ``~`` marks RTNeural with approximate activations, and its STL backend with ``-ffast-math`` too.
"""

from __future__ import annotations

import argparse
import tempfile
import time
from collections.abc import Callable
from pathlib import Path

import numpy as np

from numba_lstm import Sequential

from ..peers.ours import NumbaLSTM
from ..peers.problem import Problem
from ..peers.shape import Shape
from .engines import TURN_NS, TURNS, programs, write_weights

#: Inputs and units.
ROWS = ((1, 8), (1, 16), (1, 24), (1, 40), (1, 64), (3, 50), (16, 128), (64, 512))


def python_step(model: Sequential, D: int, block: int) -> Callable[[], tuple[float, float]]:
    """Return what measures ``stream.step``, or ``stream.run`` of a block: the median and the least nanoseconds of a step."""
    stream = model.stream(threads=1)
    x = (0.1 * (np.arange(block * D) % 7)).astype(np.float32).reshape(block, -1)
    out = np.empty(1, np.float32)

    def turn(count: int) -> float:
        start = time.perf_counter_ns()
        for _ in range(count):
            if block > 1:
                stream.run(x)
            else:
                stream.step(x[0], out=out)
        return (time.perf_counter_ns() - start) / count

    turn(10)
    count = max(1, int(TURN_NS / turn(10)))

    def measure() -> tuple[float, float]:
        turns = [turn(count) / block for _ in range(TURNS)]
        return float(np.median(turns)), min(turns)

    return measure


def measure(D: int, H: int, arguments: argparse.Namespace) -> dict[str, tuple[float, float]]:
    """Return the median and the least nanoseconds of a step, by engine."""
    problem = Problem(Shape(1, 1, D, H))
    model = NumbaLSTM(1).model(problem)
    graph = b""
    if arguments.onnxruntime:
        from ..peers.onnx_graph import graph as onnx_graph

        graph = onnx_graph(problem, 1, states=True)
    with tempfile.TemporaryDirectory() as parent:
        folder = Path(parent) / "net"
        model.export_c(folder)
        write_weights(folder, problem.weights)
        engines = programs(folder, D, H, arguments.block, graph, arguments)
        runs: dict[str, Callable[[], tuple[float, float]]] = {"Python": python_step(model, D, arguments.block)}
        expected = engines["C library"].run().outputs
        for name, engine in engines.items():
            error = np.abs(engine.run().outputs - expected).max()
            assert error <= engine.tolerance, f"outputs of {name} differ by {error:.1e}"
            runs[name] = engine.times
        rounds = [{name: run() for name, run in runs.items()} for _ in range(arguments.rounds)]
    medians = {name: float(np.median([times[name][0] for times in rounds])) for name in runs}
    return {name: (medians[name], min(times[name][1] for times in rounds)) for name in runs}


def main() -> None:
    """Print a table."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--rtneural", type=Path, metavar="CHECKOUT", help="folder of RTNeural's sources")
    parser.add_argument("--onnxruntime", type=Path, metavar="HEADERS", help="folder of onnxruntime_c_api.h")
    parser.add_argument("--rounds", type=int, default=5, help="turns that each engine gets, 5 by default")
    parser.add_argument("--block", type=int, default=1, help="steps of a call, 1 by default; more are computed by net_run")
    parser.add_argument("--rows", nargs="*", help="inputs/units, such as 1/16 3/50; all by default")
    arguments = parser.parse_args()
    rows = [tuple(map(int, row.split("/"))) for row in arguments.rows] if arguments.rows else ROWS
    names: list[str] = []
    for D, H in rows:
        times = measure(D, H, arguments)
        if not names:
            names = list(times)
            print("| inputs/units | " + " | ".join(names) + " |\n|---" + "|---" * len(names) + "|")
        cells = [f"{median:,.0f} ({least:,.0f})" for median, least in times.values()]
        print(f"| {D}/{H} | " + " | ".join(cells) + " |", flush=True)


if __name__ == "__main__":
    main()
