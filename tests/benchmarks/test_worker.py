"""The protocol between the command and an engine's process."""

from __future__ import annotations

import io
import json
import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import numpy as np
import pytest

from benchmarks.peers.engine import Engine
from benchmarks.peers.process import ROOT, Died, Failed, Missing, Process
from benchmarks.peers.registry import Entry
from benchmarks.peers.worker import Worker, serve

TASK = {"do": "prepare", "N": 2, "T": 3, "D": 1, "H": 4, "activation": "relu"}


class Half(Engine):
    """Knows inference, by halving; its training raises."""

    activations = ("tanh",)

    def versions(self):
        return {"half": "1"}

    def infer(self, problem):
        return lambda: problem.y / 2

    def train(self, problem):
        raise ZeroDivisionError("no such weights")


def replies(*requests):
    out = io.StringIO()
    serve(Worker(Half(1)), io.StringIO("".join(json.dumps(request) + "\n" for request in requests)), out)
    return [json.loads(line) for line in out.getvalue().splitlines()]


def test_prepare_answers_and_time_times():
    prepared, warmed, timed = replies({**TASK, "mode": "infer"}, {"do": "warm"}, {"do": "time"})
    assert len(prepared["answer"]) == 2
    assert warmed == {}
    assert 0 < timed["seconds"] < 0.01


def test_an_activation_that_an_engine_lacks_is_replaced_and_said():
    (prepared,) = replies({**TASK, "mode": "infer"})
    assert prepared["activation"] == "tanh"


def test_what_an_engine_cannot_do_is_unsupported():
    (prepared,) = replies({**TASK, "mode": "stream"})
    assert prepared == {"unsupported": "no streaming"}


def test_what_raises_is_an_error_and_not_the_end():
    first, second = replies({**TASK, "mode": "train"}, {**TASK, "mode": "infer"})
    assert first == {"error": "ZeroDivisionError: no such weights"}
    assert np.isfinite(second["answer"]).all()


def test_a_worker_in_a_process_of_its_own():
    with Process("reference", Entry("reference", "ours", "Reference"), threads=1) as worker:
        assert "numba_lstm" in worker.versions
        reply = worker.ask("prepare", mode="infer", N=2, T=3, D=1, H=4, activation="tanh")
        assert len(reply["answer"]) == 2
        with pytest.raises(Failed, match="KeyError: 'sleep'"):
            worker.ask("prepare", mode="sleep", N=2, T=3, D=1, H=4, activation="tanh")


def test_a_worker_runs_only_while_it_is_asked():
    def state():
        deadline = time.monotonic() + 600
        while time.monotonic() < deadline:
            actual = stat.read_text().rpartition(")")[2].split()[0]
            if actual == "T":
                break
        return actual

    with Process("reference", Entry("reference", "ours", "Reference"), threads=1) as worker:
        stat = Path(f"/proc/{worker.pid}/stat")
        for _ in range(2):
            worker.ask("prepare", mode="infer", N=2, T=3, D=1, H=4, activation="tanh")
            assert state() == "T"


def test_a_worker_that_died_between_two_requests():
    with Process("reference", Entry("reference", "ours", "Reference"), threads=1) as worker:
        os.kill(worker.pid, signal.SIGKILL)
        with pytest.raises(Died, match="exit code -9"):
            worker.ask("warm")


def test_stopped_workers_end_with_their_parent():
    code = (
        "import os, signal\n"
        "from benchmarks.peers.process import Process\n"
        "from benchmarks.peers.registry import Entry\n"
        "worker = Process('reference', Entry('reference', 'ours', 'Reference'), 1)\n"
        "worker.ask('prepare', mode='infer', N=2, T=3, D=1, H=4, activation='tanh')\n"
        "print(worker.pid, flush=True)\n"
        "os.kill(os.getpid(), signal.SIGKILL)\n"
    )
    process = subprocess.run(
        [sys.executable, "-c", code], cwd=ROOT, stdout=subprocess.PIPE, text=True, timeout=1200, check=False
    )
    pid, deadline = int(process.stdout), time.monotonic() + 600
    while Path(f"/proc/{pid}").exists() and time.monotonic() < deadline:
        time.sleep(0.01)
    assert not Path(f"/proc/{pid}").exists()


def test_a_missing_package_is_named(tmp_path):
    python = tmp_path / "python"
    python.write_text(f"#!/bin/sh\necho '{json.dumps({'missing': 'torch'})}'\nexec {sys.executable} -c 'input()'\n")
    python.chmod(0o755)
    with pytest.raises(Missing, match="torch is not installed in .*python"):
        Process("torch", Entry("PyTorch", "pytorch", "PyTorch"), 1, str(python))


def test_an_engine_without_its_device_says_why(tmp_path):
    python = tmp_path / "python"
    python.write_text(f"#!/bin/sh\necho '{json.dumps({'unusable': 'sees no GPU'})}'\nexec {sys.executable} -c 'input()'\n")
    python.chmod(0o755)
    with pytest.raises(Failed, match="^sees no GPU$"):
        Process("torch", Entry("PyTorch", "pytorch", "OnGPU"), 1, str(python), "cuda")


def test_last_words_of_a_worker_that_dies(tmp_path):
    python = tmp_path / "python"
    python.write_text("#!/bin/sh\necho 'illegal instruction' >&2\nexit 3\n")
    python.chmod(0o755)
    with pytest.raises(Died, match="exit code 3: illegal instruction"):
        Process("torch", Entry("PyTorch", "pytorch", "PyTorch"), 1, str(python))
