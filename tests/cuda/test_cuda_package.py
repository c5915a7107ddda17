"""The CUDA package as a device: its ops, what it needs and does not need, and what its kernels are made of."""

from __future__ import annotations

import inspect
import os
import re
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
from translation import kernel_ir

import numba_lstm
from numba_lstm import device as devices
from numba_lstm.kernels.contract import Ops
from numba_lstm.kernels.cuda.arrays import elementwise
from numba_lstm.kernels.cuda.gemm import gemm
from numba_lstm.kernels.cuda.ops import batch_norm, dense, dropout, layer_norm
from numba_lstm.kernels.cuda.training import clipping, update
from numba_lstm.kernels.specs import ACTIVATIONS, ROWWISE, Activation

OPS = {name: op for name, op in inspect.getmembers(Ops, inspect.isfunction) if not name.startswith("_")}
PACKAGE = Path(numba_lstm.__file__).parent
HERE = Path(__file__).parent


def parameters(op, skip=0):
    return [(p.name, p.kind.description, p.default) for p in inspect.signature(op).parameters.values()][skip:]


@pytest.mark.parametrize("name", OPS)
def test_signature(ops, name):
    assert parameters(getattr(ops, name)) == parameters(OPS[name], skip=1)


def test_it_exports_the_ops_and_nothing_else(ops):
    assert sorted(ops.__all__) == sorted(OPS)


def test_one_file_imports_numba_cuda():
    found = [
        path.name
        for path in PACKAGE.rglob("*.py")
        if re.search(r"^\s*(from numba import .*\bcuda\b|import numba\.cuda|from numba\.cuda)", path.read_text("utf-8"), re.M)
    ]
    assert found == ["compiler.py"]


def run(code, **environment):
    inherited = {name: value for name, value in os.environ.items() if not name.startswith(("CUDA", "NUMBA_LSTM"))}
    environment = {**inherited, "PATH": str(Path(sys.executable).parent), **environment}
    return subprocess.run([sys.executable, *code], capture_output=True, text=True, check=False, timeout=600, env=environment)


def test_importing_the_package_loads_nothing_of_cuda():
    result = run(["-c", "import sys, numba_lstm; print([m for m in sys.modules if 'cuda' in m])"])
    assert result.stdout == "[]\n", result.stderr


@pytest.mark.skipif(devices.obstacle() is None, reason="there is a GPU")
def test_what_is_missing_is_said_in_a_sentence():
    for call in ("numba_lstm.set_device('cuda')", "numba_lstm.Sequential(device='cuda')", "numba_lstm.Sequential().to('cuda')"):
        result = run(["-c", f"import numba_lstm; {call}"])
        assert re.search(r"RuntimeError: device='cuda' cannot be used: .+\. \S.+", result.stderr), result.stderr
    result = run(["-c", "import numba_lstm; numba_lstm.get_device()"], NUMBA_LSTM_DEVICE="cuda")
    assert "RuntimeError: device='cuda' cannot be used" in result.stderr


def test_kernels_run_here_without_driver_or_toolkit():
    """With the machine's toolkit, if it has one, out of sight."""
    code = (
        f"import sys; sys.path.insert(0, {str(HERE)!r}); import numpy as np\n"
        "from check_driver import CheckDriver\n"
        "from numba_lstm.kernels.cuda.gemm import gemm\n"
        "from numba_lstm.kernels.cuda.runtime import driver\n"
        "d = CheckDriver(); driver.bind(d); a = np.ones((3, 4), 'float32')\n"
        "print(d.download(gemm.product_nt(d.upload(a), d.upload(a))).sum())\n"
        "from numba.cuda.cudadrv.libs import get_cudalib\n"
    )
    result = run(["-c", code], CUDA_HOME="/nowhere", CUDA_PATH="/nowhere", NUMBAPRO_NVVM="/nowhere")
    assert result.stdout == "36.0\n", result.stderr


def test_models_train_here_with_the_whole_toolkit_hidden():
    """Not only from the environment's variables: no file of it can be opened, loaded, listed or run."""
    tests = [f"{HERE / 'test_cuda_models.py'}::test_a_dense_model_follows_the_cpu"]
    result = run([str(HERE / "no_cuda_env.py"), *tests])
    assert "1 passed" in result.stdout, result.stdout + result.stderr
    requested = result.stdout.splitlines()[-1].removeprefix("requested:").split()
    assert {name.partition(".")[0] for name in requested} <= {"libcuda"}, (
        "numba.cuda looks for the driver, nobody for the toolkit"
    )


def test_indices_stay_within_arrays_in_the_simulator():
    result = run([str(HERE / "simulate.py")])
    assert result.returncode == 0, result.stderr


ELEMENTWISE = [Activation(name) for name in ACTIVATIONS if name not in ROWWISE]
TILES = [gemm.SMALL, gemm.LARGE["float32"]]
TRANSPOSED = [(False, False), (False, True), (True, False)]
KERNELS = [
    *(make(activation, "float32") for activation in ELEMENTWISE for make in (dense._value, dense._gradient)),
    *(gemm.tile_kernel("float32", tile, *ab, not any(ab)) for tile in TILES for ab in TRANSPOSED),
    *(update._kernel(rule, True, variant, "float32") for rule in update.RULES for variant in (False, True)),
    layer_norm._forward("float32", True, True),
    layer_norm._backward("float32", True),
    batch_norm._norm("float32", True, True),
    dropout._factors("float32"),
    dropout._apply("float32"),
    elementwise._scale("float32"),
    clipping._bound("float32"),
]


@pytest.mark.parametrize("kernel", KERNELS, ids=lambda kernel: kernel.name)
def test_kernels_of_float32_have_no_double(kernel):
    texts, _ = kernel_ir(kernel)
    assert not [line for text in texts for line in text.splitlines() if re.search(r"\bdouble\b", line)]


@pytest.mark.skipif(devices.obstacle() is None, reason="there is a GPU")
def test_auto_is_the_cpu_where_no_gpu_is_and_says_why():
    assert devices.choose("auto", 10) == ("cpu", "auto: fewer than 200,000 parameters")
    device, why = devices.choose("auto", 10**6)
    assert device == "cpu"
    assert why.startswith("auto: ")


def test_auto_takes_a_gpu_for_a_large_model(monkeypatch):
    monkeypatch.setattr(devices, "obstacle", lambda: None)
    assert devices.resolve("auto", devices.AUTO_PARAMETERS) == "cuda"
    assert devices.resolve("auto", devices.AUTO_PARAMETERS - 1) == "cpu"
    assert devices.resolve("cuda") == "cuda"


def test_show_config_names_versions_and_why_there_is_no_gpu():
    lines = []
    numba_lstm.show_config(lines.append)
    text = "\n".join(lines)
    for word in ("numba_lstm", numba_lstm.__version__, np.__version__, "bits", "threads", "GPU"):
        assert word in text
