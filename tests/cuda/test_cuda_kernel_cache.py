"""The cache of the GPU's kernels on disk: what its files are named by. tests/gpu/driver_stub loads them in processes."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

from benchmarks.cuda_report.kernels import launches
from numba_lstm.kernels.cuda.lstm.traits import Traits
from numba_lstm.kernels.cuda.runtime.code import kernel_cache
from numba_lstm.kernels.cuda.runtime.code.fingerprint import fingerprint
from numba_lstm.kernels.cuda.runtime.code.kernel_cache import MachineCode
from numba_lstm.kernels.cuda.runtime.compiler import cuda, jit
from numba_lstm.kernels.cuda.tensors.kernels import elementwise_kernel
from numba_lstm.kernels.source_digest import digest

PRINT = """
from test_cuda_kernel_cache import fingerprints
print(hash("so"), fingerprints())
"""


def fingerprints() -> dict[str, str]:
    kernels = {name: launch.kernel for name, launch in launches().items()}
    kernels |= {text: elementwise_kernel(text, "f", 0, 1, "float32") for text in ("tanh(x0)", "exp(x0)")}
    return {name: fingerprint(kernel) for name, kernel in kernels.items()}


def test_every_kernel_has_a_fingerprint_of_its_own_which_is_the_same_in_every_process():
    found = fingerprints()
    assert None not in found.values()
    assert len(set(found.values())) == len(found) > 200
    path = os.pathsep.join([str(Path(__file__).parent), *sys.path])
    seed = "2" if os.environ.get("PYTHONHASHSEED") == "1" else "1"
    process = subprocess.run(
        [sys.executable, "-c", PRINT], env=os.environ | {"PYTHONHASHSEED": seed, "PYTHONPATH": path},
        capture_output=True, text=True, check=True,
    )  # fmt: skip
    hashed, other = process.stdout.split(" ", 1)
    assert int(hashed) != hash("so")
    assert other.strip() == str(found)


def kernel(factor=2.0, arguments="f1", called=None, registers=None, value=None):
    called = called or cuda.jit(device=True)(lambda x: x + np.float32(factor))

    @jit(arguments, "float32", "one", registers)
    def one(x):
        x[0] = called(x[0]) if value is None else x[0]

    return one


def test_constants_functions_types_and_registers_are_told_apart():
    called = cuda.jit(device=True)(lambda x: x * x)
    variants = [
        *(kernel(), kernel(), kernel(3.0), kernel(2), kernel(called=called), kernel(arguments="e1"), kernel(registers=64)),
        *(kernel(value=Traits), kernel(value=1), kernel(value=True), kernel(value=(1, (2,))), kernel(value=(1, 2))),
    ]
    found = [fingerprint(variant) for variant in variants]
    assert found[0] == found[1]
    assert len(set(found)) == len(found) - 1
    assert fingerprint(kernel(value=object())) is None


def test_a_digest_of_the_gpus_sources_is_not_one_of_the_cpus():
    module = "numba_lstm.kernels.cuda.gemm.gemm"
    assert len({digest(module), digest("numba_lstm.kernels.cuda"), digest("numba_lstm.kernels.cpu")}) == 3


@pytest.mark.parametrize("change", ["capability", "driver", "settings", "package"])
def test_the_folder_is_named_by_the_device_and_by_what_compiles(change, monkeypatch):
    monkeypatch.setattr(kernel_cache.cuda, "runtime", type("Runtime", (), {"get_version": lambda: (12, 9)}))

    def name(capability=(9, 0), driver=12090):
        return kernel_cache._key.__wrapped__(capability, driver)

    before = name()
    assert before == name()
    assert before.startswith("sm_90-")
    if change == "settings":
        monkeypatch.setattr(kernel_cache.config, "OPT", 1)
    if change == "package":
        monkeypatch.setattr(kernel_cache.metadata, "version", lambda package: "1")
    changes = {"capability": {"capability": (8, 0)}, "driver": {"driver": 13000}}
    assert name(**changes.get(change, {})) != before


@pytest.mark.parametrize("cut", [slice(0), slice(20), slice(-1)])
def test_a_file_that_is_not_whole_is_not_loaded(cut, tmp_path, monkeypatch):
    monkeypatch.setattr(kernel_cache.cache_folder, "_warned", {"broken"})
    code, path = MachineCode("entry", True, b"image\n\0\xff"), tmp_path / "kernel.cubin"
    kernel_cache._store(path, code)
    assert kernel_cache._load(path) == code
    path.write_bytes(path.read_bytes()[cut])
    assert kernel_cache._load(path) is None
    assert [path] == list(tmp_path.iterdir())
