"""atomic.write removes temporary files of killed processes, and no others."""

import errno
import os
import time

import pytest
from failing_calls import Failing

from numba_lstm.files import atomic

OLD, NEW = b"old" * 1000, b"the new one" * 1000


@pytest.fixture
def path(tmp_path):
    (tmp_path / "folder").mkdir()
    return tmp_path / "folder" / "model.nlstm"


TEMPORARY = ".nlstm-0123456789abcdef"


def make_old_file(path, seconds):
    path.write_bytes(OLD)
    then = time.time() - seconds
    os.utime(path, (then, then))
    return path


def test_what_a_killed_process_has_left_is_removed_when_it_is_an_hour_old(path):
    old, new = make_old_file(path.with_name(TEMPORARY), 3_700), make_old_file(path.with_name(TEMPORARY[:-1] + "0"), 3_500)
    atomic.write(str(path), NEW)
    assert not old.exists()
    assert new.exists()
    assert path.read_bytes() == NEW


@pytest.mark.parametrize(
    "name", [".nlstm-0123", ".nlstm-0123456789abcdeg", "nlstm-0123456789abcdef", f"{TEMPORARY}.keep", ".nlstm-"]
)
def test_files_of_other_names_stay(path, name):
    file = make_old_file(path.with_name(name), 99_999)
    atomic.write(str(path), NEW)
    assert file.read_bytes() == OLD


def test_links_and_folders_of_such_a_name_stay(path):
    target = make_old_file(path.with_name("precious"), 99_999)
    link, folder = path.with_name(TEMPORARY), path.with_name(TEMPORARY[:-1] + "0")
    link.symlink_to(target)
    folder.mkdir()
    os.utime(folder, (0, 0))
    os.utime(link, (0, 0), follow_symlinks=False)
    atomic.write(str(path), NEW)
    assert link.is_symlink()
    assert folder.is_dir()
    assert target.read_bytes() == OLD


def test_files_of_other_users_stay(path, monkeypatch):
    file = make_old_file(path.with_name(TEMPORARY), 99_999)
    monkeypatch.setattr(os, "geteuid", lambda: file.stat().st_uid + 1)
    atomic.write(str(path), NEW)
    assert file.exists()


def test_a_folder_that_cannot_be_listed_is_no_error(path, monkeypatch):
    Failing(monkeypatch, "scandir", 1, errno.EACCES)
    atomic.write(str(path), NEW)
    assert path.read_bytes() == NEW
