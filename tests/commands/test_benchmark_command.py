"""The command benchmark: its figures are those of README.md."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from numba_lstm.__main__ import main
from numba_lstm.commands import benchmark

README = Path(__file__).resolve().parents[2] / "README.md"


def test_the_figures_are_those_of_the_readme():
    line = r"^\| ([\d ]+) \| ([\d.]+) \| [\d.]+ \| [\d.]+ \| ([\d.]+) \| [\d.]+ \|$"
    table = re.findall(line, README.read_text(encoding="utf-8"), re.MULTILINE)
    assert [(" ".join(map(str, row.shape)), row.inference, row.training) for row in benchmark.published()] == table


@pytest.fixture
def measured(monkeypatch):
    """The times that are measured: 0.1 ms and 1 ms, one after the other."""
    times = [0.1, 1.0]
    monkeypatch.setattr(benchmark, "milliseconds", lambda call: times.pop(0))
    return times


def test_a_table_has_the_ratio_to_the_readme(measured, capsys):
    assert main(["benchmark", "--shape", "1,100,1,50"]) == 0
    out = capsys.readouterr().out
    assert out.startswith(f"{benchmark.processor()}, one thread")
    (row,) = [line for line in out.splitlines() if "1 100 1 50" in line]
    assert [cell.strip() for cell in row.strip("│").split("│")] == ["1 100 1 50", "0.1", "0.050", "2.00", "1", "0.20", "5.00"]


def test_a_shape_that_begins_too_late_is_not_measured(monkeypatch, capsys):
    monkeypatch.setattr(benchmark, "SECONDS", -1.0)
    assert main(["benchmark"]) == 0
    assert capsys.readouterr().out.count("│ 64 64 512 512 │             - │    106 │     - │") == 1


def test_an_unknown_shape_is_refused(capsys):
    assert main(["benchmark", "--shape", "3 5 7 11"]) == 2
    assert "--shape must be one of '1 100 1 50', " in capsys.readouterr().err


def test_a_call_is_measured_in_milliseconds(monkeypatch):
    clock = [0.0]
    monkeypatch.setattr(benchmark.time, "perf_counter", lambda: clock[0])

    def call():
        clock[0] += 0.5

    assert benchmark.milliseconds(call) == pytest.approx(500)
