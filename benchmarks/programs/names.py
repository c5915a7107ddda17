"""Names of Keras that the programs use and an engine lacks: ``python -m benchmarks.programs.names FOLDER [ENGINE]``.

Nothing is trained, so this takes seconds. It finds a missing name also behind the line where a program stops.
"""

from __future__ import annotations

import ast
import csv
import importlib
import os
import sys
import tempfile
from pathlib import Path

from . import sources
from .__main__ import LIST, tree_of


def used(source: str) -> set[str]:
    """Return the names of Keras in source, in full: modules, classes, functions."""
    tree = ast.parse(source)
    known: dict[str, str] = {}  # a name of the program -> what it is in Keras
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            for part in node.names:
                if part.name == sources.STAND_IN and part.asname:
                    known[f"{part.asname}.keras"] = "keras"
                if part.name.split(".")[0] == "keras":
                    known[part.asname or "keras"] = part.name if part.asname else "keras"
        if isinstance(node, ast.ImportFrom) and (node.module or "").split(".")[0] == "keras":
            known |= {part.asname or part.name: f"{node.module}.{part.name}" for part in node.names if part.name != "*"}
    found = set(known.values())
    for node in ast.walk(tree):
        if isinstance(node, ast.Attribute):
            written = ast.unparse(node)
            for name, full in known.items():
                if written.startswith(name + ".") and written.replace(".", "").isidentifier():
                    found.add(full + written.removeprefix(name))
    return found


def has(root: str, name: str) -> bool:
    """Whether an engine has a name."""
    steps = name.split(".")[1:]
    value = importlib.import_module(root)
    for i, part in enumerate(steps):
        try:
            value = getattr(value, part)
        except AttributeError:
            try:
                value = importlib.import_module(".".join([root, *steps[: i + 1]]))
            except ImportError:
                return False
    return True


def main(folder: str, engine: str = "numba_lstm") -> None:
    os.environ["KERAS_BACKEND"] = "jax"
    programs: dict[str, list[str]] = {}
    with LIST.open() as file, tempfile.TemporaryDirectory() as work:
        for program in csv.DictReader(file):
            script = tree_of(program, Path(folder), Path(work), "keras-jax")
            try:
                names = used(script.read_text(errors="replace"))
            except SyntaxError:
                continue
            for name in names:
                programs.setdefault(name, []).append(program["name"])
    missing = {name: programs[name] for name in sorted(programs) if not has(engine.split("-")[0], name)}
    print(f"{len(programs)} names of Keras, {len(missing)} of which {engine} lacks:")
    for name, users in missing.items():
        print(f"{name:45} {', '.join(users)}")


if __name__ == "__main__":
    main(*sys.argv[1:])
