"""A person who waits for the compiler is told on stderr what is compiled, and how far it is."""

import os
import re
import subprocess
import sys
import time

import pytest

from numba_lstm.kernels.cpu.compiler import kernel_cache
from numba_lstm.kernels.cpu.compiler.compile_notice import Notice

FIRST = (
    r"numba_lstm: compiling kernels for this processor, (?P<done>\d+)/(?P<all>\d+) \(\d+ s\), now \w+\. "
    r"Later runs load them from {}/\S+\."
)
PROGRAM = """
import numpy as np
from numba_lstm import Input, Sequential
from numba_lstm.layers import LSTM, Dense
model = Sequential([Input((4, 1)), LSTM(8), Dense(1)])
model.compile("adam", "mse")
model.fit(np.zeros((3, 4, 1)), np.zeros((3, 1)), verbose=0)
"""

#: After warmup, calls of each shape three times: of plans, and of those that come before them.
WARM = """
import numpy as np
from pathlib import Path
from numba_lstm import Input, Sequential, warmup
from numba_lstm.layers import LSTM, Dense, Dropout, TimeDistributed
model = Sequential([Input((4, 1)), LSTM(8, return_sequences=True), Dropout(0.5), TimeDistributed(Dense(1))])
model.compile("adam", "mse")
warmup(model, verbose=False)
files = len(list(Path({folder!r}).rglob("*.nb*")))
assert files > 20, files
for rows in (3, 12, 40):
    for _ in range(3):
        x = np.zeros((rows, 4, 1))
        model.predict(x, verbose=0)
        model.train_on_batch(x, x)
assert len(list(Path({folder!r}).rglob("*.nb*"))) == files
"""


def program(folder, source=PROGRAM) -> str:
    environment = os.environ | {"NUMBA_LSTM_CACHE_DIR": str(folder)}
    done = subprocess.run([sys.executable, "-c", source], env=environment, capture_output=True, text=True, timeout=600)
    assert done.returncode == 0, done.stderr
    assert done.stdout == ""
    return done.stderr


def test_a_first_fit_says_on_stderr_that_it_compiles_the_next_one_nothing_and_warmup_compiles_all(tmp_path):
    """In a pipe, as in logs and notebooks, even where fit is silent; its kernels take several seconds anywhere."""
    told = program(tmp_path).splitlines()
    first = re.fullmatch(FIRST.format(re.escape(str(tmp_path))), told[0])
    assert first, told
    assert 1 <= int(first["done"]) <= int(first["all"])
    assert int(first["all"]) > 10  # all of a training step, and not one after the other
    assert len(told) <= 7
    assert program(tmp_path) == ""
    program(tmp_path, WARM.format(folder=str(tmp_path)))


def compiled(notice: Notice, kernel: str, lines: int = 0, place: str | None = "/folder") -> None:
    """Compile until so many lines are written."""
    notice.begin(kernel, place)
    while notice._lines < lines:
        time.sleep(0.01)
    notice.end()


def finished(notice: Notice) -> None:
    if notice._writer is not None:
        notice._writer.join(timeout=30)


def test_it_counts_kernels_and_names_the_present_one(capsys):
    notice = Notice(times=(1.0, 1.5))
    compiled(notice, "first")
    compiled(notice, "second", lines=2)
    finished(notice)
    lines = capsys.readouterr().err.splitlines()
    assert len(lines) == 2
    assert all("2 so far" in line and "now second." in line for line in lines)
    assert lines[0].endswith("Later runs load them from /folder.")
    assert lines[1].endswith("now second.")


def test_it_says_how_many_kernels_of_a_plan_are_there(capsys):
    notice = Notice(times=(0.1, 0.2))
    with notice.counting(3) as counted:
        counted()  # one that was on disk
        compiled(notice, "second", lines=2)
        counted()
        finished(notice)
    compiled(notice, "another")
    lines = capsys.readouterr().err.splitlines()
    assert len(lines) == 2
    assert all("2/3 (" in line for line in lines)
    assert notice._expected == notice._counted == 2  # one was left out


def test_it_says_where_nothing_can_be_kept(capsys):
    notice = Notice(times=(0.01,))
    compiled(notice, "kernel", lines=1, place=None)
    finished(notice)
    assert capsys.readouterr().err.endswith("now kernel. They cannot be kept on disk.\n")


def test_who_waits_for_a_moment_is_told_nothing(capsys):
    notice = Notice(times=(60.0,))
    compiled(notice, "kernel")
    assert capsys.readouterr().err == ""


@pytest.mark.parametrize("stream", [None, "closed"])
def test_no_stderr_is_no_fault(stream, monkeypatch, tmp_path):
    closed = tmp_path.joinpath("closed").open("w")
    closed.close()
    monkeypatch.setattr("sys.stderr", closed if stream else None)
    notice = Notice(times=(0.01,))
    compiled(notice, "kernel", lines=1)
    finished(notice)
    assert notice._lines == 1


def test_it_promises_a_folder_only_where_kernels_are_kept(monkeypatch, tmp_path):
    assert kernel_cache._can_keep(str(tmp_path / "new" / "folder"))
    monkeypatch.setattr(kernel_cache.os, "access", lambda path, mode: path != tmp_path)
    assert not kernel_cache._can_keep(str(tmp_path / "new" / "folder"))
    monkeypatch.undo()
    monkeypatch.setattr(kernel_cache.config, "OPT", 0)
    assert not kernel_cache._can_keep(str(tmp_path))
