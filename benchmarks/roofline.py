"""The roofline of this machine: what no LSTM on one core can pass at the published shapes.

    python benchmarks/roofline.py
    python benchmarks/roofline.py --into docs/performance/roofline.md

The input product can be done for all steps at once, at the fma peak. But a step needs the one before it: it reads the recurrent
weights once and uses them once a row, at the lesser of the fma peak and N / 2 operations for each byte that a core reads of an
array of that size, again and again, from wherever it stays.
"""

from __future__ import annotations

import argparse
import sys
from functools import partial
from pathlib import Path

import numpy as np

ROOT = Path(__file__).resolve().parents[1]
if not __package__:  # as a script it has its own folder first, where benchmarks is not found
    sys.path[0] = str(ROOT)

from benchmarks.peers import machine, marks  # noqa: E402
from benchmarks.peers.problem import GRID, Shape  # noqa: E402
from benchmarks.peers.stopwatch import medians  # noqa: E402
from benchmarks.peers.tables import Table  # noqa: E402

#: Bytes that one call reads at least.
CALL = 4 * 2**20


def read_speed(nbytes: int) -> float:
    """Bytes a second at which one core reads an array of ``nbytes`` over and over."""
    from benchmarks.peers.vectors import CHAINS, LANES, read
    from numba_lstm.kernels.cpu.runtime.memory import aligned

    turn = 4 * LANES * CHAINS
    rounds = max(1, nbytes // turn)
    times = max(1, CALL // nbytes)
    array = aligned((rounds * LANES * CHAINS,), np.float32)
    array.fill(0)  # np.zeros would be one page of zeros, many times over
    (seconds,) = medians(partial(read, array, rounds, times))
    return times * rounds * turn / seconds


def row(shape: Shape, peak: float) -> list[str]:
    """A shape's roof, and the time of inference under it."""
    weights = 4 * 4 * shape.H * shape.H
    speed = read_speed(weights)
    recurrent = shape.forward_flops * shape.H // (shape.D + shape.H)
    reading, computing = recurrent / (speed * shape.N / 2), recurrent / peak
    seconds = (shape.forward_flops - recurrent) / peak + max(reading, computing)
    return [
        str(shape),
        f"{weights / 1024:,.0f}",
        f"{speed / 1e9:.0f}",
        "arithmetic" if computing > reading else "reading weights",
        f"{shape.forward_flops / seconds / 1e9:.0f}",
        f"{1e3 * seconds:.3g}",
    ]


def main(arguments: list[str] | None = None) -> int:
    import numba

    from benchmarks.peers.fma_peak import FLOPS, FmaPeak

    parser = argparse.ArgumentParser(prog="roofline.py", description=(__doc__ or "").partition("\n")[0])
    parser.add_argument("--into", nargs="+", type=Path, default=[], metavar="FILE", help="write the table into these")
    options = parser.parse_args(arguments)
    (seconds,) = medians(FmaPeak(1).spin)
    columns = ["N T D H", "recurrent weights, KiB", "read, GB/s", "bound by", "roof, GFLOP/s", "inference at least, ms"]
    found = Table("One core", columns, [row(shape, FLOPS / seconds) for shape in GRID])
    notes = machine.describe({"numba": numba.__version__}, {1: [FLOPS / seconds]})
    for path in options.into:
        marks.write(path, {"roofline": "\n".join([found.markdown(), "", *(f"* {note}" for note in notes)])})
    print("\n".join([found.text(), "", *notes]))
    return 0


if __name__ == "__main__":
    sys.exit(main())
