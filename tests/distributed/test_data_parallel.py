"""Training on one process and on several has the same bits, and the failure of a process ends all."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest

from distributed.program import SCENARIO_NAMES
from numba_lstm.distributed import data_parallel

FOLDER = Path(__file__).parent
needs_mpi = pytest.mark.skipif(
    shutil.which("mpiexec") is None or not __import__("importlib.util").util.find_spec("mpi4py"),
    reason="needs mpi4py and mpiexec: pip install mpi4py mpich",
)


def run(ranks: int, program: str, *arguments: str) -> subprocess.CompletedProcess[str]:
    command = ["mpiexec", "-n", str(ranks), sys.executable, str(FOLDER / program), *arguments]
    environment = {**os.environ, "NUMBA_LSTM_DEVICE": "cpu"}
    return subprocess.run(command, capture_output=True, text=True, timeout=500, env=environment)


@pytest.fixture(scope="module")
def results() -> dict[int, dict[str, Any]]:
    found = {}
    for ranks in (1, 2, 4):
        done = run(ranks, "program.py")
        assert done.returncode == 0, done.stderr
        found[ranks] = json.loads(done.stdout)
    return found


@needs_mpi
@pytest.mark.parametrize("name", SCENARIO_NAMES)
def test_weights_and_logs_have_the_same_bits_on_any_number_of_processes(results: dict[int, dict[str, Any]], name: str) -> None:
    digests, logs = results[1][name]
    for ranks in (2, 4):
        others, other_logs = results[ranks][name]
        assert others == digests * ranks
        assert other_logs == logs


@needs_mpi
def test_bfloat16_rounds_gradients_and_no_losses(results: dict[int, dict[str, Any]]) -> None:
    for ranks in (2, 4):
        digests, logs = results[ranks]["rounded"]
        exact_digests, exact_logs = results[ranks]["exact"]
        assert len(set(digests)) == 1
        assert digests != exact_digests
        for key, values in logs.items():
            np.testing.assert_allclose(values, exact_logs[key], rtol=2e-3)
    assert results[1]["rounded"] == results[1]["exact"]


@needs_mpi
def test_a_job_without_a_strategy_has_nearly_the_same_losses(results: dict[int, dict[str, Any]]) -> None:
    for name in ("masks", "dropped", "regularized", "two_outputs", "classes"):
        logs, plain = results[1][name][1], results[1][f"{name} without"][1]
        for key, values in logs.items():
            np.testing.assert_allclose(values, plain[key], rtol=1e-5)


@needs_mpi
@pytest.mark.parametrize(
    ("failure", "message"),
    [
        ("raise", "RuntimeError: the disk of the data is gone"),
        ("interrupt", "KeyboardInterrupt"),
        ("full", "File too large"),
        ("shapes", "rank 1 has x: the shape (30, 5, 2), but rank 0 has (32, 5, 2)"),
        ("values", "rank 1 has x: the checksum of its samples"),
        ("version", "rank 1 has the version of numba_lstm '0.0.1', but rank 0 has '"),
        ("seed", "rank 1 has the seed 1, but rank 0 has 0"),
        ("batches", "the batches of rank 1 have ended"),
    ],
)
def test_a_failure_of_one_process_ends_all_with_its_error(tmp_path: Path, failure: str, message: str) -> None:
    done = run(2, "failing_program.py", failure, str(tmp_path))
    assert done.returncode not in (0, None)
    assert message in done.stderr
    assert "failed, and ends the job" in done.stderr


@pytest.mark.parametrize(("visible", "rank", "gpu"), [("", 1, "1"), ("4,5", 3, "5"), ("7", 1, "7")])
def test_each_process_takes_the_gpu_of_its_rank_on_the_machine(
    monkeypatch: pytest.MonkeyPatch, visible: str, rank: int, gpu: str
) -> None:
    on_machine = SimpleNamespace(rank=rank, size=4, Free=lambda: None)
    monkeypatch.setitem(sys.modules, "mpi4py", SimpleNamespace(MPI=SimpleNamespace(COMM_TYPE_SHARED=0)))
    monkeypatch.setattr(data_parallel.devices, "share_cores", lambda ranks: None)
    monkeypatch.setenv("CUDA_VISIBLE_DEVICES", visible)
    data_parallel._share_machine(SimpleNamespace(size=8, Split_type=lambda kind: on_machine))
    assert os.environ["CUDA_VISIBLE_DEVICES"] == gpu


@needs_mpi
def test_a_process_that_ends_while_others_wait_for_it_ends_all(tmp_path: Path) -> None:
    done = run(2, "failing_program.py", "exit", str(tmp_path))
    assert done.returncode != 0
    assert "rank 1 of 2 ends while rank 0 waits for it" in done.stderr


@needs_mpi
def test_a_backup_of_a_killed_job_goes_on_with_another_number_of_processes(tmp_path: Path) -> None:
    killed = run(2, "failing_program.py", "kill", str(tmp_path / "a"))
    assert killed.returncode != 0
    shutil.copytree(tmp_path / "a", tmp_path / "b")
    digests = {
        run(ranks, "failing_program.py", "backup", str(tmp_path / folder)).stdout for ranks, folder in ((1, "a"), (4, "b"))
    }
    whole = run(1, "failing_program.py", "whole", str(tmp_path / "c")).stdout
    assert digests == {whole} != {""}
