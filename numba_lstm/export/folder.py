"""The folder of a C library: written whole, or not at all."""

from __future__ import annotations

import os
import tempfile
from collections.abc import Mapping
from contextlib import suppress

from ..system.writable import check_file

#: What the first line of a header says, by which an earlier export is known.
MARK = "made by numba_lstm."


def _names(name: str) -> set[str]:
    """Return the files of a library of any target, and those that the line in its README makes."""
    ends = ".h", ".o", ".obj", ".a", ".bin", "_test.c", "_test", "_test.exe"
    return {"README.md", "CMakeLists.txt", *(f"{name}{end}" for end in ends)}


def check_folder(directory: str | os.PathLike[str], name: str) -> str:
    """Return the path of the folder; FileExistsError or another OSError where it cannot be made. Nothing is written."""
    path = os.path.realpath(os.fsdecode(directory))
    if not os.path.isdir(path):
        if os.path.exists(path):
            raise NotADirectoryError(f"{os.fsdecode(directory)}: it is a file, not a folder. Give another name.")
        check_file(path, makes_folders=True)
        return path
    with os.scandir(path) as found:
        entries = {entry.name: entry.is_file(follow_symlinks=False) for entry in found}
    others = sorted(entry for entry, is_file in entries.items() if not is_file or entry not in _names(name))
    if others or (entries and not _is_export(os.path.join(path, f"{name}.h"))):
        found_first = (others or sorted(entries))[0]
        raise FileExistsError(f"{os.fsdecode(directory)}: the folder holds {found_first}. Give the name of a new folder.")
    check_file(os.path.join(path, f"{name}.h"))
    return path


def _is_export(header: str) -> bool:
    """Whether a file is the header of an export; one of another program is not."""
    try:
        with open(header, encoding="ascii", errors="replace") as file:
            return MARK in file.readline()
    except OSError:
        return False


def write_folder(path: str, files: Mapping[str, bytes]) -> None:
    """Make the folder, or replace the files of an earlier one, when all files are written.

    A folder that exists stays where it is: programs may be in it, or others be mounted on it.
    """
    exists, parent = os.path.isdir(path), os.path.dirname(path)
    made = _make_folders(parent)
    try:
        with tempfile.TemporaryDirectory(prefix=".nlstm-", dir=path if exists else parent) as temporary:
            new, old = os.path.join(temporary, "new"), os.path.join(temporary, "old")
            os.mkdir(new)
            for name, content in files.items():
                with open(os.path.join(new, name), "wb") as file:
                    file.write(content)
            if exists:
                os.mkdir(old)
                _exchange(path, new, old, os.path.basename(temporary))
            else:
                os.rename(new, path)
    except BaseException:
        for folder in reversed(made):
            with suppress(OSError):  # another process may have written to it
                os.rmdir(folder)
        raise


def _make_folders(path: str) -> list[str]:
    """Make a folder and those that it is in; return those that are new, the outermost first."""
    missing: list[str] = []
    while not os.path.isdir(path):
        missing.insert(0, path)
        path = os.path.dirname(path)
    for folder in missing:
        os.mkdir(folder)
    return missing


def _exchange(path: str, new: str, old: str, temporary: str) -> None:
    """Move the files of ``path`` to ``old``, and those of ``new`` to ``path``; move all back after an error."""
    moves = [(os.path.join(path, name), os.path.join(old, name)) for name in os.listdir(path) if name != temporary]
    moves += [(os.path.join(new, name), os.path.join(path, name)) for name in os.listdir(new)]
    done: list[tuple[str, str]] = []
    try:
        for source, target in moves:
            os.rename(source, target)
            done.append((source, target))
    except BaseException:
        for source, target in reversed(done):
            os.rename(target, source)
        raise
