"""Latencies of an exported model at the pace of a clock: single steps at 1 kHz, and blocks of 64 samples at 48 kHz.

``python -m benchmarks.realtime`` runs each for some seconds, without and with programs that keep all cores busy.
``--steps 1000000`` takes 17 minutes at 1 kHz. It needs Linux and a C compiler. The program is ``realtime.c``.
"""

from __future__ import annotations

import argparse
import os
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from numba_lstm import Sequential
from numba_lstm.layers import LSTM, Dense, Input

#: Hz, steps of a block, features, units.
CASES = {"control": (1000, 1, 3, 40), "audio": (48000, 64, 1, 16)}


def build(folder: Path, D: int, H: int) -> Path:
    """Return the program for an LSTM of H units and a Dense(1)."""
    Sequential([Input((None, D)), LSTM(H), Dense(1)]).export_c(folder)
    source = Path(__file__).with_name("realtime.c")
    subprocess.run(["cc", "-O2", "-I", ".", "-o", "realtime", source, "net.o"], cwd=folder, check=True)
    return folder / "realtime"


@contextmanager
def load(processes: int) -> Iterator[None]:
    """Keep cores busy."""
    started = [subprocess.Popen([sys.executable, "-c", "while True: pass"]) for _ in range(processes)]
    try:
        yield
    finally:
        for process in started:
            process.kill()
            process.wait()


def main() -> None:
    """Print the histograms of each case."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--case", choices=CASES, help="one of the cases, both by default")
    parser.add_argument("--steps", type=int, help="steps of each run, by default those of 5 seconds")
    parser.add_argument("--load", type=int, help="busy processes, by default none, then one for each core")
    arguments = parser.parse_args()
    with tempfile.TemporaryDirectory() as parent:
        for name in [arguments.case] if arguments.case else CASES:
            rate, block, D, H = CASES[name]
            program = build(Path(parent) / name, D, H)
            blocks = (arguments.steps or 5 * rate) // block
            for processes in [0, os.cpu_count() or 1] if arguments.load is None else [arguments.load]:
                print(f"{name}: LSTM({H}), Dense(1), {processes} busy processes", flush=True)
                with load(processes):
                    subprocess.run([program, str(rate), str(block), str(blocks)], check=True)


if __name__ == "__main__":
    main()
