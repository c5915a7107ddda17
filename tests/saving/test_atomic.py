"""atomic.write: at any error and at any death of the process, the old file or the new one is there."""

import contextlib
import errno
import os
import stat
import subprocess
import sys
from pathlib import Path

import pytest
from failing_calls import Failing

from numba_lstm.files import atomic

OLD, NEW = b"old" * 1000, b"the new one" * 1000


@pytest.fixture
def path(tmp_path):
    (tmp_path / "folder").mkdir()
    return tmp_path / "folder" / "model.nlstm"


@pytest.fixture
def umask():
    previous = os.umask(0o027)
    yield 0o027
    os.umask(previous)


def test_a_new_file(path):
    atomic.write(str(path), NEW)
    assert path.read_bytes() == NEW
    assert list(path.parent.iterdir()) == [path]


def test_an_old_file_is_replaced(path):
    path.write_bytes(OLD)
    atomic.write(str(path), NEW)
    assert path.read_bytes() == NEW


def test_an_old_file_is_kept_where_it_must_not_be_overwritten(path):
    path.write_bytes(OLD)
    with pytest.raises(FileExistsError, match="overwrite=True"):
        atomic.write(str(path), NEW, overwrite=False)
    assert path.read_bytes() == OLD


def test_no_folder(tmp_path):
    with pytest.raises(FileNotFoundError, match="Make it first"):
        atomic.write(str(tmp_path / "none" / "model.nlstm"), NEW)
    assert not list(tmp_path.iterdir())


def test_a_folder_cannot_be_replaced(tmp_path):
    (tmp_path / "model.nlstm").mkdir()
    with pytest.raises(OSError, match="it is a folder"):
        atomic.write(str(tmp_path / "model.nlstm"), NEW)


def test_a_new_file_has_the_permissions_that_the_umask_leaves(path, umask):
    atomic.write(str(path), NEW)
    assert stat.S_IMODE(path.stat().st_mode) == 0o666 & ~umask


def test_a_replaced_file_keeps_its_permissions(path, umask):
    path.write_bytes(OLD)
    path.chmod(0o604)
    atomic.write(str(path), NEW)
    assert stat.S_IMODE(path.stat().st_mode) == 0o604


def test_a_link_stays_and_its_file_is_replaced(path, tmp_path):
    path.write_bytes(OLD)
    link = tmp_path / "link.nlstm"
    link.symlink_to(path)
    atomic.write(str(link), NEW)
    assert link.is_symlink()
    assert path.read_bytes() == NEW


def test_a_relative_name_in_the_current_folder(path, monkeypatch):
    monkeypatch.chdir(path.parent)
    atomic.write("other.nlstm", NEW)
    assert (path.parent / "other.nlstm").read_bytes() == NEW


def test_a_name_of_the_greatest_length(path):
    longest = path.with_name("x" * 249 + ".nlstm")
    atomic.write(str(longest), NEW)
    assert longest.read_bytes() == NEW


def test_short_writes_are_continued(path, monkeypatch):
    real = os.write
    monkeypatch.setattr(os, "write", lambda file, data: real(file, data[:997]))
    atomic.write(str(path), NEW)
    assert path.read_bytes() == NEW


def test_data_and_folder_reach_the_disk_in_the_right_order(path, monkeypatch):
    path.write_bytes(OLD)
    order = []
    for name in ("write", "fsync", "replace"):
        real = getattr(os, name)
        monkeypatch.setattr(os, name, lambda *args, name=name, real=real: (order.append(name), real(*args))[1])
    atomic.write(str(path), NEW)
    assert order == ["write", "fsync", "replace", "fsync"]


@pytest.mark.parametrize("code", [errno.ENOSPC, errno.EIO])
@pytest.mark.parametrize("name", ["open", "write", "fsync", "chmod", "replace", "close"])
def test_an_error_at_any_call_leaves_a_whole_file_and_no_temporary_one(path, monkeypatch, name, code):
    monkeypatch.setattr(atomic, "_CHUNK", 4000)
    failed = 0
    for at in range(1, 100):
        path.write_bytes(OLD)
        with monkeypatch.context() as patch:
            call = Failing(patch, name, at, code)
            with contextlib.suppress(OSError):
                atomic.write(str(path), NEW)
        assert path.read_bytes() in (OLD, NEW)
        assert list(path.parent.iterdir()) == [path]
        if call.calls < at:
            break
        failed += 1
    assert failed == {"open": 2, "write": 3, "fsync": 2, "chmod": 1, "replace": 1, "close": 2}[name]


@pytest.mark.parametrize("name", ["write", "fsync", "replace"])
def test_an_error_before_the_rename_leaves_the_old_file(path, monkeypatch, name):
    path.write_bytes(OLD)
    Failing(monkeypatch, name, 1, errno.ENOSPC)
    with pytest.raises(OSError, match="No space"):
        atomic.write(str(path), NEW)
    assert path.read_bytes() == OLD


def test_an_interrupt_leaves_no_temporary_file(path, monkeypatch):
    path.write_bytes(OLD)

    def interrupt(file):
        raise KeyboardInterrupt

    monkeypatch.setattr(os, "fsync", interrupt)
    with pytest.raises(KeyboardInterrupt):
        atomic.write(str(path), NEW)
    assert path.read_bytes() == OLD
    assert list(path.parent.iterdir()) == [path]


def test_a_folder_that_cannot_be_synchronised_is_no_error_where_the_system_lacks_it(path, monkeypatch):
    Failing(monkeypatch, "fsync", 2, errno.EINVAL)
    atomic.write(str(path), NEW)
    assert path.read_bytes() == NEW


@pytest.mark.skipif(not hasattr(os, "fork"), reason="needs fork")
@pytest.mark.parametrize("death", ["exit", "kill"])
def test_death_at_any_call_leaves_a_whole_file(tmp_path, death):
    script = Path(__file__).with_name("crash.py")
    done = subprocess.run([sys.executable, script, tmp_path, death], capture_output=True, text=True, timeout=600)
    assert done.returncode == 0, done.stderr
    assert int(done.stdout) > 20  # before and after each call


@pytest.mark.skipif(sys.platform == "win32", reason="needs a limit of the file's size")
def test_a_full_disk_as_the_system_reports_it(path):
    path.write_bytes(OLD)
    program = (
        "import resource, sys; from numba_lstm.files import atomic\n"
        "resource.setrlimit(resource.RLIMIT_FSIZE, (5000, 5000))\n"
        "try: atomic.write(sys.argv[1], b'x' * 9000)\n"
        "except OSError as error: print(error.errno)"
    )
    done = subprocess.run([sys.executable, "-c", program, path], capture_output=True, text=True, timeout=600)
    assert done.stdout.strip() == str(errno.EFBIG), done.stderr
    assert path.read_bytes() == OLD
    assert list(path.parent.iterdir()) == [path]
