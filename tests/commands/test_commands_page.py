"""docs/commands.md: its commands run, and its messages are those of the commands."""

from __future__ import annotations

import re
import shlex
import shutil
from importlib.resources import files
from pathlib import Path

import pytest

pytest.importorskip("pandas", reason="needs pandas: pip install 'numba_lstm[forecast]'")

from command_files import SMALL, future, rows, write
from test_bad_tables import CASES, CONTENTS, GOOD

from numba_lstm.__main__ import COMMANDS

PAGE = (Path(__file__).resolve().parents[2] / "docs" / "commands.md").read_text(encoding="utf-8")

#: Options that make the example short; its figures are not compared.
SHORT = ["--units", "4", "--epochs", "1"]


def test_the_example_runs_and_prints_the_rows_of_the_page(tmp_path, run, monkeypatch):
    pytest.importorskip("matplotlib", reason="needs matplotlib: pip install 'numba_lstm[plot]'")
    monkeypatch.chdir(tmp_path)
    shutil.copy(files("numba_lstm.data").joinpath("seattle-weather.csv"), "weather.csv")
    example = re.findall(r"^```bash\n(.*?)^```", PAGE, re.DOTALL | re.MULTILINE)[0].replace("\\\n", "")
    printed = {}
    for line in example.splitlines():
        _, _, _, *arguments = shlex.split(line)
        code, printed[arguments[0]], err = run(*arguments, *(SHORT if arguments[0] == "train" else []))
        assert (code, err) == (0, "")
    table = re.findall(r"^```text\n(.*?)^```", PAGE, re.DOTALL | re.MULTILINE)[0]
    labels = [[line.split("│")[1] for line in text.splitlines() if "│" in line] for text in (table, printed["train"])]
    assert labels[0] == labels[1]
    assert sorted(path.name for path in tmp_path.iterdir()) == ["forecast.csv", "weather.csv", "weather.nlstm", "weather.png"]


def test_messages_of_the_page_are_those_of_the_commands(tmp_path, refusal, trained):
    expected = set(re.findall(r"^\| [^|]+ \| `(.+)` \|$", PAGE.partition("## Errors")[2], re.MULTILINE))
    expected = {message for message in expected if "pip install" not in message}  # test_bad_tables.py has those
    data, model, found = tmp_path / "d.csv", trained / "covariates.nlstm", set()
    found.add(refusal("train", data, *SMALL))
    for content, _ in {**CASES, **CONTENTS}.values():
        data.write_bytes(content) if isinstance(content, bytes) else write(data, content)
        found.add(refusal("train", data, *SMALL))
    found.add(refusal("train", write(data, GOOD), *SMALL, "--covariates", "tmp"))
    found.add(refusal("forecast", model, write(data, [*rows(76)[72:], *future(2, 76)])))
    found.add(refusal("forecast", model, write(data, ["2024-01-04T00:00,1"], "ts,y")))
    assert expected - found == set()
    assert len(expected) > 15


def test_the_page_has_all_commands():
    named = set(re.findall(r"^  ([a-z]+) [A-Z ]+  ", COMMANDS, re.MULTILINE)) | {"benchmark"}
    assert named == set(re.findall(r"^\| `(\w+)", PAGE.partition("## From")[0], re.MULTILINE)) - {"command"}
