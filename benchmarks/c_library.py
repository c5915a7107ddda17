"""Nanoseconds a step of LSTM(H) and Dense(1) takes in Python's stream, in the C library, and in a plain C loop.

``python -m benchmarks.c_library`` needs a C compiler. The plain loop is compiled with ``-O3 -march=native`` and calls the C
library's ``expf`` and ``tanhf``. Each figure is the median of 200 turns of a millisecond, in one thread.
"""

from __future__ import annotations

import subprocess
import tempfile
import time
from pathlib import Path

import numpy as np

from numba_lstm import Sequential
from numba_lstm.layers import LSTM, Dense, Input

#: Features and units.
SHAPES = [(1, 8), (1, 16), (1, 24), (1, 40), (1, 64), (3, 50), (16, 128), (64, 512)]

TURNS, TURN_NS = 200, 1_000_000

TIMER = """
#include "net.h"
#include <stdio.h>
#include <stdlib.h>
#include <time.h>
static double now(void) { struct timespec t; clock_gettime(CLOCK_MONOTONIC, &t); return t.tv_sec * 1e9 + t.tv_nsec; }
static int compare(const void *a, const void *b) { double x = *(double *)a, y = *(double *)b; return (x > y) - (x < y); }
static char memory[NET_MEMORY];
int main(void)
{
    static float x[NET_INPUT], y[NET_OUTPUT];
    static double turn[TURNS];
    net *n = net_init(memory);
    int count = 1, t, k;
    for (k = 0; k < NET_INPUT; ++k) x[k] = 0.1f * (k % 7);
    for (;;) {
        double start = now();
        for (k = 0; k < count; ++k) net_step(n, x, y);
        if (now() - start > TURN_NS) break;
        count *= 2;
    }
    for (t = 0; t < TURNS; ++t) {
        double start = now();
        for (k = 0; k < count; ++k) net_step(n, x, y);
        turn[t] = (now() - start) / count;
    }
    qsort(turn, TURNS, sizeof *turn, compare);
    printf("%f %f\\n", turn[TURNS / 2], y[0]);
    return 0;
}
"""

PLAIN = """
#include "net.h"
#include "weights.h"
#include <math.h>
struct net { float h[H], c[H]; };
static float sigmoid(float x) { return 1 / (1 + expf(-x)); }
size_t net_size(void) { return sizeof(net); }
net *net_init(void *memory)
{
    net *n = (net *)memory;
    int k;
    for (k = 0; k < H; ++k) n->h[k] = n->c[k] = 0;
    return n;
}
void net_step(net *n, const float *x, float *y)
{
    static float z[4 * H];
    int k, j;
    for (j = 0; j < 4 * H; ++j) z[j] = bias[j];
    for (k = 0; k < D; ++k) for (j = 0; j < 4 * H; ++j) z[j] += x[k] * kernel[k * 4 * H + j];
    for (k = 0; k < H; ++k) for (j = 0; j < 4 * H; ++j) z[j] += n->h[k] * recurrent[k * 4 * H + j];
    for (k = 0; k < H; ++k) {
        n->c[k] = sigmoid(z[H + k]) * n->c[k] + sigmoid(z[k]) * tanhf(z[2 * H + k]);
        n->h[k] = sigmoid(z[3 * H + k]) * tanhf(n->c[k]);
    }
    *y = dense_bias[0];
    for (k = 0; k < H; ++k) *y += n->h[k] * dense[k];
}
"""


def python_step(model: Sequential, x: np.ndarray) -> float:
    """Return the median nanoseconds of ``stream.step``."""
    stream, turns = model.stream(), []
    out = np.empty(1, np.float32)
    start = time.perf_counter_ns()
    for _ in range(100):
        stream.step(x, out=out)
    count = max(1, 100 * TURN_NS // (time.perf_counter_ns() - start))
    for _ in range(TURNS):
        start = time.perf_counter_ns()
        for _ in range(count):
            stream.step(x, out=out)
        turns.append((time.perf_counter_ns() - start) / count)
    return float(np.median(turns))


def compiled(folder: Path, *sources: str) -> tuple[float, float]:
    """Return the median nanoseconds of ``net_step``, and its last output, of a program of these files."""
    defines = f"-DTURNS={TURNS}", f"-DTURN_NS={TURN_NS}"
    command = ["cc", "-O3", "-march=native", *defines, "-o", "timer", "timer.c", *sources, "-lm"]
    subprocess.run(command, cwd=folder, check=True)
    printed = subprocess.run(["./timer"], cwd=folder, check=True, capture_output=True, text=True).stdout.split()
    return float(printed[0]), float(printed[1])


def measure(D: int, H: int) -> tuple[float, float, float]:
    """Return the nanoseconds of a step in Python, in the library and in the plain loop, whose outputs are compared."""
    model = Sequential([Input((None, D)), LSTM(H), Dense(1)])
    with tempfile.TemporaryDirectory() as parent:
        folder = Path(parent) / "net"
        model.export_c(folder)
        (folder / "timer.c").write_text(TIMER)
        (folder / "plain.c").write_text(PLAIN)
        names = ("kernel", "recurrent", "bias", "dense", "dense_bias")
        weights = [f"#define D {D}", f"#define H {H}"]
        for name, weight in zip(names, model.weights, strict=True):
            numbers = ",".join(f"{float(number)!r}" for number in weight.value.ravel())
            weights.append(f"static const float {name}[] = {{{numbers}}};")
        (folder / "weights.h").write_text("\n".join(weights) + "\n")
        library, y = compiled(folder, "net.o")
        plain, expected = compiled(folder, "plain.c")
        assert abs(y - expected) < 1e-4 * (1 + abs(expected)), (y, expected)
        x = (0.1 * (np.arange(D) % 7)).astype(np.float32)
        return python_step(model, x), library, plain


def main() -> None:
    """Print a table."""
    print(f"{'D/H':>8}{'Python':>12}{'C library':>12}{'plain C':>12}{'plain/library':>16}")
    for D, H in SHAPES:
        python, library, plain = measure(D, H)
        print(f"{f'{D}/{H}':>8}{python:12,.0f}{library:12,.0f}{plain:12,.0f}{plain / library:16.1f}", flush=True)


if __name__ == "__main__":
    main()
