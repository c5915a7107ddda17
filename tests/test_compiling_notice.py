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
    r"numba_lstm: compiling kernels for this processor, \d+ so far \(\d+ s\), now \w+\. "
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


def program(folder) -> str:
    environment = os.environ | {"NUMBA_LSTM_CACHE_DIR": str(folder)}
    done = subprocess.run([sys.executable, "-c", PROGRAM], env=environment, capture_output=True, text=True, timeout=600)
    assert done.returncode == 0, done.stderr
    assert done.stdout == ""
    return done.stderr


def test_a_first_fit_says_on_stderr_that_it_compiles_and_the_next_one_nothing(tmp_path):
    """In a pipe, as in logs and notebooks, even where fit is silent; its kernels take several seconds anywhere."""
    told = program(tmp_path).splitlines()
    assert re.fullmatch(FIRST.format(re.escape(str(tmp_path))), told[0]), told
    assert len(told) <= 7
    assert program(tmp_path) == ""


def compiled(notice: Notice, kernel: str, seconds: float, place: str | None = "/folder") -> None:
    notice.begin(kernel, place)
    time.sleep(seconds)
    notice.end()


def finished(notice: Notice) -> None:
    if notice._writer is not None:
        notice._writer.join(timeout=30)


def test_it_counts_kernels_and_names_the_present_one(capsys):
    notice = Notice(times=(0.05, 0.5))
    compiled(notice, "first", 0.0)
    compiled(notice, "second", 0.9)
    finished(notice)
    lines = capsys.readouterr().err.splitlines()
    assert len(lines) == 2
    assert all("2 so far" in line and "now second." in line for line in lines)
    assert lines[0].endswith("Later runs load them from /folder.")
    assert lines[1].endswith("now second.")


def test_it_says_where_nothing_can_be_kept(capsys):
    notice = Notice(times=(0.01,))
    compiled(notice, "kernel", 0.3, place=None)
    finished(notice)
    assert capsys.readouterr().err.endswith("now kernel. They cannot be kept on disk.\n")


def test_who_waits_for_a_moment_is_told_nothing(capsys):
    notice = Notice(times=(60.0,))
    compiled(notice, "kernel", 0.0)
    assert capsys.readouterr().err == ""


@pytest.mark.parametrize("stream", [None, "closed"])
def test_no_stderr_is_no_fault(stream, monkeypatch, tmp_path):
    closed = tmp_path.joinpath("closed").open("w")
    closed.close()
    monkeypatch.setattr("sys.stderr", closed if stream else None)
    notice = Notice(times=(0.01,))
    compiled(notice, "kernel", 0.3)
    finished(notice)
    assert notice._lines == 1


def test_it_promises_a_folder_only_where_kernels_are_kept(monkeypatch, tmp_path):
    assert kernel_cache._can_keep(str(tmp_path / "new" / "folder"))
    monkeypatch.setattr(kernel_cache.os, "access", lambda path, mode: path != tmp_path)
    assert not kernel_cache._can_keep(str(tmp_path / "new" / "folder"))
    monkeypatch.undo()
    monkeypatch.setattr(kernel_cache.config, "OPT", 0)
    assert not kernel_cache._can_keep(str(tmp_path))
