"""The folder of a C library: written whole, or not at all."""

from __future__ import annotations

import os
import shutil
import tempfile
from collections.abc import Mapping

from ..system.writable import check_file


def _names(name: str) -> set[str]:
    """Return the files of a library of any target."""
    return {"README.md", "CMakeLists.txt", f"{name}_test.c", *(f"{name}.{end}" for end in ("h", "o", "obj", "a", "bin"))}


def check_folder(directory: str | os.PathLike[str], name: str) -> str:
    """Return the path of the folder; FileExistsError or another OSError where it cannot be made. Nothing is written."""
    path = os.path.realpath(os.fsdecode(directory))
    if os.path.isdir(path):
        entries = set(os.listdir(path))
        others = sorted(entries - _names(name))
        if others or (entries and f"{name}.h" not in entries):
            found = (others or sorted(entries))[0]
            raise FileExistsError(f"{os.fsdecode(directory)}: the folder holds {found}. Give the name of a new folder.")
        check_file(os.path.join(path, f"{name}.h"))
    elif os.path.exists(path):
        raise NotADirectoryError(f"{os.fsdecode(directory)}: it is a file, not a folder. Give another name.")
    check_file(os.path.join(os.path.dirname(path), name + ".h.new"), makes_folders=True)
    return path


def write_folder(path: str, files: Mapping[str, bytes]) -> None:
    """Make the folder, or replace an earlier one, when all files are written."""
    os.makedirs(os.path.dirname(path), exist_ok=True)
    with tempfile.TemporaryDirectory(prefix=".nlstm-", dir=os.path.dirname(path)) as temporary:
        new, old = os.path.join(temporary, "new"), os.path.join(temporary, "old")
        os.mkdir(new)
        for name, content in files.items():
            with open(os.path.join(new, name), "wb") as file:
                file.write(content)
        if os.path.isdir(path):
            shutil.copymode(path, new)
            os.rename(path, old)
        os.rename(new, path)
