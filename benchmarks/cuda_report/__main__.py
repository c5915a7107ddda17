"""Reports registers, spills, shared memory and instructions of every compiled CUDA kernel. Needs no GPU.

    python -m benchmarks.cuda_report
    python -m benchmarks.cuda_report --into benchmarks/cuda_report/table.csv

The table has one launch of usual sizes for each kernel. ``faults`` lists what could not run on an architecture.
"""

from __future__ import annotations

import argparse
import csv
import sys
from collections.abc import Iterable
from dataclasses import asdict, dataclass, fields
from pathlib import Path

from .code import Code, architectures, code, tool
from .kernels import H100, Launch, launches

TABLE = Path(__file__).with_name("table.csv")

#: Bytes of shared memory and registers per block (CUDA C++ Programming Guide, "Technical Specifications").
SHARED = {"sm_75": 64 * 1024, "sm_80": 163 * 1024, "sm_90": 227 * 1024, "sm_120": 99 * 1024}
REGISTERS = 65536
GRAIN = 8  #: the allocation unit of registers per thread

#: Kernel -> bytes that it may spill (stores and loads). Each thread of these blocks of 512 holds 60 weights in 128 registers,
#: since the shared memory of an A100 is too small for more weights.
SPILLS = {"lstm_block_forward_128": 240, "lstm_block_backward_128": 192}

#: float32 kernels that compute in float64: normal numbers and gradient norms by the contract, counts of rows, totals.
IN_FLOAT64 = ("noise", "norm_shrinkage", "shrink", "batch_share", "batch_norm_gradient", "total")


@dataclass(frozen=True)
class Row:
    """A row of the table."""

    kernel: str
    architecture: str
    threads: int
    dynamic: int  #: bytes of dynamic shared memory
    blocks: int  #: of the grid
    cooperative: bool
    registers: int
    spills: int
    stack: int
    shared: int  #: bytes of static shared memory
    doubles: int
    ffma: int
    lds: int
    lds_128: int


def row(name: str, launch: Launch, architecture: str) -> Row:
    """Compile a kernel and return its row."""
    compiled: Code = code(launch.kernel, architecture)
    return Row(name, architecture, launch.threads, launch.shared, launch.blocks, launch.cooperative, **asdict(compiled))


def faults(rows: Iterable[Row]) -> list[str]:
    """Return sentences on exceeded limits, spills and unwanted float64 arithmetic."""
    found = []
    for r in rows:
        where = f"{r.kernel} on {r.architecture}"
        allowed = max((bytes_ for name, bytes_ in SPILLS.items() if r.kernel.startswith(name)), default=0)
        if r.spills > allowed:
            found.append(f"{where} spills {r.spills} bytes, allowed are {allowed}.")
        if "float64" not in r.kernel and r.doubles and not r.kernel.startswith(IN_FLOAT64):
            found.append(f"{where} has {r.doubles} instructions on float64.")
        if -(-r.registers // GRAIN) * GRAIN * r.threads > REGISTERS:
            found.append(f"{where}: {r.threads} threads of {r.registers} registers are more than a block has.")
        if r.shared + r.dynamic > SHARED[r.architecture] and selects(r):
            found.append(f"{where}: {r.shared + r.dynamic} bytes of shared memory, a block has {SHARED[r.architecture]}.")
        if r.cooperative and r.blocks > H100.multiprocessors:
            found.append(f"{where}: {r.blocks} blocks do not run at once on {H100.multiprocessors} multiprocessors.")
    return found


def selects(r: Row) -> bool:
    """Return whether this architecture would select a launch with these sizes, which are those of an H100."""
    return r.architecture == "sm_90" or not r.kernel.startswith(("lstm_block", "lstm_grid"))


def read(path: Path = TABLE) -> list[Row]:
    """Read the committed table."""
    kinds = {field.name: field.type for field in fields(Row)}

    def parsed(name: str, text: str) -> str | int | bool:
        return text if kinds[name] == "str" else text == "True" if kinds[name] == "bool" else int(text)

    with path.open(newline="") as file:
        return [Row(**{name: parsed(name, text) for name, text in line.items()}) for line in csv.DictReader(file)]  # type: ignore[arg-type]


def main(arguments: list[str] | None = None) -> int:
    """Run the command."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.cuda_report", description=__doc__.split("\n", 1)[0])
    parser.add_argument("--into", type=Path, help="write the table to this file too")
    parser.add_argument("--only", default="", help="only kernels with this in their name")
    parser.add_argument("--architectures", nargs="+", default=None, metavar="sm_XX")
    options = parser.parse_args(arguments)
    if tool("ptxas") is None:
        print(
            "cuda_report needs ptxas, which is nowhere on PATH or in /usr/local/cuda/bin: install a CUDA toolkit.",
            file=sys.stderr,
        )
        return 2
    rows = []
    print(
        f"{'kernel':66} {'arch':7} {'thr':>4} {'regs':>4} {'spill':>5} {'shared':>7} "
        f"{'FFMA':>5} {'LDS':>4} {'.128':>4} {'f64':>4}"
    )
    for name, launch in launches().items():
        for architecture in options.architectures or architectures():
            if options.only in name:
                r = row(name, launch, architecture)
                rows.append(r)
                print(
                    f"{name[:66]:66} {r.architecture:7} {r.threads:4} {r.registers:4} {r.spills:5} {r.shared + r.dynamic:7} "
                    f"{r.ffma:5} {r.lds:4} {r.lds_128:4} {r.doubles:4}",
                    flush=True,
                )
    if options.into is not None:
        with options.into.open("w", newline="") as file:
            writer = csv.DictWriter(file, [field.name for field in fields(Row)], lineterminator="\n")
            writer.writeheader()
            writer.writerows(asdict(r) for r in rows)
    found = faults(rows)
    print("\n".join(found) or f"{len(rows)} rows, no faults")
    return 1 if found else 0


if __name__ == "__main__":
    sys.exit(main())
