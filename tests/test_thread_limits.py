"""The default number of threads: what a process may use by its affinity, its control group and its environment."""

import os
import subprocess
import sys

import pytest

import numba_lstm
from numba_lstm.kernels import threads


@pytest.fixture(autouse=True)
def _as_in_a_new_process(monkeypatch):
    monkeypatch.setattr(threads, "_threads", None)
    monkeypatch.setattr(os, "sched_getaffinity", lambda _: set(range(8)), raising=False)
    monkeypatch.setattr(threads, "quota", lambda: None)
    for name in threads.VARIABLES:
        monkeypatch.delenv(name, raising=False)


def test_it_is_the_number_of_cores():
    assert numba_lstm.get_num_threads() == 8


@pytest.mark.parametrize(
    ("limits", "expected"),
    [
        ({"NUMBA_NUM_THREADS": "3"}, 3), ({"OMP_NUM_THREADS": "2"}, 2), ({"OMP_NUM_THREADS": "5,2"}, 5),
        ({"OMP_NUM_THREADS": "4", "NUMBA_NUM_THREADS": "6"}, 4), ({"OMP_NUM_THREADS": "64"}, 8), ({"OMP_NUM_THREADS": " "}, 8),
    ],
)  # fmt: skip
def test_a_variable_limits_it(limits, expected, monkeypatch):
    for name, value in limits.items():
        monkeypatch.setenv(name, value)
    assert numba_lstm.get_num_threads() == expected


def test_what_is_set_goes_before_all_limits(monkeypatch):
    monkeypatch.setenv("OMP_NUM_THREADS", "2")
    numba_lstm.set_num_threads(5)
    assert numba_lstm.get_num_threads() == 5


@pytest.mark.parametrize("name", threads.VARIABLES)
@pytest.mark.parametrize("value", ["0", "-1", "two", "1.5"])
def test_nonsense_is_refused_and_the_advice_helps(name, value, monkeypatch):
    monkeypatch.setenv(name, value)
    with pytest.raises(ValueError) as refused:  # noqa: PT011 - the whole sentence is compared
        numba_lstm.get_num_threads()
    assert str(refused.value) == (
        f"the environment variable {name} must be a whole number of at least 1, got {value!r}. "
        "Correct it or unset it, or call numba_lstm.set_num_threads."
    )
    numba_lstm.set_num_threads(2)
    assert numba_lstm.get_num_threads() == 2


def test_a_block_has_its_own_number():
    numba_lstm.set_num_threads(4)
    with numba_lstm.num_threads(1):
        assert numba_lstm.get_num_threads() == 1
        with pytest.raises(ZeroDivisionError), numba_lstm.num_threads(2):
            _ = 1 / 0
        assert numba_lstm.get_num_threads() == 1
    assert numba_lstm.get_num_threads() == 4
    with pytest.raises(ValueError, match="whole number of at least 1, got 0"), numba_lstm.num_threads(0):
        pass


def test_limits_of_threadpoolctl_count():
    threadpoolctl = pytest.importorskip("threadpoolctl")
    with threadpoolctl.threadpool_limits(1):
        assert numba_lstm.get_num_threads() == 1
        with threadpoolctl.threadpool_limits({"numba_lstm": 3, "blas": 2}):
            assert numba_lstm.get_num_threads() == 3
        assert numba_lstm.get_num_threads() == 1
    with threadpoolctl.threadpool_limits(1, user_api="blas"):
        assert numba_lstm.get_num_threads() == 8


def test_nonsense_does_not_stop_users_of_threadpoolctl(monkeypatch):
    threadpoolctl = pytest.importorskip("threadpoolctl")
    monkeypatch.setenv("OMP_NUM_THREADS", "two")
    with threadpoolctl.threadpool_limits(1):
        assert numba_lstm.get_num_threads() == 1
    with pytest.raises(ValueError, match="the environment variable OMP_NUM_THREADS must be"):
        numba_lstm.get_num_threads()


def group(folder, processes: str, files: dict[str, str]) -> int | None:
    """What is found where /proc/self/cgroup and the mounted groups say this."""
    file = folder / "cgroup"
    file.write_text(processes)
    for name, text in files.items():
        place = folder / "mounted" / name
        place.parent.mkdir(parents=True, exist_ok=True)
        place.write_text(text)
    return QUOTA(file, folder / "mounted")


QUOTA = threads.quota


@pytest.mark.parametrize(
    ("processes", "files", "expected"),
    [
        ("0::/\n", {"cpu.max": "150000 100000\n"}, 2),
        ("0::/\n", {"cpu.max": "max 100000\n"}, None),
        ("0::/a/b\n", {"a/cpu.max": "50000 100000", "a/b/cpu.max": "max 100000"}, 1),
        ("0::/of/the/host\n", {"cpu.max": "300000 100000"}, 3),
        ("4:cpu,cpuacct:/\n0::/\n", {"cpu/cpu.cfs_quota_us": "250000", "cpu/cpu.cfs_period_us": "100000"}, 3),
        ("4:cpu,cpuacct:/d\n", {"cpu,cpuacct/cpu.cfs_quota_us": "-1", "cpu,cpuacct/cpu.cfs_period_us": "100000"}, None),
        ("3:cpuset:/\n", {"cpu.max": "100000 100000"}, None),
        ("0::/\n", {"cpu.max": "nonsense"}, None),
        ("", {}, None),
    ],
)
def test_a_control_group_limits_it_rounded_up(processes, files, expected, tmp_path):
    assert group(tmp_path, processes, files) == expected


def test_a_quota_is_the_default(monkeypatch):
    monkeypatch.setattr(threads, "quota", lambda: 2)
    assert numba_lstm.get_num_threads() == 2


def test_a_new_process_follows_its_environment():
    code = "import numba_lstm; print(numba_lstm.get_num_threads())"
    process = subprocess.run(
        [sys.executable, "-c", code], env=os.environ | {"OMP_NUM_THREADS": "1"}, capture_output=True, text=True, check=True
    )
    assert process.stdout == "1\n"
