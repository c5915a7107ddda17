"""The notice on stderr during long compilations: which kernel is compiled, and how many have been."""

import os
import re
import subprocess
import sys
import threading

import pytest

from numba_lstm.kernels.cpu.compiler import compile_notice, kernel_cache
from numba_lstm.kernels.cpu.compiler.cache_folder import folder
from numba_lstm.kernels.cpu.compiler.compile_notice import Notice

TIMEOUT = 600  #: seconds until a thread that does nothing fails a test
FIRST = (
    r"numba_lstm: compiling kernels for this processor, (?P<count>\d+)/(?P<total>\d+) \(\d+ s\), now \w+\. "
    r"Later runs load them from {}/\S+\."
)
PROGRAM = """
import numpy as np
from numba_lstm import Input, Sequential
from numba_lstm.layers import Dense
model = Sequential([Input((4,)), Dense(8, "tanh"), Dense(1)])
model.compile("adam", "mse")
model.fit(np.zeros((3, 4)), np.zeros((3, 1)), verbose=0)
"""

#: After warmup, calls of each shape three times: by single ops, and by plans. Nothing is loaded or compiled for them.
WARM = """
import numpy as np
from numba_lstm import Input, Sequential, warmup
from numba_lstm.kernels.cpu.compiler import kernel_cache
from numba_lstm.layers import LSTM, Dense, Dropout, TimeDistributed
model = Sequential([Input((4, 1)), LSTM(8, return_sequences=True), Dropout(0.5), TimeDistributed(Dense(1))])
model.compile("adam", "mse")
warmup(model, verbose=False)
count = len(kernel_cache._compiled)
assert count > 20, count
for rows in (3, 12, 40):
    for _ in range(3):
        x = np.zeros((rows, 4, 1))
        model.predict(x, verbose=0)
        model.train_on_batch(x, x)
assert len(kernel_cache._compiled) == count
"""


def program(cache, source=PROGRAM) -> str:
    environment = os.environ | {"NUMBA_LSTM_CACHE_DIR": str(cache)}
    process = subprocess.run([sys.executable, "-c", source], env=environment, capture_output=True, text=True, timeout=1200)
    assert process.returncode == 0, process.stderr
    assert process.stdout == ""
    return process.stderr


@pytest.mark.on_the_cpu(reason="other devices compile no kernels of the CPU")
def test_a_first_fit_says_on_stderr_that_it_compiles_and_the_next_one_nothing(tmp_path):
    """In a pipe, as in logs and notebooks, even where fit is silent; its kernels take longer than a second anywhere."""
    lines = program(tmp_path).splitlines()
    first = re.fullmatch(FIRST.format(re.escape(str(tmp_path))), lines[0])
    assert first, lines
    assert 1 <= int(first["count"]) <= int(first["total"])
    assert int(first["total"]) >= 8  # all kernels of a training step
    assert len(lines) <= len(compile_notice.TIMES)
    assert program(tmp_path) == ""


@pytest.mark.on_the_cpu(reason="other devices compile no kernels of the CPU")
def test_warmup_compiles_all_in_a_process_that_has_no_kernels():
    program(folder().root, WARM)


class Clock:
    """Stands for the module ``time``: a sleep lasts until :meth:`let_pass`, and then as long as it should, at once."""

    def __init__(self) -> None:
        self.now = 100.0
        self.asleep, self.awake = threading.Event(), threading.Event()

    def perf_counter(self) -> float:
        return self.now

    def sleep(self, seconds: float) -> None:
        self.asleep.set()
        assert self.awake.wait(TIMEOUT)
        self.now += seconds

    def let_pass(self, notice: Notice) -> None:
        """Let all sleeps pass, and wait for the end of the notice's thread."""
        assert self.asleep.wait(TIMEOUT)
        self.awake.set()
        notice._writer.join(TIMEOUT)
        assert not notice._writer.is_alive()


@pytest.fixture
def clock(monkeypatch) -> Clock:
    clock = Clock()
    monkeypatch.setattr(compile_notice, "time", clock)
    return clock


def test_lines_count_kernels_and_name_the_current_one(clock, capsys):
    notice = Notice(times=(1.0, 5.0))
    notice.begin("first", "/folder")
    assert clock.asleep.wait(TIMEOUT)
    notice.end()
    notice.begin("second", "/folder")
    clock.let_pass(notice)
    notice.end()
    start = "numba_lstm: compiling kernels for this processor, 2 so far"
    assert capsys.readouterr().err.splitlines() == [
        f"{start} (1 s), now second. Later runs load them from /folder.",
        f"{start} (5 s), now second.",
    ]


def test_lines_say_how_many_kernels_of_a_plan_are_compiled(clock, capsys):
    notice = Notice(times=(1.0,))
    with notice.counting(3) as counted:
        counted()  # one that was on disk
        notice.begin("second", "/folder")
        clock.let_pass(notice)
        notice.end()
        counted()
    assert "processor, 2/3 (1 s), now second." in capsys.readouterr().err
    assert notice._expected == notice._counted == 2  # one was left out


def test_a_line_says_that_kernels_cannot_be_stored(clock, capsys):
    notice = Notice(times=(1.0,))
    notice.begin("kernel", None)
    clock.let_pass(notice)
    notice.end()
    assert capsys.readouterr().err.endswith("now kernel. They cannot be kept on disk.\n")


def test_a_short_compilation_writes_nothing(clock, capsys):
    notice = Notice(times=(60.0,))
    notice.begin("kernel", "/folder")
    assert clock.asleep.wait(TIMEOUT)
    notice.end()
    clock.let_pass(notice)
    assert capsys.readouterr().err == ""


@pytest.mark.parametrize("stream", [None, "closed"])
def test_no_stderr_is_no_fault(stream, clock, monkeypatch, tmp_path):
    closed = tmp_path.joinpath("closed").open("w")
    closed.close()
    monkeypatch.setattr("sys.stderr", closed if stream else None)
    notice = Notice(times=(1.0,))
    notice.begin("kernel", "/folder")
    clock.let_pass(notice)
    notice.end()
    assert notice._lines == 1


def test_it_promises_a_folder_only_where_kernels_are_kept(monkeypatch, tmp_path):
    assert kernel_cache._can_keep(str(tmp_path / "new" / "folder"))
    monkeypatch.setattr(kernel_cache.os, "access", lambda path, mode: path != tmp_path)
    assert not kernel_cache._can_keep(str(tmp_path / "new" / "folder"))
    monkeypatch.undo()
    monkeypatch.setattr(kernel_cache.config, "OPT", 0)
    assert not kernel_cache._can_keep(str(tmp_path))
