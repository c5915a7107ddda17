"""Kernels on disk: right for processes that start together, found from everywhere, done without where none can be written."""

import ast
import importlib.util
import os
import shutil
import subprocess
import sys
import time
from pathlib import Path

import pytest

import numba_lstm
from numba_lstm.kernels.cpu.compiler import source_digest

VARIABLE = "NUMBA_LSTM_CACHE_DIR"
MODEL = """
import sys, time
import numpy as np
from numba_lstm import Input, Sequential
from numba_lstm.layers import LSTM, Dense
kind, activation, start = sys.argv[1], sys.argv[2], float(sys.argv[3])
x = np.random.default_rng(0).normal(size=(3, 4, 1)).astype(np.float32)

def answer(model):
    return model.stream().step(x[0, 0]) if kind == "stream" else model(x)

layer = LSTM if kind == "LSTM" else Dense
model, witness = (Sequential([Input((4, 1)), layer(8, activation=activation)], device=d) for d in ("cpu", "reference"))
witness.set_weights(model.get_weights())
while time.time() < start:
    pass
np.testing.assert_allclose(answer(model), answer(witness), rtol=1e-5, atol=1e-6)
"""

KINDS = ("LSTM", "Dense", "stream")  #: whose kernels and cells come from different factories
ACTIVATIONS = ("tanh", "relu", "softsign", "linear")


def environment(**variables) -> dict[str, str]:
    """A process's variables: those of the tests, but of those about caches only these."""
    hidden = (VARIABLE, "NUMBA_CACHE_DIR", "XDG_CACHE_HOME")
    return {k: v for k, v in os.environ.items() if k not in hidden} | {k: str(v) for k, v in variables.items()}


def start(kind: str, activation: str, cache: Path, at: float = 0.0) -> subprocess.Popen:
    arguments = [sys.executable, "-W", "error", "-c", MODEL, kind, activation, str(at)]
    return subprocess.Popen(arguments, env=environment(**{VARIABLE: cache}), stderr=subprocess.PIPE, text=True)


def finish(process: subprocess.Popen) -> None:
    _, error = process.communicate(timeout=300)
    assert process.returncode == 0, error


def dense(cwd: Path | None = None, before: str = "", **variables) -> str:
    """A process that computes a Dense layer; answers what it wrote to stderr, but for what it says while it compiles."""
    done = subprocess.run(
        [sys.executable, "-c", before + MODEL, "Dense", "tanh", "0"],
        env=environment(**variables), cwd=cwd, capture_output=True, text=True, timeout=300,
    )  # fmt: skip
    assert done.returncode == 0, done.stderr
    return "".join(line for line in done.stderr.splitlines(keepends=True) if not line.startswith("numba_lstm: compiling"))


def written(folder: Path) -> dict[Path, int]:
    return {path.relative_to(folder): path.stat().st_mtime_ns for path in folder.rglob("*.nb?")}


def race(kind: str, cache: Path) -> None:
    """Eight processes at once on an empty cache, with different layers, then one a layer that reads what they left."""
    at = time.time() + 3
    for process in [start(kind, activation, cache, at) for activation in ACTIVATIONS * 2]:
        finish(process)
    for process in [start(kind, activation, cache) for activation in ACTIVATIONS]:
        finish(process)


@pytest.mark.parametrize("kind", KINDS)
def test_processes_that_start_together_all_get_right_numbers(kind, tmp_path):
    race(kind, tmp_path)


@pytest.mark.slow
@pytest.mark.parametrize("round_", range(50))
def test_fifty_rounds_of_processes_that_start_together(round_, tmp_path):
    race("LSTM", tmp_path)


def test_the_next_process_finds_every_kernel_again(tmp_path):
    finish(start("LSTM", "tanh", tmp_path))
    files = written(tmp_path)
    assert files
    finish(start("LSTM", "tanh", tmp_path))
    assert written(tmp_path) == files


def test_another_copy_of_the_package_finds_the_same_kernels(tmp_path):
    """Whatever its path and the age of its files are."""
    cache, copy = tmp_path / "cache", tmp_path / "elsewhere"
    dense(**{VARIABLE: cache})
    files = written(cache)
    shutil.copytree(Path(numba_lstm.__file__).parent, copy / "numba_lstm", copy_function=shutil.copyfile)
    loaded = "import numba_lstm, sys; assert 'elsewhere' in numba_lstm.__file__\n"
    dense(copy, loaded, PYTHONPATH=copy, **{VARIABLE: cache})
    assert files
    assert written(cache) == files


@pytest.mark.parametrize(
    ("changed", "compiles"), [("simd/vmath.py", True), ("gemm/forward.py", True), ("ops/dropout.py", False)]
)
def test_a_change_of_a_source_compiles_the_kernels_that_it_can_reach(changed, compiles, tmp_path):
    cache, copy = tmp_path / "cache", tmp_path / "elsewhere"
    shutil.copytree(Path(numba_lstm.__file__).parent, copy / "numba_lstm")
    dense(copy, PYTHONPATH=copy, **{VARIABLE: cache})
    before = written(cache)
    with copy.joinpath("numba_lstm/kernels/cpu", changed).open("a") as source:
        source.write("\n# changed\n")
    dense(copy, PYTHONPATH=copy, **{VARIABLE: cache})
    assert (len(written(cache)) > len(before)) == compiles


@pytest.mark.parametrize(
    ("variables", "place"),
    [
        ({"XDG_CACHE_HOME": "cache"}, "cache/numba_lstm"),
        ({"HOME": "home"}, "home/.cache/numba_lstm"),
        ({"NUMBA_CACHE_DIR": "numba", "XDG_CACHE_HOME": "cache"}, "numba/numba_lstm"),
        ({VARIABLE: "ours", "NUMBA_CACHE_DIR": "numba", "XDG_CACHE_HOME": "cache"}, "ours"),
    ],
    ids=["XDG_CACHE_HOME", "HOME", "NUMBA_CACHE_DIR", VARIABLE],
)
def test_the_folder_is_the_first_that_is_named(variables, place, tmp_path):
    assert dense(**{name: tmp_path / value for name, value in variables.items()}) == ""
    (made,) = tmp_path.joinpath(place).iterdir()
    assert list(made.glob("*.nbc"))
    assert {path.relative_to(tmp_path).parts[0] for path in tmp_path.rglob("*.nbc")} == {place.split("/")[0]}


def test_the_default_folder_is_its_owners_alone(tmp_path):
    dense(XDG_CACHE_HOME=tmp_path)
    root = tmp_path / "numba_lstm"
    assert [place.stat().st_mode & 0o777 for place in (root, *root.iterdir())] == [0o700, 0o700]


def test_a_default_folder_that_others_can_write_is_not_used(tmp_path):
    dense(XDG_CACHE_HOME=tmp_path)
    root, files = tmp_path / "numba_lstm", written(tmp_path)
    (place,) = root.iterdir()
    place.chmod(0o777)
    told = dense(XDG_CACHE_HOME=tmp_path)
    assert told.count("RuntimeWarning") == 1
    assert f"compiled kernels on disk are not used: other users can write to {place}, who could run code here." in told
    assert f"Set {VARIABLE} to a folder of your own; or to {root}, if you trust all who can write to it." in told
    assert written(tmp_path) == files
    assert dense(**{VARIABLE: root}) == ""  # as told: it is used
    assert written(tmp_path) == files


OTHER_USER = "import os; os.geteuid = lambda: 12345\n"


@pytest.mark.skipif(not hasattr(os, "geteuid") or os.geteuid() == 0, reason="root's files are anybody's to trust")
def test_a_default_folder_of_another_user_is_not_used(tmp_path):
    dense(XDG_CACHE_HOME=tmp_path)
    assert f"{tmp_path / 'numba_lstm'} belongs to another user, who could run code here" in dense(
        before=OTHER_USER, XDG_CACHE_HOME=tmp_path
    )


READ_ONLY = """
from numba_lstm.kernels.cpu.compiler import kernel_cache
def refuse(*_):
    raise PermissionError(13, "Permission denied", "/read/only")
kernel_cache.Folder.make = refuse
"""


def test_a_warmed_folder_that_cannot_be_written_is_used(tmp_path):
    """By a process for which every write is refused; a user who is root could write to a read-only folder."""
    dense(**{VARIABLE: tmp_path})
    compiled = "from numba.core.dispatcher import _FunctionCompiler\n_FunctionCompiler.compile = None\n"
    assert dense(before=READ_ONLY + compiled, **{VARIABLE: tmp_path}) == ""


def test_without_a_folder_to_write_kernels_are_compiled_and_one_warning_is_given(tmp_path):
    told = dense(before=READ_ONLY, **{VARIABLE: tmp_path})
    assert told.count("RuntimeWarning") == 1
    assert (
        "compiled kernels cannot be kept on disk (/read/only: Permission denied), so every process compiles them again. "
        f"Set {VARIABLE} to a folder that can be written, or to one that numba_lstm.warmup(model, cache=folder) has filled."
    ) in told


@pytest.mark.parametrize("content", [b"", b"\x80", b"garbage"], ids=["empty", "cut", "text"])
def test_a_broken_file_is_compiled_again_with_a_warning_and_mended(content, tmp_path):
    dense(**{VARIABLE: tmp_path})
    for path in tmp_path.rglob("*.nb?"):
        path.write_bytes(content)
    told = dense(**{VARIABLE: tmp_path})
    assert told.count("RuntimeWarning") == 1
    assert f"kernels are compiled again, since files in {next(tmp_path.iterdir())} cannot be read" in told
    assert dense(**{VARIABLE: tmp_path}) == ""


def test_where_numba_optimizes_nothing_one_warning_says_that_nothing_is_kept(tmp_path):
    told = dense(NUMBA_OPT=0, **{VARIABLE: tmp_path})
    assert told.count("Warning: ") == 1
    assert (
        "compiled kernels hold addresses of this process and cannot be kept on disk, so every process compiles them again. "
        "Numba leaves these addresses in code that it does not optimize: unset NUMBA_OPT."
    ) in told


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
    done = subprocess.run(
        [sys.executable, "-c", REFERENCE],
        env=environment(NUMBA_DISABLE_JIT=1), capture_output=True, text=True, timeout=300,
    )  # fmt: skip
    assert done.returncode == 0, done.stderr
    assert done.stdout == (
        "NUMBA_DISABLE_JIT is set, and the kernels of the CPU are compiled code and nothing else. "
        'Unset it, or take device="reference", which computes the same in NumPy.\n'
    )


#: Modules that kernels' files import and that do not go into compiled code: types, threads, locks.
ONLY_AROUND = {"numba_lstm.kernels.contract", "numba_lstm.kernels.threads", "numba_lstm.forks"}


def imported(module):
    """The modules of the package that a module imports, outside of the kernels themselves."""
    found = set()
    for node in ast.walk(ast.parse(Path(module.__file__).read_text())):
        if isinstance(node, ast.ImportFrom) and node.level:
            above = importlib.util.resolve_name("." * node.level + (node.module or ""), module.__spec__.parent)
            names = {f"{above}.{alias.name}" for alias in node.names} & set(sys.modules)
            found |= names or {above}
    return {name for name in found if not name.startswith("numba_lstm.kernels.cpu") and name != "numba_lstm"}


def test_the_digest_has_every_module_that_goes_into_kernels():
    inside = [module for name, module in list(sys.modules.items()) if name.startswith("numba_lstm.kernels.cpu.")]
    assert len(inside) > 50
    hashed = {module.__name__ for module in source_digest.OUTSIDE}
    needed = set().union(*map(imported, [*inside, *source_digest.OUTSIDE]))
    assert "numba_lstm.kernels.slopes" in needed
    assert needed - hashed - ONLY_AROUND == set()
