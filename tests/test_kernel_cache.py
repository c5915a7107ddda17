"""Kernels on disk: right for processes that start together, found from everywhere, done without where none can be written."""

import ast
import importlib.util
import shutil
import subprocess
import sys
import time
from pathlib import Path

import pytest
from kernel_cache_processes import MODEL, SECONDS, VARIABLE, compute, environment, written

import numba_lstm
from numba_lstm.kernels import source_digest
from numba_lstm.kernels.cpu.compiler.cache_folder import folder

#: Models one after another, whose kernels and cells come from different factories.
KINDS = "LSTM,Dense,stream"

#: Two layers of each race, which share all kernels but their activations'.
ACTIVATIONS = ("tanh", "relu")


def start(kinds: str, activation: str, cache: Path, *more: str, at: float = 0.0) -> subprocess.Popen:
    arguments = [sys.executable, "-W", "error", "-c", MODEL, kinds, activation, str(at), *more]
    return subprocess.Popen(arguments, env=environment(**{VARIABLE: cache}), stderr=subprocess.PIPE, text=True)


def finish(process: subprocess.Popen) -> None:
    _, error = process.communicate(timeout=SECONDS)
    assert process.returncode == 0, error


def race(kinds: str, cache: Path) -> None:
    """Run three processes at the same time, two of one layer, then one of each layer that reads what they left."""
    at = time.time() + 3  # when all have imported the package, on a quiet machine
    for process in [start(kinds, activation, cache, at=at) for activation in (*ACTIVATIONS, ACTIVATIONS[0])]:
        finish(process)
    for process in [start(kinds, activation, cache) for activation in ACTIVATIONS]:
        finish(process)


def copy_time_loop(cache: Path) -> None:
    """Copy the time loop from the cache of all tests: it takes longer to compile than all else and has no activation."""
    finish(start("LSTM", "linear", folder().root))
    cache.joinpath(folder().path.name).mkdir()
    for path in folder().path.glob("*lstm_forward_loop_float32*"):
        shutil.copy(path, cache / path.parent.name)


def test_processes_that_start_together_all_get_right_numbers(tmp_path):
    copy_time_loop(tmp_path)
    race(KINDS, tmp_path)


@pytest.mark.slow
@pytest.mark.parametrize("round_", range(50))
def test_fifty_rounds_of_processes_that_start_together(round_, tmp_path):
    race("LSTM", tmp_path)


def test_the_next_process_finds_every_kernel_again():
    for more in ((), ("compile nothing",)):
        finish(start(KINDS, "tanh", folder().root, *more))


def test_another_copy_of_the_package_finds_the_same_kernels(tmp_path):
    """Whatever its path and the age of its files are."""
    cache, copy = tmp_path / "cache", tmp_path / "elsewhere"
    compute(**{VARIABLE: cache})
    files = written(cache)
    shutil.copytree(Path(numba_lstm.__file__).parent, copy / "numba_lstm", copy_function=shutil.copyfile)
    loaded = "import numba_lstm, sys; assert 'elsewhere' in numba_lstm.__file__\n"
    compute(cwd=copy, before=loaded, PYTHONPATH=copy, **{VARIABLE: cache})
    assert files
    assert written(cache) == files


@pytest.fixture(scope="module")
def filled(tmp_path_factory) -> Path:
    """A cache with the kernels of a Dense layer."""
    cache = tmp_path_factory.mktemp("filled")
    compute("Dense", **{VARIABLE: cache})
    return cache


@pytest.mark.parametrize(
    ("changed", "compiles"), [("simd/vmath.py", True), ("gemm/forward.py", True), ("ops/dropout.py", False)]
)
def test_a_change_of_a_source_compiles_the_kernels_that_it_can_reach(changed, compiles, filled, tmp_path):
    cache, copy = tmp_path / "cache", tmp_path / "elsewhere"
    shutil.copytree(filled, cache)
    shutil.copytree(Path(numba_lstm.__file__).parent, copy / "numba_lstm")
    before = written(cache)
    assert before
    with copy.joinpath("numba_lstm/kernels/cpu", changed).open("a") as source:
        source.write("\n# changed\n")
    compute("Dense", copy, PYTHONPATH=copy, **{VARIABLE: cache})
    assert (len(written(cache)) > len(before)) == compiles


@pytest.mark.parametrize("content", [b"", b"\x80", b"garbage"], ids=["empty", "cut", "text"])
def test_a_broken_file_is_compiled_again_with_a_warning_and_mended(content, tmp_path):
    compute(**{VARIABLE: tmp_path})
    for path in tmp_path.rglob("*.nb?"):
        path.write_bytes(content)
    message = compute(**{VARIABLE: tmp_path})
    assert message.count("RuntimeWarning") == 1
    assert f"kernels are compiled again, since files in {next(tmp_path.iterdir())} cannot be read" in message
    assert compute(**{VARIABLE: tmp_path}) == ""


def test_where_numba_optimizes_nothing_one_warning_says_that_nothing_is_kept(tmp_path):
    message = compute(NUMBA_OPT=0, **{VARIABLE: tmp_path})
    assert message.count("Warning: ") == 1
    assert (
        "compiled kernels hold addresses of this process and cannot be kept on disk, so every process compiles them again. "
        "Numba leaves these addresses in code that it does not optimize: unset NUMBA_OPT."
    ) in message


REFERENCE = """
import numpy as np, pytest
from numba_lstm import Input, Sequential
from numba_lstm.layers import LSTM
x = np.ones((2, 3, 1))
for _ in range(2):
    with pytest.raises(RuntimeError) as refused:
        Sequential([Input((3, 1)), LSTM(4)])(x)
print(refused.value)
assert Sequential([Input((3, 1)), LSTM(4)], device="reference")(x).shape == (2, 4)
"""


def test_without_numbas_compiler_there_is_the_reference():
    process = subprocess.run(
        [sys.executable, "-c", REFERENCE],
        env=environment(NUMBA_DISABLE_JIT=1, NUMBA_LSTM_DEVICE="cpu"), capture_output=True, text=True, timeout=SECONDS,
    )  # fmt: skip
    assert process.returncode == 0, process.stderr
    assert process.stdout == (
        "NUMBA_DISABLE_JIT is set, and the kernels of the CPU are compiled code and nothing else. "
        'Unset it, or take device="reference", which computes the same in NumPy.\n'
    )


#: Modules that kernels' files import and that do not go into compiled code: types, orders of axes, rows, threads, locks,
#: the cache itself.
ONLY_AROUND = {
    *("numba_lstm.kernels.axes", "numba_lstm.kernels.contract", "numba_lstm.kernels.op_types", "numba_lstm.kernels.threads"),
    *("numba_lstm.kernels.cache_folder", "numba_lstm.kernels.packed_rows", "numba_lstm.kernels.source_digest"),
    "numba_lstm.system.forks",
}


def imported(module):
    """The modules of the package that a module imports, outside of the kernels themselves."""
    actual = set()
    for node in ast.walk(ast.parse(Path(module.__file__).read_text())):
        if isinstance(node, ast.ImportFrom) and node.level:
            above = importlib.util.resolve_name("." * node.level + (node.module or ""), module.__spec__.parent)
            names = {f"{above}.{alias.name}" for alias in node.names} & set(sys.modules)
            actual |= names or {above}
    return {name for name in actual if not name.startswith("numba_lstm.kernels.cpu") and name != "numba_lstm"}


def test_the_digest_has_every_module_that_goes_into_kernels():
    inside = [module for name, module in list(sys.modules.items()) if name.startswith("numba_lstm.kernels.cpu.")]
    assert len(inside) > 50
    hashed = {module.__name__ for module in source_digest.OUTSIDE}
    needed = set().union(*map(imported, [*inside, *source_digest.OUTSIDE]))
    assert "numba_lstm.kernels.slopes" in needed
    assert needed - hashed - ONLY_AROUND == set()
