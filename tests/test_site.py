"""The pages of the documentation site have every public name, and their programs and the examples of docstrings run."""

from __future__ import annotations

import ast
import doctest
import importlib
import inspect
import re
from pathlib import Path

import pytest

import numba_lstm

ROOT = Path(__file__).resolve().parents[1]
DOCS = ROOT / "docs"

#: What users do not import, and the folder of the module that has the names.
INTERNAL = {
    *("_pyinstaller", "commands", "console", "data", "demo", "device", "examples", "files", "gates", "inputs", "kernels"),
    *("naming", "objects", "philox", "system", "training", "variables", "warming", "__init__", "__main__"),
}

#: Modules of packages that are public too.
FURTHER = ["", "interop.keras", "interop.onnx", "interop.torch", "optimizers.schedules"]
FURTHER += ["preprocessing.sequence", "preprocessing.text", "utils.np_utils"]

PUBLIC = sorted(
    {path.stem for path in (ROOT / "numba_lstm").iterdir() if path.suffix == ".py" or (path / "__init__.py").is_file()}
    - INTERNAL
    - {"interop"}
)


def public_names(module: str) -> set[str]:
    """Return what ``__all__`` of a module lists, but for modules; from its source where a package that it needs is absent."""
    try:
        loaded = importlib.import_module(module)
    except ImportError:
        tree = ast.parse((ROOT / module.replace(".", "/") / "__init__.py").read_text(encoding="utf-8"))
        assigned = (
            node for node in tree.body if isinstance(node, ast.Assign) and getattr(node.targets[0], "id", "") == "__all__"
        )
        return set(ast.literal_eval(next(assigned).value))
    return {name for name in loaded.__all__ if not inspect.ismodule(getattr(loaded, name))}


def documented_names() -> dict[str, set[str]]:
    """Return the names on the pages of the API, by module."""
    found: dict[str, set[str]] = {}
    for page in (DOCS / "api").glob("*.rst"):
        for module, content in re.findall(
            r"^\.\. reference:: (\S+)\n((?:   .*\n|\n)*)", page.read_text(encoding="utf-8"), re.MULTILINE
        ):
            lines = [line.split() for line in content.splitlines() if not line.strip().startswith(":")]
            found.setdefault(module, set()).update(name for line in lines for name in line)
    return found


@pytest.mark.parametrize("module", [f"numba_lstm.{name}".rstrip(".") for name in (*PUBLIC, *FURTHER)])
def test_pages_have_every_public_name(module):
    if module == "numba_lstm.datasets":
        assert {name for name in documented_names() if name.startswith(module)} == {
            f"{module}.{name}" for name in numba_lstm.datasets.__all__
        }
        return
    assert documented_names()[module] == public_names(module)


@pytest.mark.parametrize(
    "page", ["getting_started", "coming_from/keras", "coming_from/pytorch", "coming_from/onnx_runtime", "coming_from/darts"]
)
def test_programs_of_pages_run(page, tmp_path, monkeypatch):
    program = "\n".join(
        re.findall(r"^```python\n(.*?)^```", (DOCS / f"{page}.md").read_text(encoding="utf-8"), re.DOTALL | re.MULTILINE)
    )
    if "pandas" in program:
        pytest.importorskip("pandas")
        pytest.importorskip("narwhals")
    monkeypatch.chdir(tmp_path)
    exec(compile(program, page, "exec"), {})


EXAMPLES = sorted(
    path.relative_to(ROOT).with_suffix("").as_posix().replace("/", ".").removesuffix(".__init__")
    for path in (ROOT / "numba_lstm").rglob("*.py")
    if re.search(r"^\s*>>> ", path.read_text(encoding="utf-8"), re.MULTILINE)
)


@pytest.mark.parametrize("module", EXAMPLES)
def test_examples_of_docstrings_are_right(module):
    try:
        loaded = importlib.import_module(module)
    except ImportError as error:
        pytest.skip(str(error))
    tests = [test for test in doctest.DocTestFinder(exclude_empty=True).find(loaded) if test.examples]
    if any("pandas" in example.source for test in tests for example in test.examples):
        pytest.importorskip("pandas")
    runner = doctest.DocTestRunner(optionflags=doctest.ELLIPSIS | doctest.NORMALIZE_WHITESPACE)
    assert [test.name for test in tests if runner.run(test).failed] == []
    assert runner.tries > 0
