"""Installations without sources: .pyc files alone, a zip archive, and what PyInstaller makes of a program."""

import compileall
import os
import shutil
import subprocess
import sys
import tomllib
from importlib.util import find_spec
from pathlib import Path

import pytest

import numba_lstm
from numba_lstm import _pyinstaller
from numba_lstm.kernels.cpu.compiler.cache_folder import folder

PACKAGE = Path(numba_lstm.__file__).parent
PROGRAM = """
import numpy as np
import numba_lstm
from numba_lstm import Input, Sequential
from numba_lstm.kernels.cpu.compiler.compile_notice import notice
from numba_lstm.layers import Dense

x = np.random.default_rng(0).normal(size=(3, 4)).astype(np.float32)
cpu, reference = (Sequential([Input((4,)), Dense(3, "tanh")], device=d) for d in ("cpu", "reference"))
reference.set_weights(cpu.get_weights())
np.testing.assert_allclose(cpu(x), reference(x), rtol=1e-5, atol=1e-6)
print(notice._begun, numba_lstm.__file__)
"""


def run(*command, cache, path=None) -> str:
    """The last line that a command prints."""
    removed = ("PYTHONPATH", "NUMBA_CACHE_DIR")
    environment = {k: v for k, v in os.environ.items() if k not in removed} | {"NUMBA_LSTM_CACHE_DIR": str(cache)}
    if path is not None:
        environment["PYTHONPATH"] = str(path)
    process = subprocess.run(command, env=environment, cwd=cache.parent, capture_output=True, text=True, timeout=3000)
    assert process.returncode == 0, process.stderr
    return process.stdout.strip().rpartition("\n")[2]


def compute(*command, cache, path=None) -> tuple[int, str]:
    """Run the program; the number of kernels that it has compiled, and the place of its package."""
    count, place = run(*command, cache=cache, path=path).split(maxsplit=1)
    return int(count), place


def compiled(folder: Path) -> Path:
    """A copy of the package that has .pyc files alone."""
    copy = folder / "numba_lstm"
    shutil.copytree(PACKAGE, copy, ignore=shutil.ignore_patterns("__pycache__"))
    assert compileall.compile_dir(copy, legacy=True, quiet=2)
    for source in copy.rglob("*.py"):
        source.unlink()
    return folder


def test_pyc_files_alone_compute_and_share_one_cache_wherever_they_are(tmp_path):
    for name, is_first in (("one", True), ("another", False)):
        tmp_path.joinpath(name).mkdir()
        count, place = compute(sys.executable, "-c", PROGRAM, cache=tmp_path / "cache", path=compiled(tmp_path / name))
        assert place == str(tmp_path / name / "numba_lstm" / "__init__.pyc")
        assert (count > 0) is is_first
    assert len(list(tmp_path.joinpath("cache").iterdir())) == 1


def test_a_zip_archive_shares_the_cache_of_the_sources(tmp_path):
    """That of all tests, which has many of these kernels."""
    archive, cache = shutil.make_archive(str(tmp_path / "packages"), "zip", PACKAGE.parent, "numba_lstm"), folder().root
    compute(sys.executable, "-c", PROGRAM, cache=cache, path=PACKAGE.parent)
    count, place = compute(sys.executable, "-c", PROGRAM, cache=cache, path=archive)
    assert place.startswith(archive)
    assert count == 0


def test_the_package_tells_pyinstaller_of_its_hook():
    (folder,) = _pyinstaller.get_hook_dirs()
    assert Path(folder, "hook-numba_lstm.py").is_file()
    project = tomllib.loads(PACKAGE.parent.joinpath("pyproject.toml").read_text(encoding="utf-8"))["project"]
    assert project["entry-points"]["pyinstaller40"] == {"hook-dirs": "numba_lstm._pyinstaller:get_hook_dirs"}


@pytest.mark.slow
@pytest.mark.skipif(find_spec("PyInstaller") is None, reason="PyInstaller is not installed")
def test_a_program_that_pyinstaller_froze_computes_and_finds_its_kernels_again(tmp_path):
    program, cache = tmp_path / "program.py", tmp_path / "cache"
    program.write_text(PROGRAM)
    (hooks,) = _pyinstaller.get_hook_dirs()
    run(
        sys.executable, "-c", "from PyInstaller.__main__ import run; run()", "--noconfirm", "--log-level", "ERROR",
        "--additional-hooks-dir", hooks, "--paths", str(PACKAGE.parent), str(program), cache=cache, path=PACKAGE.parent,
    )  # fmt: skip
    frozen = tmp_path / "dist" / "program" / "program"
    count, place = compute(str(frozen), cache=cache)
    assert place.startswith(str(tmp_path / "dist"))
    assert count > 0
    assert compute(str(frozen), cache=cache)[0] == 0
