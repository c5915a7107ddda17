"""Programs for a Cortex-M7 in QEMU, and what they count."""

from __future__ import annotations

import subprocess
import tempfile
from pathlib import Path
from typing import NamedTuple

from numba_lstm import Model

#: Steps that are counted, after two others.
STEPS = 200

HERE = Path(__file__).parent

_CPU = ("-mcpu=cortex-m7", "-mfloat-abi=hard", "-mfpu=fpv5-d16")

_LINK = ("-nostartfiles", "-specs=rdimon.specs", "-Wl,-z,noexecstack", "-T", str(HERE / "memory.ld"))

_MACHINE = ["-M", "mps2-an500", "-nographic", "-monitor", "none", "-serial", "none", "-semihosting-config", "enable=on"]


class Counts(NamedTuple):
    """What a step of a model takes."""

    instructions: int
    flash: int  #: bytes of code and weights
    ram: int  #: bytes of variables, and of an instance
    stack: int  #: bytes
    output: float  #: the first number of the last step


def compiled(folder: Path, *sources: Path | str) -> Path:
    """Return a program of these files for QEMU's board."""
    command = ["arm-none-eabi-gcc", *_CPU, *_LINK, "-O2", f"-DSTEPS={STEPS}", "-I", "."]
    subprocess.run([*command, "-o", "program.elf", HERE / "start.c", *sources], cwd=folder, check=True)
    return folder / "program.elf"


def run(program: Path) -> str:
    """Return what a program prints in QEMU, in whose clock an instruction takes a nanosecond."""
    command = ["qemu-system-arm", *_MACHINE, "-icount", "shift=0", "-kernel", program]
    return subprocess.run(command, check=True, capture_output=True, text=True).stdout


def sizes(obj: Path) -> tuple[int, int]:
    """Return the bytes of an object in flash, and those of its variables in RAM."""
    printed = subprocess.run(["arm-none-eabi-size", obj], check=True, capture_output=True, text=True).stdout
    text, data, bss = map(int, printed.splitlines()[1].split()[:3])
    return text + data, data + bss


def counted(model: Model) -> Counts:
    """Return what a step of an exported model takes."""
    with tempfile.TemporaryDirectory() as parent:
        folder = Path(parent) / "net"
        model.export_c(folder, target="cortex-m7")
        instructions, stack, output = run(compiled(folder, HERE / "count.c", "net.o")).split()
        flash, variables = sizes(folder / "net.o")
        _, _, memory = (folder / "net.h").read_text().partition("#define NET_MEMORY ")
        return Counts(int(instructions), flash, variables + int(memory.split()[0]), int(stack), float(output))
