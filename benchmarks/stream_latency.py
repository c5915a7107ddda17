"""Latencies of single steps of a stream with one thread and with two: the median, p99 and p99.9, in microseconds.

``python -m benchmarks.stream_latency`` computes steps one after the other, and steps at 1 kHz, between which idle workers go to
sleep and have to be woken. Streams take turns in blocks of 200 steps, so that other programs disturb them alike.
"""

from __future__ import annotations

import argparse
import time

import numpy as np

from numba_lstm import Sequential
from numba_lstm.layers import LSTM, Dense, Input
from numba_lstm.models.streaming import Stream

#: Inputs and units.
ROWS = ((1, 50), (16, 128), (64, 512))

TURN = 200


def latencies(stream: Stream, x: np.ndarray, pause: float) -> list[float]:
    """Return the microseconds of each step of a turn, between which are ``pause`` seconds."""
    out, times = np.empty(1, np.float32), []
    for _ in range(TURN):
        if pause:
            time.sleep(pause)
        start = time.perf_counter_ns()
        stream.step(x, out=out)
        times.append((time.perf_counter_ns() - start) / 1000)
    return times


def main() -> None:
    """Print a table."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--turns", type=int, default=25, help=f"turns of {TURN} steps, 25 by default")
    arguments = parser.parse_args()
    print("| inputs/units | pause, ms | threads | p50 | p99 | p99.9 | p99 / p50 of one thread |\n|---|---|---|---|---|---|---|")
    for D, H in ROWS:
        model = Sequential([Input((None, D)), LSTM(H), Dense(1)])
        x = np.random.default_rng(0).uniform(-1, 1, D).astype(np.float32)
        for pause in (0.0, 1e-3):
            streams = {threads: model.stream(threads=threads) for threads in (1, 2)}
            times: dict[int, list[float]] = {threads: [] for threads in streams}
            for turn in range(arguments.turns + 1):
                for threads, stream in streams.items():
                    measured = latencies(stream, x, pause)
                    if turn:  # the first one warms up
                        times[threads] += measured
            median = np.median(times[1])
            for threads, values in times.items():
                p50, p99, p999 = np.percentile(values, [50, 99, 99.9])
                cells = f"{1000 * pause:.0f} | {threads} | {p50:.1f} | {p99:.1f} | {p999:.1f} | {p99 / median:.2f}"
                print(f"| {D}/{H} | {cells} |", flush=True)


if __name__ == "__main__":
    main()
