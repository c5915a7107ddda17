"""Compiled kernels on disk: the second process compiles none, and a changed source compiles those that it can reach."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

import numba_lstm

RUN = """
import ctypes, sys
ctypes.CDLL(sys.argv[1], ctypes.RTLD_GLOBAL)
import numpy as np
from numba_lstm.kernels.cuda.arrays.arrays import flip
from numba_lstm.kernels.cuda.gemm.gemm import product
from numba_lstm.kernels.cuda.runtime import driver
from numba_lstm.kernels.cuda.runtime.compiler import cuda

compile_ir, compiled = cuda.cudadrv.nvvm.compile_ir, []
cuda.cudadrv.nvvm.compile_ir = lambda *arguments, **options: compiled.append(1) or compile_ir(*arguments, **options)
device = driver.current()
matrix = device.empty((3, 3), np.float32)
product(matrix, matrix)
flip(device.empty((2, 3, 4), np.float32))
for loaded in device._kernels.values():
    assert loaded.static_shared >= 0
print(len(compiled), *sorted((kernel.name, loaded.static_shared) for kernel, loaded in device._kernels.items()))
"""


def run(stub, cache: Path, package: Path) -> tuple[int, str, set[Path]]:
    """Return how often libNVVM compiled, the kernels with their static shared memory, and the files of the cache."""
    environment = os.environ | {"NUMBA_LSTM_CACHE_DIR": str(cache), "PYTHONPATH": str(package.parent)}
    command = [sys.executable, "-W", "error", "-c", RUN, stub.library._name]
    process = subprocess.run(command, env=environment, cwd=package.parent, capture_output=True, text=True)
    assert process.returncode == 0, process.stderr
    count, kernels = process.stdout.split(" ", 1)
    return int(count), kernels, set(cache.rglob("*.cubin"))


@pytest.fixture(scope="module")
def first(stub, tmp_path_factory):
    """A folder that one process has filled, and what it returned."""
    cache = tmp_path_factory.mktemp("kernels")
    return cache, run(stub, cache, Path(numba_lstm.__file__).parent)


def test_the_second_process_compiles_nothing(stub, first):
    cache, (compiled, kernels, files) = first
    assert compiled > 0
    assert len(files) == 2
    assert run(stub, cache, Path(numba_lstm.__file__).parent) == (0, kernels, files)


@pytest.mark.parametrize(
    ("changed", "compiles"), [("gemm/gemm.py", 1), ("runtime/compiler.py", 2)], ids=["a kernel", "what kernels use"]
)
def test_a_changed_source_compiles_the_kernels_that_it_can_reach(changed, compiles, stub, first, tmp_path):
    folder, (_, kernels, files) = first
    cache, copy = tmp_path / "kernels", tmp_path / "numba_lstm"
    shutil.copytree(folder, cache)
    shutil.copytree(Path(numba_lstm.__file__).parent, copy)
    with copy.joinpath("kernels/cuda", changed).open("a") as source:
        source.write("\n# changed\n")
    compiled, found, after = run(stub, cache, copy)
    assert compiled > 0
    assert found == kernels
    assert len(after) == len(files) + compiles
