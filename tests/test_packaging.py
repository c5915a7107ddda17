"""What a person gets who installs the package: its files, its version, a light import, and a README that tells the truth."""

from __future__ import annotations

import re
import subprocess
import sys
import tomllib
from importlib.metadata import requires, version
from importlib.resources import files
from pathlib import Path

import pytest

import numba_lstm

ROOT = Path(__file__).parent.parent


def run(*arguments, cwd):
    return subprocess.run([sys.executable, *arguments], cwd=cwd, capture_output=True, text=True, check=False)


def test_version_is_the_installed_one():
    assert numba_lstm.__version__ == version("numba_lstm")


@pytest.mark.parametrize("name", ["py.typed", "data/seattle-weather.csv", "data/SOURCES.md"])
def test_package_holds_more_than_code(name):
    assert files("numba_lstm").joinpath(name).is_file()


def test_numba_has_a_lower_bound_and_no_upper_one():
    ours = [line for line in requires("numba_lstm") or [] if "extra ==" not in line]
    (numba,) = [line for line in ours if re.match(r"numba\b", line)]
    assert re.fullmatch(r"numba\s*>=\s*0\.61", numba)
    assert "numpy" in ours  # numba says which


@pytest.fixture(scope="module")
def loaded(tmp_path_factory):
    """The modules that a new process holds after it imported the package."""
    result = run("-c", "import sys, numba_lstm; print(*sys.modules)", cwd=tmp_path_factory.mktemp("elsewhere"))
    assert result.returncode == 0, result.stderr
    return result.stdout.split()


@pytest.mark.parametrize(
    "heavy",
    ["numba", "llvmlite", "safetensors", "rich", "matplotlib"]
    + [f"numba_lstm.kernels.{name}" for name in ("cpu", "cuda", "reference")],
)
def test_import_does_not_load(heavy, loaded):
    assert "numba_lstm" in loaded
    assert heavy not in loaded


def test_every_public_name_exists():
    assert [name for name in numba_lstm.__all__ if not hasattr(numba_lstm, name)] == []


def test_import_directions_hold():
    check = "from importlinter.cli import lint_imports_command; lint_imports_command()"
    result = run("-c", check, "--config", str(ROOT / "pyproject.toml"), "--no-cache", cwd=ROOT)
    assert result.returncode == 0, result.stdout


def test_extras_are_the_promised_ones():
    project = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    assert set(project["optional-dependencies"]) == {
        *("plot", "forecast", "keras", "serve", "sklearn", "tensorboard", "examples"),
        *("mpi", "cuda12", "cuda13", "test", "dev", "docs", "peers"),
        *("aeon", "river", "sktime"),
    }


@pytest.mark.parametrize(
    ("package", "name"), [("sklearn", "scikit-learn"), ("aeon", "aeon"), ("river", "river"), ("sktime", "sktime")]
)
def test_estimators_say_what_to_install(package, name, tmp_path):
    result = run("-c", f"import sys; sys.modules['{package}'] = None; import numba_lstm.{package}", cwd=tmp_path)
    assert f"numba_lstm.{package} needs {name}. Install it: pip install 'numba_lstm[{package}]'" in result.stderr


def test_readme_has_the_commands_that_ci_runs():
    readme, ci = ((ROOT / name).read_text(encoding="utf-8") for name in ("README.md", ".ci/run"))
    commands = re.findall(r"```bash\n(.+?)\n```", readme)
    assert commands == ["pip install . && python -m numba_lstm", "pip install -e '.[test]' && pytest -n 2"]
    steps = [step for command in commands for step in command.split(" && ")]
    assert [step for step in steps if step not in ci] == []


def test_readme_example_has_twelve_lines_and_runs(tmp_path):
    example = re.findall(r"```python\n(.+?)```", (ROOT / "README.md").read_text(encoding="utf-8"), re.DOTALL)[0]
    assert len(example.splitlines()) == 12
    result = run("-c", example, cwd=tmp_path)
    assert result.returncode == 0, result.stderr
    assert (tmp_path / "wave.nlstm").is_file()
