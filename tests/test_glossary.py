"""Identifiers and file names use the words of docs/glossary.md. ``python tests/test_glossary.py`` counts what remains."""

from __future__ import annotations

import ast
import re
from collections import Counter
from collections.abc import Iterator
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[1]
GLOSSARY = ROOT / "docs" / "glossary.md"
FOLDERS = ("numba_lstm", "tests", "benchmarks", "examples")

#: Retired words and what replaces them. They are names of things that have a standard word, so no identifier has them.
RETIRED = {
    "at_once": "plan",
    "bulletin": "job board",
    "crew": "executor",
    "drafts": "layer builders",
    "errand": "interrupt",
    "errands": "interrupts",
    "gang": "team",
    "gangs": "teams",
    "left_behind": "conversion warnings",
    "op_by_op": "run_ops",
    "planting": "mutations",
    "settle": "validate",
    "settled": "validated, or canonical",
    "settling": "validation",
    "twin": "implementation",
    "twins": "implementations",
    "witness": "reference",
}

#: Words that say nothing as a part of a name. Names of test functions are sentences and may have them.
VAGUE = {
    "asked": "options, or requested",
    "house": "project",
    "own": "custom, or private",
    "parts": "what they are parts of",
    "played": "recorded, or fake",
    "room": "package, or capacity",
    "together": "a verb: allocate_slab, run_parallel",
    "way": "algorithm, or executor",
    "ways": "algorithms, or executors",
}

#: Words that are no whole name, whatever they are a part of.
NO_NAMES = {
    "both": "what the two are",
    "hidden": "what is hidden",
    "how": "algorithm, or options",
}

#: Names that have one of the words in its standard meaning.
ALLOWED = {"_log_of_parts", "return_attention_scores", "score_mode", "concat_score_weight"}

#: What has none of these words: packages and files. Add yours when it has lost the last one.
CLEAN = [
    "benchmarks",
    "examples",
    "numba_lstm/activations",
    "numba_lstm/backend.py",
    "numba_lstm/callbacks",
    "numba_lstm/commands",
    "numba_lstm/console",
    "numba_lstm/constraints.py",
    "numba_lstm/data",
    "numba_lstm/datasets",
    "numba_lstm/demo",
    "numba_lstm/files",
    "numba_lstm/forecasting",
    "numba_lstm/initializers",
    "numba_lstm/interop",
    "numba_lstm/kernels/contract",
    "numba_lstm/kernels/cpu/arrays",
    "numba_lstm/kernels/cpu/compiler",
    "numba_lstm/kernels/cpu/gemm",
    "numba_lstm/kernels/cpu/lstm",
    "numba_lstm/kernels/cpu/ops",
    "numba_lstm/kernels/cpu/runtime",
    "numba_lstm/kernels/cpu/simd",
    "numba_lstm/kernels/cpu/training",
    "numba_lstm/kernels/cuda",
    "numba_lstm/kernels/formulas.py",
    "numba_lstm/kernels/int8.py",
    "numba_lstm/kernels/op_types.py",
    "numba_lstm/kernels/reference",
    "numba_lstm/kernels/slopes.py",
    "numba_lstm/kernels/specs.py",
    "numba_lstm/kernels/threads.py",
    "numba_lstm/layers",
    "numba_lstm/losses",
    "numba_lstm/metrics",
    "numba_lstm/models",
    "numba_lstm/naming",
    "numba_lstm/objects",
    "numba_lstm/ops",
    "numba_lstm/optimizers",
    "numba_lstm/plotting",
    "numba_lstm/preprocessing",
    "numba_lstm/saving",
    "numba_lstm/training",
    "numba_lstm/utils",
    "numba_lstm/variables.py",
    "numba_lstm/warming.py",
    "tests",
]

#: Files of clean packages that still have some.
NOT_YET: set[str] = set()


def identifiers(source: str) -> Iterator[tuple[str, int]]:
    """Yield the names that a module defines with their lines: functions, classes, arguments, variables, attributes, aliases."""
    for node in ast.walk(ast.parse(source)):
        match node:
            case ast.FunctionDef() | ast.AsyncFunctionDef() | ast.ClassDef():
                yield node.name, node.lineno
            case ast.arg():
                yield node.arg, node.lineno
            case ast.Name(ctx=ast.Store()):
                yield node.id, node.lineno
            case ast.Attribute(ctx=ast.Store()):
                yield node.attr, node.lineno
            case ast.alias(asname=str(name)) | ast.ExceptHandler(name=str(name)):
                yield name, node.lineno
            case ast.MatchAs(name=str(name)) | ast.MatchStar(name=str(name)):
                yield name, node.lineno


def retired_word(name: str) -> str | None:
    """Return the first retired word of a name in snake case or camel case, or None."""
    if name in ALLOWED:
        return None
    spelled = f"_{'_'.join(re.findall(r'[A-Z]+(?![a-z])|[A-Z]?[a-z]+', name)).lower()}_"
    words = RETIRED if name.startswith("test_") else RETIRED | VAGUE
    found = [word for word in words if f"_{word}_" in spelled]
    return (found or [word for word in NO_NAMES if spelled == f"_{word}_"] or [None])[0]


def retired_names(path: Path) -> list[tuple[int, str, str]]:
    """Return ``(line, name, word)`` for each name in a Python file that has a retired word, the file's own name first."""
    names = [(path.stem, 0), *identifiers(path.read_text(encoding="utf-8"))]
    return sorted({(line, name, word) for name, line in names if (word := retired_word(name))})


def python_files(path: Path) -> list[Path]:
    """Return a file, or the Python files of a folder."""
    return [path] if path.is_file() else sorted(path.rglob("*.py"))


def entries() -> list[tuple[str, str]]:
    """Return the words of the glossary with their lines."""
    return re.findall(r"^\| \*\*(.+?)\*\* \| (.+) \|$", GLOSSARY.read_text(encoding="utf-8"), re.MULTILINE)


@pytest.mark.parametrize("name", CLEAN)
def test_names_use_the_words_of_the_glossary(name):
    assert (ROOT / name).exists()
    found = [
        f"{path.relative_to(ROOT)}:{line}: {name_} has the word {word!r}; write {(RETIRED | VAGUE | NO_NAMES)[word]}"
        for path in python_files(ROOT / name)
        if path.relative_to(ROOT).as_posix() not in NOT_YET
        for line, name_, word in retired_names(path)
    ]
    assert found == []


@pytest.mark.parametrize(
    ("source", "name"),
    {
        "function": ("def run_gang(): ...", "run_gang"),
        "coroutine": ("async def crew(): ...", "crew"),
        "class": ("class StepsAtOnce: ...", "StepsAtOnce"),
        "acronym": ("class LSTMTwin: ...", "LSTMTwin"),
        "method": ("class A:\n    def _own(self): ...", "_own"),
        "argument": ("def f(a, *, errand=1): ...", "errand"),
        "positional argument": ("lambda ways: 0", "ways"),
        "further arguments": ("def f(*parts): ...", "parts"),
        "constant": ("THE_BULLETIN = 1", "THE_BULLETIN"),
        "annotated": ("room: int = 1", "room"),
        "unpacked": ("a, (b, witness) = f()", "witness"),
        "attribute": ("self.settled = 1", "settled"),
        "loop": ("for errand in f(): ...", "errand"),
        "comprehension": ("[0 for asked in f()]", "asked"),
        "walrus": ("(together := 1)", "together"),
        "context": ("with f() as both: ...", "both"),
        "alias": ("import numpy as how", "how"),
        "exception": ("try: ...\nexcept ValueError as hidden: ...", "hidden"),
        "pattern": ("match 1:\n    case [1, *room]: ...", "room"),
        "test": ("def test_a_twin(): ...", "test_a_twin"),
    }.values(),
)
def test_a_retired_word_is_found(source, name, tmp_path):
    path = tmp_path / "module.py"
    path.write_text(source)
    assert [found for _, found, _ in retired_names(path)] == [name]


def test_a_file_named_by_a_retired_word_is_found(tmp_path):
    for stem in ("steps_at_once", "left_behind"):
        path = tmp_path / f"{stem}.py"
        path.write_text("")
        assert [found for _, found, _ in retired_names(path)] == [stem]


@pytest.mark.parametrize("name", ["owner", "wayside", "underscore", "unsettled", "hidden_size", "test_its_own_seed"])
def test_a_word_is_found_as_a_whole_alone(name):
    assert retired_word(name) is None


def test_the_glossary_is_sorted_and_has_one_line_for_each_word():
    words = [word.lower() for word, _ in entries()]
    assert len(words) > 20
    assert words == sorted(set(words))
    assert [line for word, line in entries() if len(f"| **{word}** | {line} |") > 200] == []


def test_the_package_uses_each_word_of_the_glossary():
    text = " ".join(path.read_text(encoding="utf-8") for path in python_files(ROOT / "numba_lstm")).lower()
    text = re.sub(r"[\s_`-]+", " ", text)
    assert [word for word, _ in entries() if word.lower().replace("-", " ") not in text] == []


def remaining() -> Counter[tuple[str, str]]:
    """Count the names with retired words, by package and word."""
    counts: Counter[tuple[str, str]] = Counter()
    for path in (path for folder in FOLDERS for path in python_files(ROOT / folder)):
        package = path.parent.relative_to(ROOT).as_posix()
        counts.update((package, word) for _, _, word in retired_names(path))
    return counts


if __name__ == "__main__":
    for (package, word), count in sorted(remaining().items()):
        print(f"{count:4} {word:12} {package}")
