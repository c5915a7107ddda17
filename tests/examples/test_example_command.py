"""``python -m numba_lstm example``: lists examples, refuses unknown ones, and says which package is missing."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from numba_lstm import load_model
from numba_lstm.examples import catalog, command, result
from numba_lstm.examples.options import parse

PAGES = Path(__file__).resolve().parents[2] / "docs" / "examples"


@pytest.mark.parametrize("arguments", [[], ["--help"]])
def test_without_a_name_all_examples_are_listed(arguments, capsys):
    assert command.main(arguments) == 0
    assert catalog.listing() in capsys.readouterr().out


def test_an_unknown_example_is_an_error_that_lists_them(capsys):
    assert command.main(["hearing"]) == 2
    assert capsys.readouterr().err.startswith("python -m numba_lstm example: there is no example 'hearing'. There are:\n  vad")


@pytest.mark.parametrize(
    ("package", "line"),
    [
        ("no_such_data", "no_such_data. Install it: pip install 'numba_lstm[examples]'."),
        ("aeon", "pip install --no-deps aeon."),
        ("sklearn", "the package scikit-learn. Install it: pip install 'numba_lstm[examples]'."),
    ],
)
def test_a_missing_package_is_a_sentence_with_its_installation(package, line, capsys, monkeypatch):
    monkeypatch.setattr(catalog.importlib.util, "find_spec", lambda name: None)
    example = catalog.Example("vad", "speech.vad", "", 0, (package,))
    monkeypatch.setattr(command, "find", lambda name: example)
    assert command.main(["vad"]) == 1
    assert line in capsys.readouterr().err


def test_a_package_without_the_data_is_a_sentence_with_its_installation(capsys, monkeypatch):
    monkeypatch.setitem(catalog._CONTENT, "json", "data/words.txt")
    example = catalog.Example("vad", "speech.vad", "", 0, ("json",))
    monkeypatch.setattr(command, "find", lambda name: example)
    assert command.main(["vad"]) == 1
    err = capsys.readouterr().err
    assert "the example vad reads data/words.txt of the package json, which " in err
    assert "Install it anew: pip install --force-reinstall --no-deps json." in err


def test_a_package_that_cannot_be_imported_is_a_sentence_with_the_installation(capsys, monkeypatch):
    def load(example):
        return lambda options: __import__("no_such_package")

    monkeypatch.setattr(catalog.Example, "load", load)
    monkeypatch.setattr(catalog.Example, "check_packages", lambda self: None)
    assert command.main(["stocks"]) == 1
    assert "No module named 'no_such_package'. Install what the examples need: pip" in capsys.readouterr().err


@pytest.mark.parametrize("name", ["", ".", "folder/"])
def test_a_model_is_not_saved_under_the_name_of_a_folder(name, capsys):
    with pytest.raises(SystemExit, match="2"):
        parse(catalog.find("language"), ["--save", name])
    assert f"expected a file name, got {name!r}." in capsys.readouterr().err


@pytest.mark.parametrize(("name", "least"), [("dates", 4), ("language", 129), ("pronunciation", 4), ("vad", 1)])
def test_fewer_samples_than_an_example_needs_are_an_error(name, least, capsys):
    with pytest.raises(SystemExit, match="2"):
        parse(catalog.find(name), ["--limit", str(least - 1)])
    assert f"expected a whole number of at least {least}, got" in capsys.readouterr().err


@pytest.mark.parametrize("example", catalog.EXAMPLES, ids=lambda example: example.name)
def test_the_help_says_what_the_limit_counts(example, capsys):
    with pytest.raises(SystemExit, match="0"):
        parse(example, ["--help"])
    out = " ".join(capsys.readouterr().out.split())
    assert f"number of {example.samples} at most (default: {example.limit or 'all'})" in out


@pytest.mark.parametrize("example", catalog.EXAMPLES, ids=lambda example: example.name)
def test_each_example_has_a_page_with_its_command_and_what_it_does_not_show(example):
    page = (PAGES / f"{example.name}.md").read_text(encoding="utf-8")
    assert f"python -m numba_lstm example {example.name}" in page
    assert "## What it does not show" in page
    assert callable(example.load())


def test_table_picture_and_model_are_written(capsys, monkeypatch, tmp_path):
    from numba_lstm import Sequential
    from numba_lstm.layers import Dense, Input

    pytest.importorskip("matplotlib")
    model = Sequential([Input((2,)), Dense(1)])
    rows = [["ours", "1.5"]]
    made = result.Result("A title", ("Name", "Error"), rows, lambda figure: figure.subplots().plot([0, 1]), model, "The end.")
    monkeypatch.setattr(catalog.Example, "load", lambda self: lambda options: made)
    monkeypatch.setattr(catalog.Example, "missing", lambda self: [])
    assert command.main(["vad", "--save", str(tmp_path / "a"), "--plot", str(tmp_path / "a.png"), "--threads", "1"]) == 0
    out = capsys.readouterr().out
    assert "A title\n" in out
    assert "ours" in out
    assert "The end." in out
    assert (tmp_path / "a.png").read_bytes().startswith(b"\x89PNG")
    x = np.ones((1, 2), np.float32)
    assert load_model(tmp_path / "a.nlstm").predict(x, verbose=0) == model.predict(x, verbose=0)
