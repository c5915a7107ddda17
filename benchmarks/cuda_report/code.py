"""The machine code of a kernel for an architecture, and its statistics. Needs libNVVM and ptxas of CUDA, but no GPU."""

from __future__ import annotations

import re
import shutil
import subprocess
import sysconfig
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory
from unittest import mock

from numba.cuda import dispatcher

from numba_lstm.kernels.cuda.runtime.compiler import Kernel, cuda

#: The architectures of the report: T4, A100, H100, RTX 50.
ARCHITECTURES = ("sm_75", "sm_80", "sm_90", "sm_120")

#: Folders of the programs of a CUDA toolkit and of the NVIDIA packages.
FOLDERS = (
    "/usr/local/cuda/bin",
    *(f"{sysconfig.get_paths()['purelib']}/nvidia/{name}/bin" for name in ("cu13", "cu12", "cuda_nvcc")),
)


def tool(name: str) -> str | None:
    """Return the path of a program of the CUDA toolkit, or None."""
    return shutil.which(name) or next((found for place in FOLDERS if (found := shutil.which(name, path=place))), None)


def architectures() -> list[str]:
    """Return the architectures of the report that the assembler supports."""
    program = tool("ptxas")
    assert program is not None
    known = subprocess.run([program, "--help"], capture_output=True, text=True, check=True).stdout
    return [name for name in ARCHITECTURES if f"'{name}'" in known]


@dataclass(frozen=True)
class Code:
    """Statistics of a kernel for an architecture. Without a disassembler, counts of instructions are -1."""

    registers: int
    spills: int  #: bytes stored to and loaded from local memory because of register pressure
    stack: int  #: bytes of local memory
    shared: int  #: bytes of static shared memory
    doubles: int  #: instructions on float64 in the PTX
    ffma: int = -1
    lds: int = -1
    lds_128: int = -1


@contextmanager
def _compiling_for(capability: tuple[int, int]) -> Iterator[None]:
    device = type("Device", (), {"compute_capability": capability})
    with mock.patch.object(dispatcher, "get_current_device", return_value=device):
        yield


def ptx(kernel: Kernel, architecture: str) -> str:
    """Return the PTX of a kernel, compiled by libNVVM."""
    number = int(architecture.removeprefix("sm_"))
    capability = divmod(number, 10)
    with _compiling_for(capability):
        text, _ = cuda.compile(kernel.function, kernel.types, device=False, abi="numba", cc=capability, output="ptx")
    return str(text)


def code(kernel: Kernel, architecture: str) -> Code:
    """Compile and assemble a kernel."""
    text, name = ptx(kernel, architecture), kernel.function.__name__
    bound = [] if kernel.max_registers is None else [f"--maxrregcount={kernel.max_registers}"]
    with TemporaryDirectory() as folder:
        source, target = Path(folder, "kernel.ptx"), Path(folder, "kernel.cubin")
        source.write_text(text)
        command = [str(tool("ptxas")), "-v", "-c", f"-arch={architecture}", *bound, str(source), "-o", str(target)]
        log = subprocess.run(command, capture_output=True, text=True, check=True).stderr
        counted = _counts(target, name)

    def figure(pattern: str) -> int:
        return max(map(int, re.findall(pattern, log)), default=0)

    return Code(
        registers=figure(r"Used (\d+) registers"),
        spills=figure(r"(\d+) bytes spill stores") + figure(r"(\d+) bytes spill loads"),
        stack=figure(r"(\d+) bytes stack frame"),
        shared=sum(map(int, re.findall(r"\.shared \.align \d+ \.b8 \w+\[(\d+)\]", text))),
        doubles=len(re.findall(r"\.f64\b", text)),
        **counted,
    )


def _counts(target: Path, name: str) -> dict[str, int]:
    """Count instructions in the machine code of a kernel, if there is a disassembler."""
    program = tool("nvdisasm")
    if program is None:
        return {}
    text = subprocess.run([program, "-c", str(target)], capture_output=True, text=True, check=True).stdout
    sections = [part for part in re.split(r"^\s*\.section\s+\.text\.", text, flags=re.M)[1:] if name in part.split("\n", 1)[0]]
    names = re.findall(r"^\s+/\*[0-9a-f]{4,}\*/\s+(?:@!?U?P\w+\s+)?([A-Z][A-Z0-9_.]*)", "".join(sections), flags=re.M)

    def count(form: str) -> int:
        return sum(re.fullmatch(form, each) is not None for each in names)

    return {"ffma": count(r"FFMA(\..*)?"), "lds": count(r"LDS(\..*)?"), "lds_128": count(r"LDS\.(.*\.)?128")}
