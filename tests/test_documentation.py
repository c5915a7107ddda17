"""The documentation names files that exist."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

ROOT = Path(__file__).parent.parent
PAGES = ["README.md", "CONTRIBUTING.md", *(f"docs/{path.name}" for path in (ROOT / "docs").glob("*.md"))]
FILES = [
    f"/{path.relative_to(ROOT).as_posix()}"
    for folder in ("numba_lstm", "tests", "benchmarks", ".ci")
    for path in (ROOT / folder).rglob("*.py")
]


@pytest.mark.parametrize("page", sorted(PAGES))
def test_named_modules_exist(page):
    named = re.findall(r"`([\w./]*\w\.py)`", (ROOT / page).read_text())
    assert [name for name in named if not any(path.endswith(f"/{name}") for path in FILES)] == []


def test_named_packages_exist():
    named = re.findall(r"`(numba_lstm/[\w/]+)/`", (ROOT / "README.md").read_text())
    assert "numba_lstm/layers" in named
    assert [name for name in named if not (ROOT / name / "__init__.py").is_file()] == []
