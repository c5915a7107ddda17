"""What the compiler and the assembler make of every CUDA kernel: registers, spills, shared memory, instructions. No GPU needed.

    python -m benchmarks.cuda_report
    python -m benchmarks.cuda_report --into benchmarks/cuda_report/table.csv

The table holds each kernel at one launch of its usual sizes. ``faults`` says what in it could not run on the architecture.
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

#: Bytes of shared memory that a block may ask for, and registers that it has (CUDA C++ Programming Guide, "Technical Specs").
SHARED = {"sm_75": 64 * 1024, "sm_80": 163 * 1024, "sm_90": 227 * 1024, "sm_120": 99 * 1024}
REGISTERS = 65536
GRAIN = 8  #: registers are given to threads in steps of so many

#: Kernels that may spill so many bytes (stores and loads): blocks of 512 threads, whose 128 registers each hold 60 weights: an
#: A100's shared memory has no room for more of them.
SPILLS = {"lstm_block_forward_128": 192, "lstm_block_backward_128": 192}

#: Kernels on float32 that count in float64: normal numbers and norms of gradients by the contract, numbers of rows, totals.
IN_FLOAT64 = ("noise", "norm_shrinkage", "shrink", "batch_share", "batch_norm_gradient", "total")


@dataclass(frozen=True)
class Row:
    """A line of the table."""

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
    """Compile a kernel and count."""
    made: Code = code(launch.kernel, architecture)
    return Row(name, architecture, launch.threads, launch.shared, launch.blocks, launch.cooperative, **asdict(made))


def faults(rows: Iterable[Row]) -> list[str]:
    """Sentences on what breaks a limit, or wastes what it should not."""
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
        if r.shared + r.dynamic > SHARED[r.architecture] and takes(r):
            found.append(f"{where}: {r.shared + r.dynamic} bytes of shared memory, a block has {SHARED[r.architecture]}.")
        if r.cooperative and r.blocks > H100.multiprocessors:
            found.append(f"{where}: {r.blocks} blocks do not run at once on {H100.multiprocessors} multiprocessors.")
    return found


def takes(r: Row) -> bool:
    """Whether a launch of these sizes, which are those of an H100, would be chosen on this architecture."""
    return r.architecture == "sm_90" or not r.kernel.startswith(("lstm_block", "lstm_grid"))


def read(path: Path = TABLE) -> list[Row]:
    """The committed table."""
    kinds = {field.name: field.type for field in fields(Row)}

    def settled(name: str, text: str) -> str | int | bool:
        return text if kinds[name] == "str" else text == "True" if kinds[name] == "bool" else int(text)

    with path.open(newline="") as file:
        return [Row(**{name: settled(name, text) for name, text in line.items()}) for line in csv.DictReader(file)]  # type: ignore[arg-type]


def main(arguments: list[str] | None = None) -> int:
    """The command."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.cuda_report", description=__doc__.split("\n", 1)[0])
    parser.add_argument("--into", type=Path, help="write the table to this file too")
    parser.add_argument("--only", default="", help="only kernels with this in their name")
    parser.add_argument("--architectures", nargs="+", default=None, metavar="sm_XX")
    asked = parser.parse_args(arguments)
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
        for architecture in asked.architectures or architectures():
            if asked.only in name:
                r = row(name, launch, architecture)
                rows.append(r)
                print(
                    f"{name[:66]:66} {r.architecture:7} {r.threads:4} {r.registers:4} {r.spills:5} {r.shared + r.dynamic:7} "
                    f"{r.ffma:5} {r.lds:4} {r.lds_128:4} {r.doubles:4}",
                    flush=True,
                )
    if asked.into is not None:
        with asked.into.open("w", newline="") as file:
            writer = csv.DictWriter(file, [field.name for field in fields(Row)], lineterminator="\n")
            writer.writeheader()
            writer.writerows(asdict(r) for r in rows)
    found = faults(rows)
    print("\n".join(found) or f"{len(rows)} rows, no faults")
    return 1 if found else 0


if __name__ == "__main__":
    sys.exit(main())
