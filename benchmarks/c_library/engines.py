"""Programs of the engines: each is ``timer.c``, linked with the functions of ``net.h`` by one of them."""

from __future__ import annotations

import importlib.util
import subprocess
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np

HERE = Path(__file__).parent

#: Steps whose outputs are compared, turns of a run, and nanoseconds of a turn.
CHECKED, TURNS, TURN_NS = 200, 30, 1_000_000

FLAGS = ("-O3", "-march=native", "-DNDEBUG")

#: RTNeural's backends: macros, and folders of headers in its checkout.
BACKENDS = {
    "Eigen": (
        ["-DRTNEURAL_USE_EIGEN=1", "-DEIGEN_STACK_ALLOCATION_LIMIT=0", "-DRTNEURAL_DEFAULT_ALIGNMENT=32"],
        "modules/Eigen",
    ),
    "xsimd": (["-DRTNEURAL_USE_XSIMD=1", "-DRTNEURAL_DEFAULT_ALIGNMENT=64"], "modules/xsimd/include"),
    "STL": (["-DRTNEURAL_USE_STL=1", "-DRTNEURAL_DEFAULT_ALIGNMENT=32"], "modules"),
}


class Timed(NamedTuple):
    """A run of a program: median and least nanoseconds of a step, and outputs of the first steps."""

    median: float
    least: float
    outputs: np.ndarray


class Program(NamedTuple):
    """A compiled engine."""

    path: Path
    tolerance: float  #: of outputs, beside those of the C library

    def run(self) -> Timed:
        """Return what a run of the program prints."""
        command = [self.path]
        printed = subprocess.run(command, cwd=self.path.parent, check=True, capture_output=True, text=True).stdout
        outputs, times = printed.splitlines()
        median, least = map(float, times.split())
        return Timed(median, least, np.array(outputs.split(), float))

    def times(self) -> tuple[float, float]:
        """Return the median and the least nanoseconds of a step in a run."""
        return self.run()[:2]


def write_weights(folder: Path, weights: tuple[np.ndarray, ...]) -> None:
    """Write and compile the weights of the other engines."""
    lines = []
    for name, weight in zip(("kernel", "recurrent", "bias", "dense", "dense_bias"), weights, strict=True):
        numbers = ",".join(f"{float(number)!r}" for number in weight.ravel())
        lines.append(f"__attribute__((aligned(64))) const float {name}[] = {{{numbers}}};\n")
    (folder / "weights.c").write_text("".join(lines))
    _run(folder, "cc", "-c", "weights.c")


def programs(folder: Path, D: int, H: int, block: int, model: bytes, arguments: Any) -> dict[str, Program]:
    """Return the programs of all engines that can be built, the C library first.

    Parameters
    ----------
    folder : Path
        An exported model of D inputs and H units, with ``weights.o``.
    block : int
        Steps of a call.
    model : bytes
        The file of the same model for ONNX Runtime.
    arguments
        What the command was given: folders of other libraries.
    """
    defines = [f"-DUNITS={H}", f"-DBLOCK={block}", f"-DCHECKED={CHECKED}", f"-DTURNS={TURNS}", f"-DTURN_NS={TURN_NS}"]
    _run(folder, "cc", *FLAGS, *defines, "-I.", "-c", HERE / "timer.c")
    _run(folder, "cc", *FLAGS, *defines, "-I.", "-c", HERE / "plain.c")
    made = {"C library": _link(folder, "library", "net.o"), "plain C": _link(folder, "plain", "plain.o", "weights.o", "-lm")}
    if arguments.rtneural:
        for backend, (flags, headers) in BACKENDS.items():
            for approximate in (False, True):
                name = f"RTN {backend}" + approximate * "~"
                options = [*flags, *(["-DAPPROXIMATE"] if approximate else [])]
                options += ["-ffast-math"] if approximate and backend == "STL" else []
                root = arguments.rtneural.resolve()
                folders = [f"-I{path}" for path in (".", root, root / headers, root / "modules/json")]
                file = f"{backend}{approximate:d}"
                _run(
                    folder,
                    "c++",
                    "-std=c++17",
                    "-w",
                    *FLAGS,
                    *defines,
                    *options,
                    *folders,
                    "-c",
                    HERE / "rtneural.cpp",
                    "-o",
                    f"{file}.o",
                )
                made[name] = _link(folder, file, f"{file}.o", "weights.o", tolerance=5e-3 if approximate else 2e-6)
    if arguments.onnxruntime:
        (folder / "net.onnx").write_bytes(model)
        library = folder / "libonnxruntime.so.1"  # the name in its header, which the package leaves out
        library.symlink_to(next(onnx_runtime_folder().glob("libonnxruntime.so*")))
        _run(folder, "cc", "-O2", *defines, "-I.", f"-I{arguments.onnxruntime.resolve()}", "-c", HERE / "onnx_runtime.c")
        made["ORT"] = _link(folder, "ort", "onnx_runtime.o", library.name, f"-Wl,-rpath,{folder}")
    return made


def onnx_runtime_folder() -> Path:
    """Return the folder of the installed package onnxruntime that has its library."""
    found = importlib.util.find_spec("onnxruntime")
    if found is None or found.origin is None:
        raise SystemExit("--onnxruntime needs the library of the Python package onnxruntime: pip install onnxruntime onnx.")
    return Path(found.origin).parent / "capi"


def _link(folder: Path, name: str, *objects: str, tolerance: float = 2e-6) -> Program:
    _run(folder, "c++", "-o", name, "timer.o", *objects)
    return Program(folder / name, tolerance)


def _run(folder: Path, *command: str | Path) -> None:
    subprocess.run(command, cwd=folder, check=True)
